"""View fields on hand-made ground: every expected area is worked out beside it."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely import box

from gis.video.kernels import compiled as kept
from gis.video.kernels.obstacles import Obstacles, Stands
from gis.video.view import Fields, Views, fields


def look(
    buildings, x_m=0.0, y_m=0.0, direction_deg=0.0, hfov_deg=360.0, near_m=0.0, reach_m=100.0,
    height_m=4.0, tops_m=None,
) -> Fields:  # fmt: skip
    """One camera's field; buildings without a height unless ``tops_m`` gives them."""
    one = (x_m, y_m, direction_deg, hfov_deg, near_m)
    views = Views(
        *(np.array([value], float) for value in one),
        np.atleast_2d(np.array(reach_m, float)),
        np.array([float(height_m)]),
    )
    tops = np.full(len(buildings), np.nan) if tops_m is None else np.array(tops_m, float)
    return fields(
        views, Obstacles.of(np.array(buildings, dtype=object), tops),
        target_height_m=1.7, wall_offset_m=0.3, wall_depth_m=1.0,
    )  # fmt: skip


def area(*args, **more):
    return look(*args, **more).polygons[0, 0].area


def sees(field, x_m, y_m):
    return bool(shapely.intersects_xy(field.polygons[0, 0], x_m, y_m))


CIRCLE = math.pi * 100**2


def test_open_ground_is_the_sector():
    assert area([]) == pytest.approx(CIRCLE, rel=3e-4)
    assert area([], hfov_deg=90) == pytest.approx(CIRCLE / 4, rel=3e-4)
    assert area([], hfov_deg=90, near_m=50) == pytest.approx(CIRCLE / 4 * 0.75, rel=3e-4)
    assert area([], near_m=50) == pytest.approx(CIRCLE * 0.75, rel=3e-4)
    assert area([]) < CIRCLE


def test_direction_is_clockwise_from_north():
    east = look([], direction_deg=90, hfov_deg=60)
    assert sees(east, 50, 0)
    assert not any(sees(east, *place) for place in [(-50, 0), (0, 50), (0, -50)])
    assert sees(look([], direction_deg=225, hfov_deg=60), -30, -30)


def test_one_wall():
    """A wall from (-10, 10) to (10, 10): of the quarter circle the triangle before it is left."""
    wall = box(-10, 10, 10, 11)
    assert area([wall], hfov_deg=90) == pytest.approx(100)
    assert area([wall]) == pytest.approx(CIRCLE * 3 / 4 + 100, rel=3e-4)


def test_a_courtyard_is_all_that_its_camera_sees():
    ring = box(-20, -20, 20, 20).difference(box(-10, -10, 10, 10))
    assert area([ring]) == pytest.approx(400)
    assert not sees(look([ring], x_m=30), 0, 0)


def test_a_doorway_lets_a_wedge_through():
    """A door of 2 m, wall at 10.00-10.01 m: the far posts leave half an angle atan(1/10.01)."""
    walls = [box(-200, 10, -1, 10.01), box(1, 10, 200, 10.01)]
    half = math.atan(1 / 10.01)
    in_door = 0.01 * 2  # the sill, less corners of some square centimetres
    beyond = half * 100**2 - 10.01
    field = look(walls, hfov_deg=90)
    assert field.polygons[0, 0].area == pytest.approx(100 + in_door + beyond, rel=3e-4)
    assert (sees(field, 0, 50), sees(field, 10, 50)) == (True, False)


def test_round_a_corner():
    """A block from (10, 0) to the north-east, its south side end on: a strip of 10 m is left."""
    block = box(10, 0, 300, 300)
    alpha = math.asin(10 / 100)
    strip = 10 * 100 * math.cos(alpha) / 2 + alpha * 100**2 / 2
    found = area([block])
    assert found == pytest.approx(CIRCLE * 3 / 4 + strip, rel=3e-4)


def test_touching_buildings_hide_like_one():
    halves = [box(-10, 10, 0, 20), box(0, 10, 10, 20)]
    assert area(halves, hfov_deg=90) == pytest.approx(100)
    assert area([*halves, box(-5, 5, 5, 10)], hfov_deg=90) == pytest.approx(25)


def test_crossing_buildings_hide_like_their_union():
    crossing = [box(-30, 20, 30, 25), box(-5, 10, 5, 40)]
    assert area(crossing) == pytest.approx(area([shapely.union_all(crossing)]), rel=1e-9)


def test_repeated_vertices_and_bow_ties_do_no_harm():
    wall = shapely.Polygon([(-10, 10), (10, 10), (10, 10.0002), (10, 11), (-10, 11), (-10, 11)])
    assert area([wall], hfov_deg=90) == pytest.approx(100)
    bow_tie = shapely.Polygon([(-10, 10), (10, 20), (10, 10), (-10, 20)])
    assert look([bow_tie]).polygons[0, 0].is_valid


