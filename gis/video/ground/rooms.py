"""Who looks into rooms that may not be filmed (Order 799 art. 8): pure arrays, metres of one plane.

The fields that cover public ground end at walls, and nobody records windows. Here the outer walls
of a room are taken to be windows: of the building that holds it everything hides but the room
itself and the wall round it; all other buildings hide as they do.
"""

from dataclasses import dataclass, replace
from dataclasses import fields as fields_of

import numpy as np
import shapely

from gis.arrays import Flags, Ints, Shapes
from gis.video import view
from gis.video.kernels.obstacles import Obstacles
from gis.video.view import Views
from gis.video.view_rules import ViewRules

_BATCH = 20_000  # fields at a time: some tens of MiB


@dataclass(frozen=True)
class Rooms:
    """p private ``shapes`` among buildings.

    ``walls`` are the footprints near them, and after the first ``built`` of them those that hold a
    room once more, without it: walls.polygons[built + i] is building ``held[i]`` opened for room
    ``of[i]``.
    """

    shapes: Shapes
    walls: Obstacles
    built: int
    of: Ints
    held: Ints
    least_m2: float

    @classmethod
    def among(
        cls, shapes: Shapes, obstacles: Obstacles, rules: ViewRules, *, reach_m: float,
        least_m2: float,
    ) -> "Rooms":  # fmt: skip
        """Open the buildings that hold the rooms; a smaller overlap than ``least_m2`` holds none.

        A room farther than ``wall_depth_m`` from the outer wall stays hidden behind the rest of its
        building. ``reach_m`` is the farthest that any view shows: what stands farther from every
        room hides none.
        """
        near = obstacles.tree.query(
            shapes, predicate="dwithin", distance=reach_m + 2 * rules.moved_m
        )[1]
        near = np.unique(near)
        footprints, height_m = obstacles.polygons[near], obstacles.height_m[near]
        room, building = shapely.STRtree(footprints).query(shapes, predicate="intersects")
        shared_m2 = shapely.area(shapely.intersection(shapes[room], footprints[building]))
        room, building = room[shared_m2 >= least_m2], building[shared_m2 >= least_m2]
        with_wall = shapely.buffer(shapes[room], rules.wall_depth_m, join_style="mitre")
        walls = Obstacles.of(
            np.concatenate([footprints, shapely.difference(footprints[building], with_wall)]),
            np.concatenate([height_m, height_m[building]]),
        )
        return cls(shapes, walls, len(near), room, building, least_m2)

    def seen(self, views: Views, room: Ints, rules: ViewRules) -> Flags:
        """Whether each view (n,) shows ``least_m2`` or more of its ``room`` (n,), well enough to
        detect.
        """
        out = np.zeros(len(room), dtype=np.bool_)
        nearest = replace(views, reach_m=views.reach_m[:, :1])
        for begin in range(0, len(room), _BATCH):
            at = slice(begin, begin + _BATCH)
            fields = view.drawn(nearest.take(at), _OneRoomEach.behind(self, room[at]), rules)[:, 0]
            inside_m2 = shapely.area(shapely.intersection(fields, self.shapes[room[at]]))
            out[at] = inside_m2 >= self.least_m2
        return out


@dataclass(frozen=True)
class _OneRoomEach(Obstacles):
    """The walls as each view meets them: those that hold its own room are open, no others."""

    rooms: Rooms
    room: Ints

    @classmethod
    def behind(cls, rooms: Rooms, room: Ints) -> "_OneRoomEach":
        """The walls for views of one ``room`` (n,) each."""
        walls = {one.name: getattr(rooms.walls, one.name) for one in fields_of(Obstacles)}
        return cls(**walls, rooms=rooms, room=room)

    def in_boxes(self, boxes: Shapes) -> tuple[Ints, Ints]:
        """Pairs (view, building) without those that are not there for the view's room."""
        one, building = super().in_boxes(boxes)
        rooms, room = self.rooms, self.room[one]
        again = building - rooms.built
        is_open = again >= 0
        stays = np.empty(len(one), dtype=np.bool_)
        stays[is_open] = rooms.of[again[is_open]] == room[is_open]
        held = rooms.of * rooms.built + rooms.held
        stays[~is_open] = ~np.isin(room[~is_open] * rooms.built + building[~is_open], held)
        return one[stays], building[stays]
