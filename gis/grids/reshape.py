"""Grids redrawn on paper: split along a line, merged, carved out of others; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gis.errors import BadInput

# 1e-5 degrees are about a metre: a line drawn to a boundary with a snapping pen ends a rounding
# short of it, and has to reach beyond.
REACH_DEG = 1e-5
_TOUCH_DEG = 1e-8  # about a millimetre: outlines nearer than this are one line


@dataclass(frozen=True)
class Drawn:
    """One grid as drawn, in degrees (EPSG:4326); ``code`` is None for one that is to get a code."""

    code: str | None
    geom: BaseGeometry
    name: str | None = None
    households: int | None = None


def split(drawn: Sequence[Drawn], chosen: int, line: BaseGeometry) -> list[Drawn]:
    """The grid at index ``chosen`` cut along ``line``; the largest part keeps code and name.

    Nobody has counted the parts, so none keeps the households. Parts of the grid that the line
    does not cross stay with the largest. Raises BadInput where the line does not cross the grid.
    """
    old = drawn[chosen]
    pieces: list[BaseGeometry] = []
    whole: list[BaseGeometry] = []
    for part in shapely.get_parts(old.geom):
        found = _cut(part, line)
        (pieces if len(found) > 1 else whole).extend(found)
    if not pieces:
        raise BadInput(
            "线没有把网格切开：请从边界外画到边界外 / the line does not cut the grid: draw it from"
            " outside to outside"
        )
    largest, *others = sorted(pieces, key=lambda one: -one.area)
    kept = replace(old, geom=shapely.union_all([largest, *whole]), households=None)
    made = [Drawn(None, one) for one in others]
    return [*drawn[:chosen], kept, *made, *drawn[chosen + 1 :]]


def _cut(part: BaseGeometry, line: BaseGeometry) -> list[BaseGeometry]:
    rings = shapely.union_all([shapely.boundary(part), _longer(line)])
    faces = shapely.get_parts(shapely.polygonize([rings]))
    return [one for one in faces if part.contains(shapely.point_on_surface(one))]


def _longer(line: BaseGeometry) -> BaseGeometry:
    """The line with both ends drawn out by `REACH_DEG`."""
    points = shapely.get_coordinates(line)
    if len(points) < 2:
        raise BadInput("请画一条线 / draw a line")
    first, last = (_beyond(points[1], points[0]), _beyond(points[-2], points[-1]))
    longer: BaseGeometry = shapely.LineString([first, *points, last])
    return longer


def _beyond(start: Any, end: Any) -> Any:
    way = end - start
    length = float((way**2).sum()) ** 0.5
    return end + way / length * REACH_DEG if length > 0 else end


def merged(drawn: Sequence[Drawn], chosen: Sequence[int]) -> list[Drawn]:
    """The grids at ``chosen`` as one, with the code and name of the first of them that has one.

    Households are summed where all are known. Raises BadInput where they are not one piece.
    """
    parts = [drawn[index] for index in chosen]
    if len(set(chosen)) < 2:
        raise BadInput("请选择两个以上网格 / choose two grids or more")
    whole = shapely.union_all([one.geom for one in parts])
    most = max(shapely.get_num_geometries(one.geom) for one in parts)
    if shapely.get_num_geometries(whole) > most:
        whole = shapely.union_all([one.geom for one in parts], grid_size=_TOUCH_DEG)
    if shapely.get_num_geometries(whole) > most:
        raise BadInput("所选网格不相邻 / the chosen grids do not touch")
    counts = [one.households for one in parts if one.households is not None]
    first = next((one for one in parts if one.code), parts[0])
    households = sum(counts) if len(counts) == len(parts) else None
    kept = replace(first, geom=whole, households=households)
    rest = [one for index, one in enumerate(drawn) if index not in set(chosen)]
    return [*rest[: min(chosen)], kept, *rest[min(chosen) :]]


def carved(drawn: Sequence[Drawn], area: BaseGeometry, outline: BaseGeometry) -> list[Drawn]:
    """A new grid on ``area`` inside the community's ``outline``; grids under it give the ground up.

    A grid that loses ground loses its count of households, one that loses all of it is gone.
    Raises BadInput for an area outside the community.
    """
    fresh = _ground(shapely.intersection(shapely.make_valid(area), outline))
    if fresh.is_empty:
        raise BadInput("所画的面不在本社区内 / the area lies outside the community")
    left = []
    for one in drawn:
        rest = one
        if shapely.area(shapely.intersection(one.geom, fresh)) > 0:
            rest = replace(one, geom=_ground(shapely.difference(one.geom, fresh)), households=None)
        if not rest.geom.is_empty:
            left.append(rest)
    return [*left, Drawn(None, fresh)]


def _ground(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a shape; lines and points where outlines only touch are no ground."""
    parts = [one for one in shapely.get_parts(shape) if shapely.get_dimensions(one) == 2]
    return shapely.union_all(parts)
