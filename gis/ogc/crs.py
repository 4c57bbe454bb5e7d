"""The reference systems of the interface, each with the axis order that EPSG gives it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from gis.district import District
from gis.errors import BadQuery

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
STORED = 4326
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}".format
_WORLD = (STORED, 4490, 3857)  # 4490: CGCS2000, what Chinese surveys deliver


@dataclass(frozen=True)
class Crs:
    """One system: its address, EPSG code, whether north (latitude) comes first, metres or not."""

    uri: str
    srid: int
    north_first: bool
    metric: bool


def offered(district: District) -> tuple[Crs, ...]:
    """CRS84 first (the default), then 4326, 4490, 3857 and the district's metric system."""
    codes = dict.fromkeys((*_WORLD, district.srid))
    return (Crs(CRS84, STORED, north_first=False, metric=False), *map(_epsg, codes))


@cache
def _epsg(srid: int) -> Crs:
    known = CRS.from_epsg(srid)
    first = known.axis_info[0].direction.lower()
    return Crs(_EPSG(srid), srid, north_first=first == "north", metric=known.is_projected)


def named(uri: str, district: District, *, where: str = "crs") -> Crs:
    """The system that the parameter ``where`` calls ``uri``; raises BadQuery for no such system."""
    found = next((one for one in offered(district) if one.uri == uri), None)
    if found is None:
        listed = ", ".join(one.uri for one in offered(district))
        raise BadQuery.at(
            where, f"不提供坐标系 {uri!r}；可选 {listed}",
            f"the reference system {uri!r} is not offered; there are {listed}",
        )  # fmt: skip
    return found


def stored(shape: BaseGeometry, crs: Crs) -> BaseGeometry:
    """``shape``, written in ``crs``, in degrees, longitude first.

    Raises BadQuery where it is no valid geometry or leaves the world.
    """
    if crs.north_first:
        shape = shapely.transform(shape, lambda xy: xy[:, ::-1])
    if crs.srid != STORED:
        to = _transformer(crs.srid)
        shape = shapely.transform(shape, lambda xy: np.column_stack(to.transform(*xy.T)))
    west, south, east, north = shapely.bounds(shape)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadQuery.at(
            "geometry", "图形为空或超出坐标系范围，请检查坐标及其坐标系",
            "empty, or outside the world: check the coordinates and the system they are given in",
        )  # fmt: skip
    if not shapely.is_valid(shape):
        why = shapely.is_valid_reason(shape)
        raise BadQuery.at("geometry", f"图形无效，请修正：{why}", f"not valid, mend it: {why}")
    return shape


@cache
def _transformer(srid: int) -> Transformer:
    return Transformer.from_crs(srid, STORED, always_xy=True)


def box(numbers: Sequence[float], crs: Crs) -> BaseGeometry:
    """The box of 4 numbers, or of 6 with heights, in degrees; one over the antimeridian is two.

    Raises BadQuery where it has another count, an upper edge below the lower one, or leaves the
    world.
    """
    if len(numbers) not in (4, 6) or not all(np.isfinite(numbers)):
        raise BadQuery.at(
            "bbox", "应为 4 个数，带高程时为 6 个", "should have 4 numbers, or 6 with heights"
        )
    flat = [numbers[i] for i in ((0, 1, 2, 3) if len(numbers) == 4 else (0, 1, 3, 4))]
    first_low, second_low, first_high, second_high = flat
    west, east = (second_low, second_high) if crs.north_first else (first_low, first_high)
    south, north = (first_low, first_high) if crs.north_first else (second_low, second_high)
    if south > north or (crs.metric and west > east):
        raise BadQuery.at("bbox", "应先写较小的角点", "the lower corner should come first")
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    parts = [_rectangle(low, south, high, north) for low, high in spans]
    return _all_stored(parts, crs)


def _all_stored(parts: Sequence[BaseGeometry], crs: Crs) -> BaseGeometry:
    """Boxes written east first, in degrees; edges of metric ones are made of short pieces."""
    if crs.metric:
        parts = [shapely.segmentize(part, max(part.length / 64, 1.0)) for part in parts]
    east_first = Crs(crs.uri, crs.srid, north_first=False, metric=crs.metric)
    done = [stored(part, east_first) for part in parts]
    return shapely.union_all(done)


def _rectangle(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box; one without an extent is its point or line, which a polygon could not be."""
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    corner, other = (west, south), (east, north)
    return shapely.Point(corner) if corner == other else shapely.LineString([corner, other])
