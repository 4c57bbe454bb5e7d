"""What cameras leave out: blind areas, and entrances, streets and key places seen or not."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from gis.video.coverage import union_by

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class BlindAreas:
    """b blind areas: shape, compound, square metres, and a point inside each; largest first."""

    shapes: Shapes
    compound: Ints
    area_m2: Floats
    x_m: Floats
    y_m: Floats


def blind_areas(public: Shapes, seen: Shapes, *, opening_m: float, min_m2: float) -> BlindAreas:
    """Public ground (c,) less what is seen (c,), without strips narrower than twice the opening.

    Opening (shrink, then grow by ``opening_m``) takes off the slivers between neighbouring fields;
    what is left and smaller than ``min_m2`` is not reported.
    """
    left = shapely.difference(public, seen)
    opened = shapely.buffer(shapely.buffer(left, -opening_m), opening_m)
    shapes, compound = shapely.get_parts(shapely.intersection(opened, left), return_index=True)
    area_m2 = shapely.area(shapes)
    order = np.argsort(-area_m2, kind="stable")
    order = order[area_m2[order] >= min_m2]
    at = shapely.point_on_surface(shapes[order])
    return BlindAreas(
        shapes[order], compound[order], area_m2[order], shapely.get_x(at), shapely.get_y(at)
    )


def seen_share(places: Shapes, fields: Shapes, *, tolerance_m: float) -> Floats:
    """How much of each place lies in any of the fields, 0 to 1.

    Points (entrances) are seen or not, ``tolerance_m`` away at most: doors lie in walls, where
    fields end. Lines (streets) count by length, areas (key places) by square metres.
    """
    place, field = STRtree(fields).query(places, predicate="dwithin", distance=tolerance_m)
    ground = union_by(fields[field], place, len(places))
    size = shapely.get_dimensions(places)
    length, area = shapely.length(places), shapely.area(places)
    within = shapely.intersection(places, ground)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_size = np.where(size == 2, shapely.area(within) / area, shapely.length(within) / length)
    met = np.isin(np.arange(len(places)), place)
    return np.where(size == 0, met.astype(np.float64), by_size)
