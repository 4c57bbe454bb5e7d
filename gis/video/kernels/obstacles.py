"""Building footprints made ready for many cameras: clean walls, heights, index, wall rule."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from gis.arrays import Floats, Ints, Shapes

_REPEATED_M = 1e-3  # vertices closer than this are one: they break make_valid
_TOUCHES_M = 0.01  # nearer than this a camera hangs on the wall


class Stands(IntEnum):
    """Where a camera was taken to hang: as recorded, moved out of a wall, or indoors."""

    AS_RECORDED = 0
    MOVED_OUT = 1
    INDOORS = 2


@dataclass(frozen=True)
class Obstacles:
    """b footprints: cleaned ``polygons``, ``height_m`` (NaN unknown), and their walls.

    ``edges`` (e, 4): walls from x, y to x, y with the building on their left; those of building i
    are edges[edge_start[i]:edge_start[i + 1]].
    """

    polygons: Shapes
    height_m: Floats
    edge_start: Ints
    edges: Floats
    tree: STRtree

    @classmethod
    def of(cls, footprints: Shapes, height_m: Floats) -> Self:
        """Clean and index footprints (any polygons, metres of one plane; others are ignored)."""
        polygons = _clean(np.asarray(footprints, dtype=object))
        parts, building = shapely.get_parts(polygons, return_index=True)
        areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
        parts, building = shapely.orient_polygons(parts[areas]), building[areas]
        rings, part = shapely.get_rings(parts, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        follows = ring[1:] == ring[:-1]
        edges = np.column_stack([xy[:-1], xy[1:]])[follows]
        owner = building[part[ring[:-1][follows]]]
        edge_start = np.searchsorted(owner, np.arange(len(polygons) + 1))
        return cls(polygons, np.asarray(height_m, float), edge_start, edges, STRtree(polygons))

    def in_boxes(self, boxes: Shapes) -> tuple[Ints, Ints]:
        """Pairs (box, building) whose bounding boxes meet, in the order of the boxes."""
        box, building = self.tree.query(boxes)
        order = np.argsort(box, kind="stable")
        return box[order], building[order]

    def outside(
        self, x_m: Floats, y_m: Floats, height_m: Floats, *, target_height_m: float,
        offset_m: float, depth_m: float,
    ) -> tuple[Floats, Floats, NDArray[np.int8]]:  # fmt: skip
        """The wall rule: where cameras on or in a wall hang, x, y and `Stands`.

        A camera inside or touching a footprint that hides its view is moved to the nearest place
        ``offset_m`` clear of every wall: along the wall's normal, as far out as that. Where the
        place is more than ``depth_m`` + ``offset_m`` away the camera is indoors.
        """
        x_m, y_m, stands = x_m.copy(), y_m.copy(), np.zeros(len(x_m), np.int8)
        points = np.asarray(shapely.points(x_m, y_m))
        at = np.unique(self._hiding(points, height_m, target_height_m, _TOUCHES_M)[0])
        if not len(at):
            return x_m, y_m, stands
        near, building = self._hiding(
            points[at], height_m[at], target_height_m, depth_m + 2 * offset_m
        )
        cuts = np.searchsorted(near, np.arange(1, len(at)))
        solid = [shapely.union_all(some) for some in np.split(self.polygons[building], cuts)]
        room = shapely.buffer(np.array(solid, dtype=object), offset_m, join_style="mitre")
        way = shapely.shortest_line(points[at], shapely.boundary(room))
        place = shapely.get_coordinates(shapely.get_point(way, 1))
        deep = shapely.length(way) > depth_m + offset_m + _TOUCHES_M
        stands[at] = np.where(deep, Stands.INDOORS, Stands.MOVED_OUT)
        x_m[at], y_m[at] = np.where(deep, [x_m[at], y_m[at]], place.T)
        return x_m, y_m, stands

    def _hiding(
        self, points: Shapes, height_m: Floats, target_height_m: float, distance_m: float
    ) -> tuple[Ints, Ints]:
        """Pairs (camera, building that hides all behind it) within a distance, by camera."""
        camera, building = self.tree.query(points, predicate="dwithin", distance=distance_m)
        top_m = self.height_m[building]
        hiding = ~(top_m < height_m[camera]) & ~(top_m <= target_height_m)
        order = np.argsort(camera[hiding], kind="stable")
        return camera[hiding][order], building[hiding][order]


def _clean(footprints: Shapes) -> Shapes:
    """Without repeated vertices, and valid."""
    polygons = shapely.remove_repeated_points(shapely.force_2d(footprints), _REPEATED_M)
    broken = ~shapely.is_valid(polygons)
    polygons[broken] = shapely.make_valid(polygons[broken], method="structure")
    return polygons
