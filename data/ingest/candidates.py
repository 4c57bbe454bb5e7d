"""Places for a plan of video points: where one could hang (poles), and counts of passers-by.

Both are read as a register of cameras is: its formats, headings, encodings and frames count, and
what an import would refuse is refused here.
"""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from data.ingest.fields import fold
from data.ingest.formats import open_layer
from data.ingest.read import open_source
from data.ingest.types import Kind, Options, Severity
from gis.district import District
from gis.errors import BadInput
from gis.video.siting.ask import Candidate, Footfall

MOST = 5_000
_PER_DAY = {fold(name) for name in ("per_day", "日均人流", "日均人流量")}


def candidates(
    path: Path, district: District, *, frame: str | None = None
) -> tuple[Candidate, ...]:
    """Poles and other places where a point could hang, from a file of points or a table.

    ``name`` and ``direction_deg`` are read where the file has them. ``frame`` goes as at an import:
    before what the file says of itself, and needed where that is nothing, or bare WGS84 in China.

    Raises BadInput for a file that cannot be read, says no frame of reference, holds a row without
    a usable place, one far from the district, no place at all, or more than `MOST`.
    """
    found = _places(path, district, frame)
    return tuple(
        Candidate(
            row["geom"].x, row["geom"].y, "" if pd.isna(row["name"]) else str(row["name"]),
            None if pd.isna(row["direction_deg"]) else float(row["direction_deg"]),
        )
        for row in found.to_dict("records")
    )  # fmt: skip


def footfall(path: Path, district: District, *, frame: str | None = None) -> tuple[Footfall, ...]:
    """Places with the passers-by of a day (``per_day``); raises BadInput as `candidates` does, and
    for a place without a count.
    """
    found = _places(path, district, frame)
    counts = pd.to_numeric(found["row"].map(_per_day(path)), errors="coerce")
    if counts.isna().any() or (counts < 0).any():
        raise BadInput(
            f"{path.name}：每个点都要有 per_day（日均人流）"
            f" / {path.name}: every point needs per_day, passers-by of a day"
        )
    return tuple(
        Footfall(point.x, point.y, float(count))
        for point, count in zip(found["geom"], counts, strict=True)
    )


def _places(path: Path, district: District, frame: str | None) -> gpd.GeoDataFrame:
    """Row, name, direction and place (EPSG:4326); the first row that cannot be used is named."""
    parts, rows = [], 0
    for chunk in open_source(path, Kind.CAMERAS, Options(frame=frame), district).chunks:
        wrong = next((one for one in chunk.notes if one.severity is Severity.REFUSED), None)
        if wrong is not None:
            raise BadInput(
                f"{path.name} 第 {wrong.row} 行：{wrong.reason_zh}"
                f" / {path.name}, row {wrong.row}: {wrong.reason_en}"
            )
        parts.append(chunk.rows[["row", "name", "direction_deg", "geom"]])
        rows += len(chunk.rows)
        if rows > MOST:
            raise BadInput(
                f"{path.name}：可用 1 至 {MOST} 个位置，文件里更多"
                f" / {path.name}: 1 to {MOST} places are taken, it has more"
            )
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geom", crs=4326)


def _per_day(path: Path) -> dict[int, Any]:
    """The counts as the file has them, by the number of their row."""
    layer = open_layer(path, Kind.CAMERAS, Options())
    named = [column for column in layer.columns if fold(column) in _PER_DAY][:1]
    return {
        int(row): value
        for batch in layer.batches(named)
        for name in named
        for row, value in zip(batch.rows, batch.table[name].to_pylist(), strict=True)
    }
