"""Where the rows of a batch are: geometry of the file, coordinate columns or WKT, as shapely."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from data.ingest import geometry
from data.ingest.fields import field as field_of
from data.ingest.formats.layer import Batch
from data.ingest.geometry import Shaped
from data.ingest.mapping import ColumnMap
from data.ingest.types import Kind
from data.ingest.values import numerals, whole
from data.ingest.values.cells import as_text, narrow
from gis.arrays import Flags, Floats, Shapes


@dataclass(frozen=True)
class Placing:
    """From which columns positions come; all None where the file's own geometry is taken."""

    lon: str | None = None
    lat: str | None = None
    wkt: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be read."""
        return tuple(c for c in (self.lon, self.lat, self.wkt) if c is not None)


def placing(columns: ColumnMap, asked: set[str], *, own_geometry: bool) -> Placing | None:
    """How rows get their place: asked-for columns, else the file's geometry, else columns."""
    lon, lat, wkt = (columns.columns.get(name) for name in ("lon", "lat", "geometry"))
    if lon and lat and (not own_geometry or {"lon", "lat"} <= asked):
        return Placing(lon=lon, lat=lat)
    if wkt and (not own_geometry or "geometry" in asked):
        return Placing(wkt=wkt)
    return Placing() if own_geometry else None


def raw_positions(batch: Batch, how: Placing, kind: Kind) -> tuple[Shaped, dict[str, Flags]]:
    """Geometries in the file's own frame, and of lon and lat the rows that are no numbers."""
    if how.lon is not None and how.lat is not None:
        return _points(batch, how.lon, how.lat, kind)
    if how.wkt is not None:
        texts = as_text(whole(batch.table[how.wkt])).to_numpy(zero_copy_only=False)
        return geometry.from_wkt(texts), {}
    if batch.wkb is None:
        return Shaped(np.full(len(batch.rows), None, dtype=object)), {}
    return geometry.from_wkb(_objects(batch.wkb)), {}


def _objects(wkb: pa.Array) -> NDArray[np.object_]:
    found: NDArray[np.object_] = wkb.to_numpy(zero_copy_only=False)
    return found


def _points(batch: Batch, lon: str, lat: str, kind: Kind) -> tuple[Shaped, dict[str, Flags]]:
    sides, bad = [], {}
    for name, column in (("lon", lon), ("lat", lat)):
        known = field_of(kind, name)
        assert known is not None
        read = numerals.degrees(whole(batch.table[column]), known)
        bad[name] = np.logical_or.reduce([np.zeros(len(batch.rows), bool), *read.flaws.values()])
        sides.append(read.values.to_numpy(zero_copy_only=False).astype(float))
    x, y = sides
    there = np.isfinite(x) & np.isfinite(y)
    if there.all():
        return Shaped(shapely.points(x, y)), bad
    geom: Shapes = np.full(len(x), None, dtype=object)
    geom[there] = shapely.points(x[there], y[there])
    return Shaped(geom), bad


def boxes(geom: Shapes) -> tuple[Floats, Floats, Floats, Floats]:
    """Bounds of each geometry; NaN where there is none."""
    points = (shapely.get_type_id(geom) == geometry.POINT) & ~shapely.is_empty(geom)
    if points.all():
        x, y = shapely.get_x(geom), shapely.get_y(geom)
        return x, y, x, y
    found = shapely.bounds(geom)
    return found[:, 0], found[:, 1], found[:, 2], found[:, 3]


def entrances(texts: list[str | None]) -> tuple[Shapes, Flags]:
    """MultiPoints of ``lon lat;lon lat`` or WKT, in the file's frame, and which are unreadable."""
    found: Shapes = np.full(len(texts), None, dtype=object)
    bad = np.zeros(len(texts), bool)
    for at, text in enumerate(texts):
        if text is None:
            continue
        found[at] = _entrance(text)
        bad[at] = found[at] is None
    return found, bad


def _entrance(text: str) -> Any:
    if text.lstrip()[:1].isalpha():
        geom = geometry.from_wkt(np.array([text], dtype=object)).geom[0]
        if geom is None or geom.geom_type not in ("Point", "MultiPoint"):
            return None
        points = shapely.get_coordinates(geom)
        return shapely.MultiPoint(points) if len(points) and np.isfinite(points).all() else None
    try:
        pairs = [
            [float(part) for part in pair.replace(",", " ").split()]
            for pair in narrow(text).split(";")
            if pair.strip()
        ]
    except ValueError:
        return None
    if not pairs or any(len(pair) != 2 for pair in pairs):
        return None
    points = np.array(pairs, float)
    return shapely.MultiPoint(points) if np.isfinite(points).all() else None
