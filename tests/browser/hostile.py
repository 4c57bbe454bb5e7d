"""Names made to break out of a page, in every text field of every kind of file."""

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from data.demo.build import DemoFile
from data.ingest.fields import FIELDS, Type
from data.ingest.mapping import resolve
from data.ingest.types import Kind, Options

# What would run sets `window.hostile` or opens a dialog; what would become an element carries
# data-hostile; what would be computed gives COMPUTED.
VALUES = (
    "<script>window.hostile = 1</script>",
    '<img src=x data-hostile onerror="window.hostile = 2">',
    '"><svg data-hostile onload=alert(3)>',
    "' autofocus onfocus=alert(4) data-hostile='",
    "</script><script data-hostile>alert(5)</script>",
    "</title></style></textarea><b data-hostile>6</b>",
    "${99991*99989}{{99991*99989}}{%print(99991*99989)%}<%=99991*99989%>",
    "javascript:alert(8)",
    "\u2028alert(9)\u2029//",
    "&lt;b data-hostile&gt;&#60;i data-hostile&#62;",
    "\u202e<a data-hostile href='javascript:alert(11)'>翻\u202c",
    "`-alert(12)-`\\';alert(12)//\\\";alert(12)//",
    "<!--<b data-hostile>13",
    "]]><b data-hostile>14</b>",
    "长" * 300 + "<b data-hostile>15</b>",
)
COMPUTED = str(99_991 * 99_989)
FORMATS = {
    Kind.AREAS: ".geojson", Kind.GRIDS: ".kml", Kind.COMPOUNDS: ".gpkg", Kind.BUILDINGS: ".geojson",
    Kind.STREETS: ".gpkg", Kind.FACILITIES: ".kml", Kind.PRIVATE_PLACES: ".geojson",
    Kind.POSTS: ".xlsx", Kind.HOUSEHOLDS: ".xlsx", Kind.CAMERAS: ".xlsx",
}  # fmt: skip
_DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".kml": "KML"}
READ_AS_MORE_THAN_TEXT = {  # hostile in one row more, which is refused and reported
    (Kind.EVALUATIONS, "period"), (Kind.HOUSEHOLDS, "subject_name"),
}  # fmt: skip


def files(demo: tuple[DemoFile, ...], folder: Path) -> Iterator[DemoFile]:
    """The demo's files once more, each with hostile text in all its text fields, as WGS 84."""
    for number, one in enumerate(demo):
        rows = _read(one)
        found = resolve(one.path, one.kind, tuple(rows.columns), Options(frame=one.frame)).columns
        extra = rows.tail(1).copy()
        for at, field in enumerate(FIELDS[one.kind]):
            column = found.get(field.name, field.name)
            values = list(islice(cycle(VALUES[at % 5 :] + VALUES[: at % 5]), len(rows)))
            if field.type is Type.TEXT and (one.kind, field.name) not in READ_AS_MORE_THAN_TEXT:
                rows[column] = values
            if field.type is Type.TEXT or field.name == "key":
                extra[column] = VALUES[1]
        path = folder / f"{number}{FORMATS.get(one.kind, '.csv')}"
        _write(pd.concat([rows, extra], ignore_index=True), path)
        yield DemoFile(one.kind, path, one.frame)


def _read(one: DemoFile) -> pd.DataFrame:
    if one.path.suffix == ".parquet":
        return gpd.read_parquet(one.path)
    if one.path.suffix == ".gpkg":
        return pyogrio.read_dataframe(one.path).to_crs(4326)
    if one.path.suffix == ".xlsx":
        return pd.read_excel(one.path, header=1, dtype=object, engine="openpyxl")
    encoding = "gb18030" if one.frame == "gcj02" else "utf-8"
    return pd.read_csv(one.path, dtype=str, encoding=encoding)


def _write(rows: pd.DataFrame, path: Path) -> None:
    if path.suffix in _DRIVERS:
        shapes = gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)
        pyogrio.write_dataframe(shapes, path, driver=_DRIVERS[path.suffix])
    elif path.suffix == ".xlsx":
        with pd.ExcelWriter(
            path, engine="xlsxwriter",
            engine_kwargs={"options": {"strings_to_formulas": False, "strings_to_urls": False}},
        ) as book:  # fmt: skip
            rows.to_excel(book, index=False)
    else:
        rows.to_csv(path, index=False)
