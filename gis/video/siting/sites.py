"""Where a camera could hang, what it would see there, and how much each piece of ground counts."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy import sparse
from scipy.spatial import KDTree
from shapely import STRtree

from gis.arrays import Floats, Ints, Shapes


@dataclass(frozen=True)
class Poses:
    """p candidate cameras: a place, a direction (degrees from north), the number of the place."""

    x_m: Floats
    y_m: Floats
    direction_deg: Floats
    site: Ints

    def take(self, chosen: Ints | slice) -> "Poses":
        """The chosen poses."""
        return Poses(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Samples:
    """s points of public ground, each for ``cell_m2`` square metres; ``weight`` is that, more where
    the ground counts for more, nothing where existing cameras see it.
    """

    x_m: Floats
    y_m: Floats
    weight: Floats
    cell_m2: float = 1.0


def poses(
    x_m: Floats, y_m: Floats, *, every_deg: float, direction_deg: Floats | None = None
) -> Poses:
    """Every place with directions ``every_deg`` degrees apart, the first to the north.

    A place whose ``direction_deg`` (NaN: any) is given looks that way and no other.
    """
    around = np.arange(0.0, 360.0, every_deg)
    fixed = np.full(len(x_m), np.nan) if direction_deg is None else direction_deg
    ways = [around if np.isnan(one) else np.array([one % 360.0]) for one in fixed]
    site = np.repeat(np.arange(len(x_m)), [len(one) for one in ways])
    return Poses(x_m[site], y_m[site], np.concatenate([*ways, np.empty(0)]), site)


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
    """A square lattice of points on the public ground, each for spacing² square metres.

    The lattice is the same everywhere, so compounds that touch or overlap share their points.
    """
    parts = shapely.get_parts(shapely.union_all(public))
    found = [_lattice(part, spacing_m) for part in parts]
    x_m, y_m = np.concatenate([*found, np.empty((2, 0))], axis=1)
    return Samples(x_m, y_m, np.full(len(x_m), spacing_m**2), spacing_m**2)


def _lattice(ground: shapely.Polygon, spacing_m: float) -> Floats:
    """(2, n): lattice points inside one polygon."""
    edges = shapely.bounds(ground)
    west, south, east, north = np.floor(edges / spacing_m) * spacing_m + spacing_m / 2
    x_m, y_m = np.meshgrid(
        np.arange(west, east + spacing_m / 2, spacing_m),
        np.arange(south, north + spacing_m / 2, spacing_m),
    )
    shapely.prepare(ground)
    inside = shapely.intersects_xy(ground, x_m, y_m)
    return np.array([x_m[inside], y_m[inside]])


def weighted(
    ground: Samples,
    x_m: Floats,
    y_m: Floats,
    *,
    radius_m: float,
    factor: float,
    count: Floats | None = None,
    most: float = np.inf,
) -> Samples:
    """Samples whose weight grows by ``factor`` of their square metres for every place in reach.

    Places are incidents, entrances or passers-by; ``count`` says how often each one counts. No
    sample weighs more than ``most`` times its square metres.
    """
    if not len(x_m) or not len(ground.x_m):
        return ground
    points = KDTree(np.column_stack([ground.x_m, ground.y_m]))
    near = points.query_ball_point(np.column_stack([x_m, y_m]), radius_m)
    each = np.ones(len(x_m)) if count is None else count
    at = np.concatenate([np.asarray(one, np.int64) for one in near])
    times = np.bincount(at, np.repeat(each, [len(one) for one in near]), minlength=len(ground.x_m))
    weight = np.minimum(ground.weight + factor * ground.cell_m2 * times, most * ground.cell_m2)
    return replace(ground, weight=weight)


def uncovered(ground: Samples, fields: Shapes) -> Samples:
    """Samples with no weight left where existing cameras see: they stay as they are."""
    seen = np.zeros(len(ground.x_m), bool)
    seen[sight(fields, ground).indices] = True
    return replace(ground, weight=np.where(seen, 0.0, ground.weight))


def sight(fields: Shapes, ground: Samples) -> sparse.csr_array:
    """Which pose (row) sees which sample (column)."""
    points = np.asarray(shapely.points(ground.x_m, ground.y_m))
    field, sample = STRtree(points).query(fields, predicate="intersects")
    ones = np.ones(len(field))
    return sparse.csr_array((ones, (field, sample)), shape=(len(fields), len(points)))
