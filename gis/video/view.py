"""What cameras see on the ground: exact view fields of whole batches, in metres of one plane.

A field is the sector between the near blind zone and a range, less what buildings hide. Fields are
MultiPolygons; arcs are chords of two degrees, inside the true arc.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.arrays import Flags, Floats, Ints, Shapes
from gis.video.kernels import shadows
from gis.video.kernels.obstacles import Obstacles, Stands
from gis.video.view_rules import ViewRules


@dataclass(frozen=True)
class Views:
    """Where n cameras stand and which way they look: all (n,) but ``reach_m`` (n, q).

    ``direction_deg`` is clockwise from north, ``hfov_deg`` 360 for all round, ``camera_height_m``
    above ground. A camera with a NaN direction and less than 360° sees nothing.
    """

    x_m: Floats
    y_m: Floats
    direction_deg: Floats
    hfov_deg: Floats
    near_m: Floats
    reach_m: Floats
    camera_height_m: Floats

    def take(self, chosen: Ints | Flags | slice) -> "Views":
        """The chosen cameras."""
        return Views(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Fields:
    """``polygons`` (n, q): ground seen within each reach; ``stands`` (n,): a value of `Stands`.

    ``x_m``, ``y_m``: where the camera was taken to hang.
    """

    polygons: Shapes
    stands: NDArray[np.int8]
    x_m: Floats
    y_m: Floats


def fields(
    views: Views,
    obstacles: Obstacles,
    *,
    target_height_m: float,
    wall_offset_m: float,
    wall_depth_m: float,
) -> Fields:
    """The view fields of a batch.

    A building no higher than the target hides nothing; one as high as the camera, or of unknown
    height, hides all behind it; one between throws a shadow that ends at d·(H−h)/(H−b).
    """
    x_m, y_m, stands = obstacles.outside(
        views.x_m, views.y_m, views.camera_height_m, target_height_m=target_height_m,
        offset_m=wall_offset_m, depth_m=wall_depth_m,
    )  # fmt: skip
    blind = (stands == Stands.INDOORS) | (np.isnan(views.direction_deg) & (views.hfov_deg < 360))
    reach_m = np.where(blind[:, None], 0.0, views.reach_m)
    most_m = reach_m.max(axis=1, initial=0.0)
    half, axis = _sector(views)
    camera, building = obstacles.in_boxes(_boxes(x_m, y_m, axis, half, most_m))
    top_m = obstacles.height_m[building]
    hides = ~(top_m <= target_height_m)
    low = hides & (top_m < views.camera_height_m[camera])
    high = hides & ~low
    star = _stars(
        x_m, y_m, axis, half, views.near_m, reach_m, camera[high], building[high], obstacles
    )
    polygons = shadows.cut(
        star, x_m, y_m, views.camera_height_m, most_m, obstacles, camera[low], building[low],
        target_height_m=target_height_m,
    )  # fmt: skip
    return Fields(polygons, stands, x_m, y_m)


def drawn(views: Views, obstacles: Obstacles, rules: ViewRules) -> Shapes:
    """The polygons of `fields` (n, q) under the policy's rules."""
    return fields(
        views, obstacles, target_height_m=rules.target_height_m,
        wall_offset_m=rules.wall_offset_m, wall_depth_m=rules.wall_depth_m,
    ).polygons  # fmt: skip


def _sector(views: Views) -> tuple[Floats, Floats]:
    """Half the angle, and the mathematical direction of the axis, in radians."""
    half = np.radians(np.minimum(views.hfov_deg, 360.0) / 2)
    whole = views.hfov_deg >= 360
    axis = np.radians(90.0 - np.where(np.isnan(views.direction_deg), 0.0, views.direction_deg))
    return np.where(whole, np.pi, half), np.where(whole, 0.0, axis)


def _boxes(x_m: Floats, y_m: Floats, axis: Floats, half: Floats, reach_m: Floats) -> Shapes:
    """Bounding boxes of the sectors: the foot, both edges, and the compass points between them."""
    compass = np.arange(4) * (np.pi / 2)
    off = np.abs((compass - axis[:, None] + np.pi) % (2 * np.pi) - np.pi)
    inside = (off <= half[:, None]).astype(float)
    sides = np.column_stack([axis - half, axis + half])
    zero = np.zeros((len(x_m), 1))
    east = np.hstack([zero, np.cos(sides), np.cos(compass) * inside]) * reach_m[:, None]
    north = np.hstack([zero, np.sin(sides), np.sin(compass) * inside]) * reach_m[:, None]
    boxes: Shapes = shapely.box(
        x_m + east.min(axis=1), y_m + north.min(axis=1),
        x_m + east.max(axis=1), y_m + north.max(axis=1),
    )  # fmt: skip
    return boxes


def _stars(
    x_m: Floats, y_m: Floats, axis: Floats, half: Floats, near_m: Floats, reach_m: Floats,
    camera: Ints, building: Ints, obstacles: Obstacles,
) -> Shapes:  # fmt: skip
    """Fields behind walls that hide everything: seen from the camera each is star-shaped."""
    from gis.video.kernels.outlines import seen  # noqa: PLC0415  numba takes half a second to import

    start = np.searchsorted(camera, np.arange(len(x_m) + 1))
    xy, ring_start, part_start, field_start = seen(
        x_m, y_m, axis, half, near_m, reach_m, start, building,
        obstacles.edge_start, obstacles.edges,
    )  # fmt: skip
    fields: Shapes = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, xy, (ring_start, part_start, field_start)
    )
    broken = ~shapely.is_valid(fields)
    fields[broken] = shapely.make_valid(fields[broken], method="structure")
    return fields.reshape(reach_m.shape)
