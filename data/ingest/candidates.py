"""Places for a plan of video points: where one could hang (poles), and counts of passers-by."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from data.ingest.formats.sniff import Format, sniff
from data.ingest.formats.vector import stated_frame
from data.ingest.read import open_source
from data.ingest.types import Kind, Options, Severity
from gis.district import District
from gis.errors import BadInput
from gis.video.siting.ask import Candidate, Footfall

MOST = 5_000
_TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xls"}
# What GDAL may open here: formats that hold their own data and point to no other file or address.
_POINTS = {
    Format.GEOJSON, Format.GEOPACKAGE, Format.FLATGEOBUF, Format.KML, Format.SHAPEFILE,
}  # fmt: skip
_BROKEN = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError,
    shapely.errors.ShapelyError, RuntimeError, OSError,
)  # fmt: skip


def candidates(
    path: Path, district: District, *, frame: str | None = None
) -> tuple[Candidate, ...]:
    """Poles and other places where a point could hang, from a file of points or a table.

    ``name`` and ``direction_deg`` are read where the file has them. A table is read as a register
    of cameras is: its headings, encodings and frames count, and ``frame`` must be said; of a file
    of points it goes before what the file says of itself.

    Raises BadInput for a file that cannot be read, says no frame of reference, holds a row without
    a usable place, no place at all, or more than `MOST`.
    """
    if frame is not None or path.suffix.lower() in _TABLES:
        found = _as_cameras(path, district, frame)
    else:
        found = _points(path)
    names = found["name"].fillna("") if "name" in found else pd.Series("", found.index)
    return tuple(
        Candidate(point.x, point.y, str(name), None if pd.isna(look) else float(look) % 360)
        for point, name, look in zip(
            found.geometry, names, _numbers(found, "direction_deg"), strict=True
        )
    )


def footfall(path: Path) -> tuple[Footfall, ...]:
    """Places with the passers-by of a day (``per_day``); raises BadInput as `candidates` does."""
    found = _points(path)
    counts = _numbers(found, "per_day")
    if counts.isna().any() or (counts < 0).any():
        raise BadInput(
            f"{path.name}：每个点都要有 per_day（日均人流）"
            f" / {path.name}: every point needs per_day, passers-by of a day"
        )
    return tuple(
        Footfall(point.x, point.y, float(count))
        for point, count in zip(found.geometry, counts, strict=True)
    )


def _as_cameras(path: Path, district: District, frame: str | None) -> gpd.GeoDataFrame:
    """Name, direction and place of every row; the first row that cannot be used is named."""
    parts = []
    for chunk in open_source(path, Kind.CAMERAS, Options(frame=frame), district).chunks:
        wrong = next((one for one in chunk.notes if one.severity is Severity.REFUSED), None)
        if wrong is not None:
            raise BadInput(
                f"{path.name} 第 {wrong.row} 行：{wrong.reason_zh}"
                f" / {path.name}, row {wrong.row}: {wrong.reason_en}"
            )
        parts.append(chunk.rows[["name", "direction_deg", "geom"]])
        if sum(len(part) for part in parts) > MOST:
            break
    rows = pd.concat(parts, ignore_index=True)
    missing = rows["geom"].isna()
    if missing.any():
        row = int(missing.to_numpy().argmax()) + 1
        raise BadInput(
            f"{path.name} 第 {row} 行没有位置 / {path.name}, row {row}: there is no place"
        )
    return _counted(path, gpd.GeoDataFrame(rows, geometry="geom", crs=4326))


def _points(path: Path) -> gpd.GeoDataFrame:
    """The file's places in degrees; areas count by a point inside them."""
    form = sniff(path)
    if form not in _POINTS:
        kinds = ", ".join(sorted(_POINTS))
        raise BadInput(
            f"{path.name}：点位文件可用 {kinds}，{form} 请注明坐标系 --frame"
            f" / {path.name}: files of points are {kinds}; a {form} needs its --frame"
        )
    if form is Format.GEOJSON:
        stated_frame(path)  # refuses one that lies elsewhere: it would be fetched
    try:
        found = gpd.read_file(path, max_features=MOST + 1)
    except _BROKEN as exc:
        raise BadInput(
            f"{path.name}：读不出点位，文件已损坏"
            f" / {path.name}: its places cannot be read, the file is broken"
        ) from exc
    if not isinstance(found, gpd.GeoDataFrame) or found.crs is None:
        raise BadInput(
            f"{path.name}：没有点，或未说明坐标系"
            f" / {path.name}: holds no points, or says no frame of reference"
        )
    found = found[found.geometry.notna() & ~found.geometry.is_empty].to_crs(4326)
    return _counted(path, found)


def _counted(path: Path, found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if not 0 < len(found) <= MOST:
        zh, en = ("更多", "more") if len(found) else ("没有", "none")
        raise BadInput(
            f"{path.name}：可用 1 至 {MOST} 个位置，文件里{zh}"
            f" / {path.name}: 1 to {MOST} places are taken, it has {en}"
        )
    return found.set_geometry(found.geometry.representative_point()).reset_index(drop=True)


def _numbers(found: gpd.GeoDataFrame, name: str) -> "pd.Series[float]":
    values = found[name] if name in found else pd.Series(float("nan"), found.index)
    return pd.to_numeric(values, errors="coerce")
