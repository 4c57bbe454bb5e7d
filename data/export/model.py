"""What an export is asked for: a format and the words that go with the file."""

from dataclasses import dataclass
from datetime import date, datetime
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
    GDB = "gdb"
    PGSQL = "pgsql"


@dataclass(frozen=True)
class Watermark:
    """Who took a file out of the store, when, what for, and whether it is internal."""

    user: str
    at: datetime
    purpose: str | None
    internal: bool

    @property
    def marking(self) -> str:
        """The secrecy mark in both languages."""
        return "内部 / internal" if self.internal else "公开 / public"

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and value."""
        return (
            ("密级 / Marking", self.marking),
            ("导出人 / Exported by", self.user),
            ("导出时间 / Exported at", self.at.isoformat()),
            ("用途 / Purpose", self.purpose or "—"),
        )


@dataclass(frozen=True)
class Caption:
    """What every file says about itself: district, layer, day, rule version, demo, watermark."""

    district: str
    layer: Layer
    as_of: date
    period: str | None
    policy_version: str
    demo: bool
    watermark: Watermark

    @property
    def internal(self) -> bool:
        """Whether the file is for the duty rooms alone."""
        return self.watermark.internal

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
        if self.demo:
            rows.append(("数据性质 / Nature", DEMO))
        return (*rows, *self.watermark.lines())

    @property
    def text(self) -> str:
        """The same as one text."""
        return "; ".join(f"{label}: {value}" for label, value in self.lines())


Part = tuple[gpd.GeoDataFrame, Caption]
"""One layer on its way into a file: its features (EPSG:4326) and what the file says of them."""
