"""Ground that at least 1, 2, 3 ... cameras see at once, against faces cut out and counted."""

import numpy as np
import pytest
import shapely
from shapely import box

from gis.video.ground.coverage import Seen, coverage

DEEPEST = 5


def depths_m2(ground, fields, working=None):
    """At least 1 … 5 deep: what a run finds of one compound."""
    n = len(fields)
    none = np.full((n, 1), shapely.MultiPolygon(), dtype=object)
    works = np.full(n, True) if working is None else np.array(working)
    seen = Seen(np.array(fields, dtype=object)[:, None], none, works, np.full(n, False))
    found, _ = coverage(np.array([ground], dtype=object), seen, deepest=DEEPEST)
    return [found.seen_m2[0, 0], found.seen_twice_m2[0, 0], *found.seen_deeper_m2[0, 0]]


def counted_m2(ground, fields):
    """The same by cutting the ground into faces along all outlines and counting fields on each."""
    lines = shapely.union_all([shapely.boundary(one) for one in [ground, *fields]])
    faces = shapely.get_parts(shapely.polygonize([lines]))
    inside = shapely.point_on_surface(faces)
    faces, inside = (some[shapely.contains(ground, inside)] for some in (faces, inside))
    deep = sum(shapely.contains(one, inside).astype(int) for one in fields)
    return [float(shapely.area(faces[deep >= k]).sum()) for k in range(1, DEEPEST + 1)]


def block(rng):
    """A courtyard of 60 m with houses, and sectors of 8 to 40 m from anywhere round it."""
    x, y = rng.uniform(0, 50, (2, 8))
    ground = box(0, 0, 60, 60) - shapely.union_all(shapely.box(x, y, x + 9, y + 6))
    cameras = rng.integers(3, 15)
    place = shapely.points(rng.uniform(-10, 70, (cameras, 2)))
    reach_m = rng.uniform(8, 40, cameras)
    wedge = [
        shapely.Polygon([(p.x, p.y), *(
            (p.x + 90 * np.cos(a), p.y + 90 * np.sin(a)) for a in turn + np.linspace(0, 1.6, 5)
        )]) for p, turn in zip(place, rng.uniform(0, 6, cameras), strict=True)
    ]  # fmt: skip
    return ground, list(shapely.intersection(shapely.buffer(place, reach_m), wedge))


def test_boxes_on_boxes_are_what_they_overlap():
    """Four on ten by ten: 100 by one, 50 by two, 25 by three, 5 by four; a fifth is down."""
    sizes = [(10, 10), (5, 10), (5, 5), (1, 5), (9, 9)]
    fields = [box(0, 0, *size) for size in sizes]
    found = depths_m2(box(-1, -1, 11, 11), fields, [True, True, True, True, False])
    assert found == pytest.approx([100, 50, 25, 5, 0], abs=1e-9)


def test_courtyards_and_two_pieces_of_one_field_are_counted_once():
    ring = box(0, 0, 30, 30) - box(10, 10, 20, 20)
    fields = [ring, box(0, 0, 30, 30), shapely.union(box(2, 2, 8, 28), box(22, 2, 28, 28))]
    assert depths_m2(box(0, 0, 30, 30), fields) == pytest.approx([900, 800, 312, 0, 0], abs=1e-9)


def test_every_depth_is_what_counted_faces_say():
    deep = 0.0
    for seed in range(40):
        ground, fields = block(np.random.default_rng(seed))
        found, expected = depths_m2(ground, fields), counted_m2(ground, fields)
        assert found[:2] == pytest.approx(expected[:2], abs=1e-6 * ground.area)
        assert found == pytest.approx(expected, abs=5e-4 * ground.area)
        deep += expected[3]
    assert deep > 1_000


def test_compounds_are_told_apart():
    """Each of two compounds counts its own fields, the deep one and the one nobody sees."""
    fields = np.array([box(0, 0, 4, 4)] * 3, dtype=object)[:, None]
    none = np.full((3, 1), shapely.MultiPolygon(), dtype=object)
    seen = Seen(fields, none, np.full(3, True), np.full(3, False))
    ground = np.array([box(50, 0, 60, 9), box(0, 0, 4, 2), box(2, 2, 9, 9)], dtype=object)
    found, _ = coverage(ground, seen, deepest=DEEPEST)
    assert found.seen_deeper_m2[:, 0] == pytest.approx(np.array([[0, 0, 0], [8, 0, 0], [4, 0, 0]]))
