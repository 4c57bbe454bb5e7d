"""Writers whose bytes depend on nothing but the rows: no clock, no host, fixed options."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import xlsxwriter
from pyarrow import csv

from data.demo import frames

_STAMP = "2026-10-01T00:00:00.000Z"  # the demo's own day stands in for the clock
LATIN_DIGITS = 7  # of the degrees in text files: about a centimetre


@contextmanager
def _fixed_date() -> Iterator[None]:
    """Let GDAL write the demo's date into a GeoPackage instead of today's."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _STAMP})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def gpkg(rows: pd.DataFrame, path: Path, *, metric: bool = False) -> None:
    """A GeoPackage of one layer from ``geometry`` in metres; in degrees unless ``metric``."""
    shapes = rows["geometry"].to_numpy()
    placed = gpd.GeoDataFrame(
        rows.drop(columns="geometry"),
        geometry=shapes if metric else frames.shapes_to_degrees(shapes),
        crs=frames.METRIC_SRID if metric else 4326,
    )
    path.unlink(missing_ok=True)
    with _fixed_date():
        pyogrio.write_dataframe(
            placed, path, driver="GPKG", layer=path.stem, dataset_options={"VERSION": "1.2"}
        )


def parquet(rows: pd.DataFrame, path: Path) -> None:
    """GeoParquet in degrees from ``geometry``, or from ``x`` and ``y``, in metres."""
    if "geometry" in rows:
        shapes = frames.shapes_to_degrees(rows["geometry"].to_numpy())
        kept = rows.drop(columns="geometry")
    else:
        shapes = gpd.points_from_xy(*frames.to_degrees(rows["x"].to_numpy(), rows["y"].to_numpy()))
        kept = rows.drop(columns=["x", "y"])
    gpd.GeoDataFrame(kept, geometry=shapes, crs=4326).to_parquet(path, index=False)


def table(rows: pd.DataFrame, path: Path) -> None:
    """CSV in UTF-8; ``x``, ``y`` in metres become ``lon``, ``lat``, missing values empty cells."""
    if "x" in rows:
        lon, lat = frames.to_degrees(rows["x"].to_numpy(), rows["y"].to_numpy())
        rows = rows.drop(columns=["x", "y"]).assign(
            lon=lon.round(LATIN_DIGITS), lat=lat.round(LATIN_DIGITS)
        )
    options = csv.WriteOptions(quoting_style="needed")
    csv.write_csv(pa.Table.from_pandas(rows, preserve_index=False), path, options)


def gcj02_table(rows: pd.DataFrame, path: Path, headers: dict[str, str]) -> None:
    """CSV as a map service's user would send it: Chinese headers, GB18030, GCJ-02 degrees."""
    lon, lat = frames.to_gcj02(*frames.to_degrees(rows["x"].to_numpy(), rows["y"].to_numpy()))
    named = rows.drop(columns=["x", "y"]).rename(columns=headers)
    named = named.assign(经度=lon.round(LATIN_DIGITS), 纬度=lat.round(LATIN_DIGITS))
    named.to_csv(path, index=False, encoding="gb18030", lineterminator="\r\n")


def spreadsheet(rows: pd.DataFrame, path: Path, title: str) -> None:
    """XLSX with a title row above the header, as offices send it; numbers stay numbers."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": datetime(2026, 10, 1, tzinfo=UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("台账")
        sheet.write_string(0, 0, title)
        sheet.write_row(1, 0, list(rows.columns))
        columns = [rows[name].astype(object).where(rows[name].notna(), None) for name in rows]
        for number, row in enumerate(zip(*columns, strict=True), start=2):
            sheet.write_row(number, 0, row)
