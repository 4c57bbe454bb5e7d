"""Who looks into rooms that may not be filmed: hand-made houses, metres."""

from importlib.resources import files

import numpy as np
import pytest
import shapely
from shapely import box

from gis import policy
from gis.video.ground.rooms import Rooms
from gis.video.kernels.obstacles import Obstacles
from gis.video.view import Views
from gis.video.view_rules import ViewRules

RULES = ViewRules.of(policy.load(files("data.reference") / "policy.toml"))
HOUSE = box(0, 0, 20, 10)


def looks_into(room, *, walls=(HOUSE,), x_m=10.0, y_m=-3.0, direction_deg=0.0, hfov_deg=60.0):
    one = np.ones(1)
    views = Views(one * x_m, one * y_m, one * direction_deg, one * hfov_deg, one * 0,
                  np.array([[40.0, 10.0]]), one * 3)  # fmt: skip
    built = Obstacles.of(np.array(walls, dtype=object), np.full(len(walls), np.nan))
    rooms = Rooms.among(np.array([room]), built, RULES, reach_m=40.0, least_m2=1.0)
    return rooms.seen(views, np.array([0]), RULES).tolist() == [True]


@pytest.mark.parametrize(
    ("seen", "room", "more"),
    [
        (True, HOUSE, {}),  # a dormitory: the room is the whole footprint
        (True, box(8, 0.2, 12, 4), {}),  # a bath behind the front wall
        (False, box(8, 4, 12, 8), {}),  # one deep inside: four metres of house before it
        (False, HOUSE, {"direction_deg": 180.0}),  # turned away
        (False, HOUSE, {"y_m": -0.3, "direction_deg": 180.0}),  # on its wall, looking out
        (False, HOUSE, {"y_m": -45.0}),  # too far to detect anybody
        (False, HOUSE, {"walls": (HOUSE, box(-20, -2, 40, -1))}),  # another house between
        (True, box(8, -2, 12, -1), {}),  # a tent in the open
    ],
)  # fmt: skip
def test_a_room_is_looked_into_through_its_own_walls_alone(seen, room, more):
    assert looks_into(room, **more) is seen


def test_opening_one_room_opens_no_other():
    """Two dormitories in a row: the one behind stays hidden by the one in front."""
    front, behind = box(0, 0, 20, 5), box(0, 8, 20, 13)
    one = np.ones(2)
    views = Views(one * 10, one * -3, one * 0, one * 60, one * 0, one[:, None] * 40, one * 3)
    built = Obstacles.of(np.array([front, behind]), np.full(2, np.nan))
    rooms = Rooms.among(built.polygons, built, RULES, reach_m=40.0, least_m2=1.0)
    assert rooms.seen(views, np.array([0, 1]), RULES).tolist() == [True, False]


def test_no_room_is_looked_into_by_nobody():
    built = Obstacles.of(np.array([HOUSE]), np.full(1, np.nan))
    none = np.empty(0)
    rooms = Rooms.among(np.array([], dtype=object), built, RULES, reach_m=0.0, least_m2=1.0)
    views = Views(none, none, none, none, none, none.reshape(0, 4), none)
    assert rooms.seen(views, np.empty(0, np.int64), RULES).tolist() == []
    assert shapely.area(rooms.walls.polygons).tolist() == []
