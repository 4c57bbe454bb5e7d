"""Geometry as files have it into geometry as the store wants it, and what was done to which row."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.ingest.fields import Shape
from data.ingest.nesting import MOST, too_deep
from gis.arrays import Flags, Floats, Shapes

MAX_AREA_CHANGE = 0.01  # a repair that changes more ground than this is a guess, not a repair
_SAFE_BYTES = 16_384  # holds 1,800 levels of collections at most; GEOS was seen to read 5,000
_COLLECTIONS = re.compile("GEOMETRYCOLLECTION", re.IGNORECASE)
_QUIET = np.errstate(invalid="ignore", over="ignore")  # NaN and 1e300 are refused by row, in words

POINT, LINE, RING, POLYGON, MPOINT, MLINE, MPOLYGON, COLLECTION = range(8)
_TYPES = {
    Shape.POINT: (POINT,),
    Shape.LINE: (LINE, MLINE),
    Shape.POLYGON: (POLYGON, MPOLYGON),
    Shape.POINT_OR_POLYGON: (POINT, POLYGON, MPOLYGON),
}


@dataclass
class Shaped:
    """Geometries with the rows that were noted, by the code of the remark."""

    geom: Shapes
    marks: dict[str, Flags] = field(default_factory=dict)

    def mark(self, code: str, where: Flags) -> None:
        """Remember that ``code`` is true of the rows of ``where``."""
        if where.any():
            self.marks[code] = self.marks.get(code, np.zeros(len(self.geom), bool)) | where

    def refuse(self, code: str, where: Flags) -> None:
        """``mark``, and take the geometry away."""
        self.mark(code, where)
        if where.any():
            self.geom[where] = None


@_QUIET
def from_wkb(wkb: NDArray[np.object_]) -> Shaped:
    """Read WKB; open rings are closed (``ring_closed``), the rest is ``geometry_unreadable``."""
    deep = np.array([w is not None and len(w) > _SAFE_BYTES and too_deep(w) for w in wkb], bool)
    if deep.any():
        shaped = from_wkb(_without(wkb, deep))
        shaped.refuse("geometry_unreadable", deep)
        return shaped
    try:
        return Shaped(shapely.from_wkb(wkb))
    except shapely.errors.GEOSException:
        shaped = Shaped(shapely.from_wkb(wkb, on_invalid="ignore"))
    failed = shapely.is_missing(shaped.geom) & np.array([w is not None for w in wkb])
    shaped.geom[failed] = shapely.from_wkb(wkb[failed], on_invalid="fix")
    still = failed & shapely.is_missing(shaped.geom)
    shaped.mark("ring_closed", failed & ~still)
    shaped.refuse("geometry_unreadable", still)
    return shaped


@_QUIET
def from_wkt(texts: NDArray[np.object_]) -> Shaped:
    """Read WKT; a text that is none is ``geometry_unreadable``."""
    given = np.array([isinstance(text, str) and bool(text) for text in texts], bool)
    deep = np.array([given[at] and _nested(text) for at, text in enumerate(texts)], bool)
    if deep.any():
        shaped = from_wkt(_without(texts, deep))
        shaped.refuse("geometry_unreadable", deep)
        return shaped
    geom = np.full(len(texts), None, dtype=object)
    clean = [
        text.split(";", 1)[-1] if text.upper().startswith("SRID=") else text
        for text in texts[given]
    ]
    geom[given] = shapely.from_wkt(clean, on_invalid="ignore")
    shaped = Shaped(geom)
    failed = given & shapely.is_missing(geom)
    if failed.any():
        texts_failed = texts[failed]
        shaped.geom[failed] = shapely.from_wkt(texts_failed, on_invalid="fix")
        still = failed & shapely.is_missing(shaped.geom)
        shaped.mark("ring_closed", failed & ~still)
        shaped.refuse("geometry_unreadable", still)
    return shaped


def _without(cells: NDArray[np.object_], where: Flags) -> NDArray[np.object_]:
    kept = cells.copy()
    kept[where] = None
    return kept


def _nested(text: str) -> bool:
    """Whether WKT names more collections than are read: GEOS would run out of stack."""
    return len(text) > _SAFE_BYTES and len(_COLLECTIONS.findall(text)) > MOST


@_QUIET
def shape_up(shaped: Shaped, shape: Shape) -> Shaped:
    """Make the geometries fit ``shape``: two dimensions, right type, valid, in parts.

    Marks: ``geometry_empty``, ``z_dropped``, ``m_dropped``, ``coordinate_invalid``,
    ``geometry_type``, ``line_closed``, ``duplicate_points``, ``repaired``, ``geometry_collapsed``,
    ``geometry_area_changed``. Single parts of polygons and lines become Multi-parts, except where
    points and polygons may stand beside each other.
    """
    geom = shaped.geom
    there = ~shapely.is_missing(geom)
    shaped.refuse("geometry_empty", there & shapely.is_empty(geom))
    _flatten(shaped)
    shaped.refuse("coordinate_invalid", _unbounded(geom))
    _fit_type(shaped, shape)
    if shape is Shape.POINT:
        return shaped
    _tidy(shaped)
    _promote(shaped, shape)
    return shaped


def _unbounded(geom: Shapes) -> Flags:
    """Which geometries have a corner whose coordinates are no finite numbers."""
    places, owners = shapely.get_coordinates(geom, return_index=True)
    found = np.zeros(len(geom), bool)
    found[owners[~np.isfinite(places).all(axis=1)]] = True
    return found


def _flatten(shaped: Shaped) -> None:
    high = shapely.has_z(shaped.geom)
    measured = shapely.has_m(shaped.geom)
    shaped.mark("z_dropped", high)
    shaped.mark("m_dropped", measured & ~high)
    flat = high | measured
    if flat.any():
        shaped.geom[flat] = shapely.force_2d(shaped.geom[flat])


def _fit_type(shaped: Shaped, shape: Shape) -> None:
    geom = shaped.geom
    kinds = shapely.get_type_id(geom)
    allowed = _TYPES[shape]
    wrong = (kinds >= 0) & ~np.isin(kinds, allowed)
    if not wrong.any():
        return
    single = wrong & (shapely.get_num_geometries(geom) == 1) & (kinds >= MPOINT)
    geom[single] = shapely.get_geometry(geom[single], 0)
    if POLYGON in allowed:
        _close_lines(shaped, wrong)
        _gather_polygons(geom, wrong)
    kinds = shapely.get_type_id(geom)
    shaped.refuse("geometry_type", (kinds >= 0) & ~np.isin(kinds, allowed))


def _close_lines(shaped: Shaped, wrong: Flags) -> None:
    """A closed line drawn in CAD is an outline."""
    geom = shaped.geom
    lines = wrong & (shapely.get_type_id(geom) == LINE)
    closed = lines & shapely.is_closed(geom) & (shapely.get_num_points(geom) >= 4)
    if closed.any():
        corners, owners = shapely.get_coordinates(geom[closed], return_index=True)
        geom[closed] = shapely.polygons(shapely.linearrings(corners, indices=owners))
        shaped.mark("line_closed", closed)


def _gather_polygons(geom: Shapes, wrong: Flags) -> None:
    """A collection of nothing but polygons is a MultiPolygon."""
    for at in np.flatnonzero(wrong & (shapely.get_type_id(geom) == COLLECTION)):
        parts = shapely.get_parts(shapely.get_parts(geom[at]))
        if len(parts) and (shapely.get_type_id(parts) == POLYGON).all():
            geom[at] = shapely.multipolygons(parts)


def _tidy(shaped: Shaped) -> None:
    """Repeated points out, invalid polygons repaired where little ground changes."""
    geom = shaped.geom
    kinds = shapely.get_type_id(geom)
    before = shapely.area(geom)
    polygons = np.isin(kinds, (POLYGON, MPOLYGON))
    lines = np.isin(kinds, (LINE, MLINE))
    nothing = np.where(polygons, before == 0, lines & (shapely.length(geom) == 0))
    shaped.refuse("geometry_collapsed", nothing)
    _without_repeats(shaped, (polygons | lines) & ~nothing)
    polygons &= ~shapely.is_missing(geom)
    _repair(shaped, polygons & ~shapely.is_valid(geom), before)
    polygons &= ~shapely.is_missing(geom)
    if polygons.any():
        geom[polygons] = shapely.orient_polygons(geom[polygons], exterior_cw=False)


def _without_repeats(shaped: Shaped, drawn: Flags) -> None:
    """Drop consecutive equal points; a ring that has none but those is ``geometry_unreadable``."""
    geom = shaped.geom
    places = np.flatnonzero(drawn)
    try:
        fewer = shapely.remove_repeated_points(geom[places], 0.0)
    except shapely.errors.GEOSException:
        fewer = np.array([_one_without_repeats(one) for one in geom[places]], dtype=object)
    broken = np.zeros(len(geom), bool)
    broken[places] = shapely.is_missing(fewer) | shapely.is_empty(fewer)
    shaped.refuse("geometry_unreadable", broken)
    less = shapely.get_num_coordinates(fewer) < shapely.get_num_coordinates(geom[places])
    repeated = np.zeros(len(geom), bool)
    repeated[places[less]] = True
    repeated &= ~broken
    geom[places[less]] = fewer[less]
    geom[broken] = None
    shaped.mark("duplicate_points", repeated)


def _one_without_repeats(geom: Any) -> Any:
    try:
        return shapely.remove_repeated_points(geom, 0.0)
    except shapely.errors.GEOSException:
        return None


def _repair(shaped: Shaped, invalid: Flags, before: Floats) -> None:
    geom = shaped.geom
    for at in np.flatnonzero(invalid):
        candidate: Any
        candidate, area = _without_twins(geom[at], before[at])
        if not shapely.is_valid(candidate):
            candidate = shapely.make_valid(candidate, method="structure", keep_collapsed=False)
        one = np.zeros(len(geom), bool)
        one[at] = True
        if shapely.is_empty(candidate) or candidate.area == 0:
            shaped.refuse("geometry_collapsed", one)
        elif abs(candidate.area - area) > MAX_AREA_CHANGE * area:
            shaped.refuse("geometry_area_changed", one)
        else:
            geom[at] = candidate
            shaped.mark("repaired", one)


def _without_twins(geom: Any, area: float) -> tuple[Any, float]:
    """A MultiPolygon without parts that are drawn twice; the ground it covers stays the same."""
    if shapely.get_type_id(geom) != MPOLYGON:
        return geom, area
    parts = shapely.get_parts(geom)
    _, first = np.unique(shapely.to_wkb(shapely.normalize(parts)), return_index=True)
    if len(first) == len(parts):
        return geom, area
    kept: Any = shapely.multipolygons(parts[np.sort(first)])
    return kept, float(kept.area)


def _promote(shaped: Shaped, shape: Shape) -> None:
    if shape is Shape.POINT_OR_POLYGON:
        return
    geom = shaped.geom
    kinds = shapely.get_type_id(geom)
    for single, gather in ((POLYGON, shapely.multipolygons), (LINE, shapely.multilinestrings)):
        where = np.flatnonzero(kinds == single)
        if len(where):
            geom[where] = gather(geom[where], indices=np.arange(len(where)))
