"""What an export is asked for: a format and the words that go with the file."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import geopandas as gpd

from gis.layers.model import Layer

DEMO = "演示数据 / demo data"


class Format(StrEnum):
    """The file formats of ``wangge export``."""

    GPKG = "gpkg"
    GEOJSON = "geojson"
    SHP = "shp"
    FGB = "fgb"
    PARQUET = "parquet"
    KML = "kml"
    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True)
class Caption:
    """What every file says about itself: district, layer, day, rule version, demo or not."""

    district: str
    layer: Layer
    as_of: date
    period: str | None
    policy_version: str
    demo: bool
    internal: bool

    @property
    def title(self) -> str:
        """Title in both languages."""
        return f"{self.district} {self.layer.zh} / {self.layer.en}"

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and value, one pair per line of a sheet or a description."""
        rows = [
            ("图层 / Layer", f"{self.layer.zh} / {self.layer.en}"),
            ("地区 / District", self.district),
            ("数据日期 / As of", self.as_of.isoformat()),
            ("期间 / Period", self.period or "—"),
            ("规则版本 / Policy version", self.policy_version),
        ]
        if self.internal:
            rows.append(("密级 / Marking", "内部 / internal"))
        if self.demo:
            rows.append(("数据性质 / Nature", DEMO))
        return tuple(rows)

    @property
    def text(self) -> str:
        """The same as one text."""
        return "; ".join(f"{label}: {value}" for label, value in self.lines())


Part = tuple[gpd.GeoDataFrame, Caption]
"""One layer on its way into a file: its features (EPSG:4326) and what the file says of them."""
