"""View fields against a second implementation, against rays in space, and by their own laws."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from gis.video.kernels.obstacles import Obstacles
from gis.video.view import Views, fields

REACH_M = 80.0
RULE = {"target_height_m": 1.7, "wall_offset_m": 0.3, "wall_depth_m": 1.0}
OUTLINES = (
    [(0, 0), (1, 0), (1, 1), (0, 1)],  # block
    [(0, 0), (1, 0), (0.4, 1)],  # triangle
    [(0, 0), (1, 0), (1, 0.4), (0.4, 0.4), (0.4, 1), (0, 1)],  # L
    [(0, 0), (1, 0), (1, 1), (0.7, 1), (0.7, 0.3), (0.3, 0.3), (0.3, 1), (0, 1)],  # U
)


RING = (0.25 + 0.5 * np.array(OUTLINES[0]))[::-1]


def houses(rng, count=52):
    """Blocks, triangles, L and U forms and rings round the origin, some touching, some crossing."""
    found = []
    while len(found) < count:
        shell = np.array(OUTLINES[rng.integers(len(OUTLINES))], float)
        holes = [RING] if len(shell) == 4 and rng.random() < 0.4 else []
        turn, at = rng.uniform(0, 2 * math.pi), rng.uniform(-REACH_M, REACH_M, 2)
        wide = rng.uniform(4, 16, 2)
        spun = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        # a fifth have a twin, turned by 180°, that shares their corner or an edge
        for side in (1, -1)[: 2 if rng.random() < 0.2 else 1]:
            rings = [side * (ring * wide) @ spun + at for ring in (shell, *holes)]
            found.append(shapely.Polygon(rings[0], rings[1:]))
    apart = shapely.distance(found, shapely.Point(0, 0)) > 0.5
    return np.array(found, dtype=object)[apart]


def views(n, direction_deg, hfov_deg, near_m, *, x_m=0.0, y_m=0.0, height_m=4.0, reach_m=REACH_M):
    columns = (x_m, y_m, direction_deg, hfov_deg, near_m)
    return Views(
        *(np.broadcast_to(np.asarray(one, float), n).copy() for one in columns),
        np.full((n, 1), reach_m), np.full(n, height_m),
    )  # fmt: skip


def field(footprints, direction_deg=0.0, hfov_deg=360.0, near_m=0.0, tops_m=None, **more):
    tops_m = np.full(len(footprints), np.nan) if tops_m is None else tops_m
    one = views(1, direction_deg, hfov_deg, near_m, **more)
    return fields(one, Obstacles.of(footprints, tops_m), **RULE).polygons[0, 0]


def second_opinion(footprints, direction_deg, hfov_deg, near_m):
    """The sector less, for every wall that faces the camera, the ground from it to twice the range.

    `houses` draws shells anticlockwise and holes clockwise: a wall that faces the origin runs
    clockwise as seen from there.
    """
    angle = np.radians(90 - direction_deg + np.linspace(-0.5, 0.5, 361) * hfov_deg)
    arc = REACH_M * np.column_stack([np.cos(angle), np.sin(angle)])
    sector = shapely.Polygon(arc if hfov_deg == 360 else np.vstack([[(0, 0)], arc]))
    rings = shapely.get_rings(footprints)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    a, b = (end[ring[1:] == ring[:-1]] for end in (xy[:-1], xy[1:]))
    twice = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    foot = np.abs(twice) / np.hypot(*(b - a).T)
    far = (2 * REACH_M / np.maximum(foot, 1e-6))[:, None]
    quads = shapely.polygons(np.stack([a, b, far * b, far * a], axis=1)[twice < -1e-9])
    quads = quads[shapely.intersects(quads, sector)]
    shadow = shapely.union_all(quads)
    blind = shapely.Point(0, 0).buffer(near_m, quad_segs=180)
    return sector.difference(shapely.union(shadow, blind))


def test_five_hundred_scenes_against_a_second_implementation():
    """Areas differ by less than 0.1 %, and so do the shapes: nothing is seen in another place."""
    rng = np.random.default_rng(20260101)
    worst = 0.0
    for nth in range(500):
        footprints = houses(rng, 56)
        assert len(footprints) > 50
        hfov_deg = float([360, rng.uniform(20, 180), 90, rng.uniform(180, 359)][nth % 4])
        asked = (rng.uniform(0, 360), hfov_deg, [0.0, 3.0][nth % 3 == 0])
        found, expected = field(footprints, *asked), second_opinion(footprints, *asked)
        apart = shapely.symmetric_difference(found, expected).area
        worst = max(worst, apart / max(expected.area, 1.0))
        assert found.is_valid
    assert worst < 0.001


def in_space(footprints, tops_m, height_m, x, y):
    """Whether the ray from the camera to a target of 1.7 m passes over or beside every building.

    The ray sinks below a top b at the share (H−b)/(H−h) of its way; from there on it must not meet
    the building.
    """
    target = shapely.Point(x, y)
    for footprint, top_m in zip(footprints, tops_m, strict=True):
        share = max((height_m - top_m) / (height_m - 1.7), 0.0)
        if share < 1:
            low = shapely.LineString([(x * share, y * share), (x, y)])
            if low.intersection(footprint).length > 0 or footprint.contains(target):
                return False
    return True


def test_shadows_of_low_buildings_against_rays_in_space():
    rng = np.random.default_rng(7)
    compared = 0
    for _ in range(12):
        footprints = houses(rng, 20)
        tops_m = rng.uniform(1, 6, len(footprints))
        found = field(footprints, tops_m=tops_m, height_m=5.0)
        for x, y in rng.uniform(-55, 55, (40, 2)):
            if found.boundary.distance(shapely.Point(x, y)) > 0.05:
                seen = bool(shapely.intersects_xy(found, x, y))
                assert seen == in_space(footprints, tops_m, 5.0, x, y)
                compared += 1
    assert compared > 400


seeds = st.integers(0, 10**6)
angles = st.floats(0, 359)
laws = settings(max_examples=40, deadline=None)


@laws
@given(seeds, angles, st.floats(5, 360))
def test_a_camera_sees_its_own_foot(seed, direction_deg, hfov_deg):
    footprints = houses(np.random.default_rng(seed), 20)
    found = field(footprints, direction_deg, hfov_deg)
    assert found.distance(shapely.Point(0, 0)) == 0
    way = np.radians(90 - direction_deg)
    assert shapely.intersects_xy(found, 0.4 * math.cos(way), 0.4 * math.sin(way))


@laws
@given(seeds, angles, st.floats(5, 360))
def test_more_buildings_never_show_more(seed, direction_deg, hfov_deg):
    rng = np.random.default_rng(seed)
    footprints = houses(rng, 20)
    tops_m = rng.choice([np.nan, 2.5, 3.0, 9.0], len(footprints))
    few = field(footprints[:-5], direction_deg, hfov_deg, tops_m=tops_m[:-5])
    all_of_them = field(footprints, direction_deg, hfov_deg, tops_m=tops_m)
    assert all_of_them.difference(few).area < 1e-3 * max(few.area, 1)


@laws
@given(seeds, angles, st.floats(5, 360), st.floats(-180, 180), st.floats(-1e6, 1e6))
def test_moving_everything_changes_nothing(seed, direction_deg, hfov_deg, turn_deg, shift_m):
    footprints = houses(np.random.default_rng(seed), 20)
    here = field(footprints, direction_deg, hfov_deg, near_m=2)
    turned = affinity.rotate(shapely.GeometryCollection(list(footprints)), -turn_deg, origin=(0, 0))
    moved = affinity.translate(turned, shift_m, -shift_m)
    there = field(
        np.array(moved.geoms, dtype=object), (direction_deg + turn_deg) % 360, hfov_deg,
        near_m=2, x_m=shift_m, y_m=-shift_m,
    )  # fmt: skip
    back = affinity.rotate(affinity.translate(there, -shift_m, shift_m), turn_deg, origin=(0, 0))
    assert shapely.symmetric_difference(back, here).area < 5e-4 * max(here.area, 1)


@laws
@given(seeds, angles, st.floats(10, 360))
def test_two_half_sectors_are_the_whole(seed, direction_deg, hfov_deg):
    footprints = houses(np.random.default_rng(seed), 20)
    whole = field(footprints, direction_deg, hfov_deg)
    halves = [field(footprints, (direction_deg + side * hfov_deg / 4) % 360, hfov_deg / 2)
              for side in (-1, 1)]  # fmt: skip
    assert shapely.intersection(*halves).area < 1e-6 * whole.area
    both = shapely.union(*halves)
    assert shapely.symmetric_difference(both, whole).area < 5e-4 * max(whole.area, 1)


@pytest.mark.parametrize("buildings", [1, 40])
def test_a_batch_equals_its_cameras_one_by_one(buildings):
    rng = np.random.default_rng(3)
    footprints = houses(rng, buildings)
    obstacles = Obstacles.of(footprints, np.full(len(footprints), np.nan))
    x_m, y_m = rng.uniform(-60, 60, (2, 30))
    many = views(30, rng.uniform(0, 360, 30), 100.0, 1.0, x_m=x_m, y_m=y_m)
    batch = fields(many, obstacles, **RULE)
    for nth in range(30):
        alone = fields(many.take(np.array([nth])), obstacles, **RULE)
        assert shapely.equals_exact(alone.polygons[0, 0], batch.polygons[nth, 0], 1e-9)
        assert alone.stands[0] == batch.stands[nth]