def test_a_camera_on_or_in_a_wall_hangs_before_it():
    house = box(-10, -20, 10, 0)  # its north wall is y = 0
    for depth_m in (0.0, 0.05, 0.9):
        field = look([house], y_m=-depth_m)
        assert field.stands.tolist() == [Stands.MOVED_OUT]
        assert (field.x_m[0], field.y_m[0]) == pytest.approx((0.0, 0.3))
        assert field.polygons[0, 0].area > CIRCLE / 2
    free = look([house], y_m=0.1)
    assert (free.stands[0], free.y_m[0]) == (Stands.AS_RECORDED, 0.1)


def test_a_camera_between_touching_houses_hangs_outside_both():
    row = [box(-10, -20, 0, 0), box(0, -20, 10, 0)]
    field = look(row, x_m=0.0, y_m=-0.5)
    assert (field.x_m[0], field.y_m[0]) == pytest.approx((0.0, 0.3))


def test_a_camera_deep_inside_is_indoors():
    field = look([box(-10, -20, 10, 0)], y_m=-2)
    assert field.stands.tolist() == [Stands.INDOORS]
    assert field.polygons[0, 0].is_empty


def test_a_low_wall_throws_a_shadow_that_ends():
    """H 4.7, h 1.7, b 2.7: the shadow of a wall at 10-11 m ends at 11·3/2 = 16.5 m."""
    wall = box(-50, 10, 50, 11)
    field = look([wall], height_m=4.7, tops_m=[2.7])
    assert sees(field, 0, 9.9)
    assert not sees(field, 0, 10.1)
    assert not sees(field, 0, 16.4)
    assert sees(field, 0, 16.6)
    lost = area([], hfov_deg=90) - area([wall], hfov_deg=90, height_m=4.7, tops_m=[2.7])
    assert lost == pytest.approx(16.5**2 - 10**2)  # the sector is as wide as y on either side


def test_heights_at_the_limits():
    wall = box(-10, 10, 10, 11)
    assert area([wall], tops_m=[1.7]) == pytest.approx(CIRCLE, rel=3e-4)  # as low as the target
    hidden = area([wall])
    assert area([wall], tops_m=[4.0]) == pytest.approx(hidden)  # as high as the camera


def test_a_building_within_the_blind_zone_parts_the_field():
    post = box(-0.2, 2, 0.2, 2.4)
    field = look([post], hfov_deg=90, near_m=5)
    assert shapely.get_num_geometries(field.polygons[0, 0]) == 2
    whole = look([post], near_m=5).polygons[0, 0]
    assert whole.is_valid
    assert shapely.get_num_geometries(whole) == 1
    wedge = math.atan(0.2 / 2) * (100**2 - 25)
    assert whole.area == pytest.approx(CIRCLE - math.pi * 25 - wedge, rel=3e-4)


def test_every_range_has_its_field_and_none_below_the_blind_zone():
    found = look([], near_m=5, reach_m=[100, 50, 5, 3]).polygons[0]
    assert [round(one.area / math.pi) for one in found] == [9973, 2474, 0, 0]


def test_a_camera_without_a_direction_sees_nothing_for_sure():
    assert look([], direction_deg=math.nan, hfov_deg=90).polygons[0, 0].is_empty


def test_no_camera_and_no_building():
    empty = Views(*(np.empty(0) for _ in range(5)), np.empty((0, 4)), np.empty(0))
    nothing = Obstacles.of(np.empty(0, dtype=object), np.empty(0))
    found = fields(empty, nothing, target_height_m=1.7, wall_offset_m=0.3, wall_depth_m=1.0)
    assert found.polygons.shape == (0, 4)


def test_the_kernel_is_kept_beside_its_source_or_in_the_users_cache_or_nowhere(
    tmp_path, monkeypatch
):
    """A file stands where a folder would have to be: as good as a folder that refuses writing."""
    for name in kept._KERNELS:
        (tmp_path / name).touch()
    monkeypatch.setattr(kept, "_HERE", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert Path(kept._folder.__wrapped__()).parent == tmp_path / "__pycache__"
    shutil.rmtree(tmp_path / "__pycache__")
    (tmp_path / "__pycache__").touch()
    assert Path(kept._folder.__wrapped__()).parent == tmp_path / "user" / "wangge"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "visibility.py"))
    assert kept._folder.__wrapped__() == ""
    monkeypatch.setattr(kept, "_folder", lambda: "")
    assert kept.compiled(_next)(2) == 3


def _next(number):
    return number + 1
