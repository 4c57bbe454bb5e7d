"""Where a camera could hang, what it would see there, and how much each piece of ground counts."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree
from shapely import STRtree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Poses:
    """p candidate cameras: a place, a direction (degrees from north), the number of the place."""

    x_m: Floats
    y_m: Floats
    direction_deg: Floats
    site: Ints


@dataclass(frozen=True)
class Samples:
    """s points of public ground; ``weight`` is the square metres each stands for, or more."""

    x_m: Floats
    y_m: Floats
    weight: Floats


def poses(x_m: Floats, y_m: Floats, *, every_deg: float) -> Poses:
    """Every place with directions ``every_deg`` degrees apart, the first to the north."""
    way = np.arange(0.0, 360.0, every_deg)
    site = np.repeat(np.arange(len(x_m)), len(way))
    return Poses(x_m[site], y_m[site], np.tile(way, len(x_m)), site)


def along_walls(footprints: Shapes, *, every_m: float, offset_m: float) -> tuple[Floats, Floats]:
    """Corners of buildings and places ``every_m`` along their walls, ``offset_m`` outside them.

    Touching buildings are one; places inside another building do not arise.
    """
    around = shapely.buffer(shapely.union_all(footprints), offset_m, join_style="mitre")
    walls = shapely.get_rings(shapely.get_parts(around))
    corners = shapely.get_coordinates(walls)
    between = shapely.get_coordinates(shapely.segmentize(walls, every_m))
    x_m, y_m = np.unique(np.vstack([corners, between]).round(3), axis=0).T
    return x_m, y_m


def samples(public: Shapes, *, spacing_m: float) -> Samples:
    """A square lattice of points on the public ground, each for spacing² square metres."""
    ground = shapely.union_all(public)
    if ground.is_empty:
        return Samples(np.empty(0), np.empty(0), np.empty(0))
    west, south, east, north = ground.bounds
    x_m, y_m = np.meshgrid(
        np.arange(west + spacing_m / 2, east, spacing_m),
        np.arange(south + spacing_m / 2, north, spacing_m),
    )
    shapely.prepare(ground)
    inside = shapely.intersects_xy(ground, x_m, y_m)
    return Samples(x_m[inside], y_m[inside], np.full(int(inside.sum()), spacing_m**2))


def weighted(
    ground: Samples, x_m: Floats, y_m: Floats, *, radius_m: float, factor: float
) -> Samples:
    """Samples whose weight grows by ``factor`` of its square metres for every place within reach.

    Places are incidents, entrances, or counts of passers-by (one place per unit).
    """
    if not len(x_m) or not len(ground.x_m):
        return ground
    area_m2 = float(ground.weight.min())
    count = KDTree(np.column_stack([x_m, y_m])).query_ball_point(
        np.column_stack([ground.x_m, ground.y_m]), radius_m, return_length=True
    )
    return Samples(ground.x_m, ground.y_m, ground.weight + factor * area_m2 * count)


def uncovered(ground: Samples, fields: Shapes) -> Samples:
    """Samples with no weight left where existing cameras see: they stay as they are."""
    seen = np.zeros(len(ground.x_m), bool)
    seen[sight(fields, ground).indices] = True
    return Samples(ground.x_m, ground.y_m, np.where(seen, 0.0, ground.weight))


def sight(fields: Shapes, ground: Samples) -> sparse.csr_array:
    """Which pose (row) sees which sample (column)."""
    points = np.asarray(shapely.points(ground.x_m, ground.y_m))
    field, sample = STRtree(points).query(fields, predicate="intersects")
    ones = np.ones(len(field))
    return sparse.csr_array((ones, (field, sample)), shape=(len(fields), len(points)))


def allowed(fields: Shapes, forbidden: Shapes) -> Flags:
    """Poses whose field keeps out of every forbidden area (dormitories, baths, changing rooms)."""
    pose, area = STRtree(forbidden).query(fields, predicate="intersects")
    inside = shapely.area(shapely.intersection(fields[pose], forbidden[area])) > 0
    out = np.ones(len(fields), bool)
    out[pose[inside]] = False
    return out
