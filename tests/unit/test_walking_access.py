"""Walks along streets, by hand: metres straight to a corner, along, and straight to the door."""

import numpy as np
import pytest
import shapely
from scipy.sparse.csgraph import floyd_warshall

from gis.walking.access import WalkRules, Walks, reached_share
from gis.walking.analysis import network

RULES = WalkRules(minutes=15.0, walking_m_per_s=1.1, beside_street_m=150.0)
# Two parallel streets 100 m apart, joined only at their west end: a river without a bridge.
STREETS = network(
    shapely.from_wkt([
        "LINESTRING (0 0, 300 0, 600 0, 900 0)",
        "LINESTRING (0 100, 300 100, 600 100, 900 100)",
        "LINESTRING (0 0, 0 100)",
    ])
)  # fmt: skip
DOOR = np.array([[600.0, 110.0]])  # 10 m beside a corner of the northern street


def _walk(*homes, targets=DOOR, reach_m=RULES.reach_m):
    return _walks(homes, targets, reach_m).nearest_m()


def _walks(homes, targets, reach_m=RULES.reach_m):
    return Walks(np.array(homes), targets, STREETS, reach_m=reach_m, beside_m=150.0)


def test_fifteen_minutes_are_990_metres():
    assert RULES.reach_m == pytest.approx(990.0)


def test_a_walk_goes_along_the_street_and_to_the_door():
    """300 m west: 20 m to the corner, 300 m along, 10 m to the door."""
    assert _walk([300.0, 120.0]) == pytest.approx([330.0])


def test_who_lives_across_the_river_walks_round_and_is_not_reached_by_a_circle():
    """120 m as the crow flies; 600 + 100 + 600 m along the streets."""
    assert np.isinf(_walk([600.0, -10.0]))[0]
    assert _walk([600.0, -10.0], reach_m=2000.0) == pytest.approx([1320.0])
    assert np.hypot(0.0, 120.0) < RULES.reach_m


def test_the_reach_is_inclusive_and_counts_both_ends():
    """25 m to the street, 600 m along, 10 m to the door."""
    assert _walk([0.0, 125.0], reach_m=635.0) == pytest.approx([635.0])
    for reach_m in (634.9, 609.9):  # too short for all of it, and for the street and the door
        assert np.isinf(_walk([0.0, 125.0], reach_m=reach_m))[0]


def test_the_nearest_of_several_counts_and_none_reaches_nobody():
    two = np.array([[600.0, 110.0], [300.0, 100.0]])
    assert _walk([0.0, 100.0], targets=two) == pytest.approx([300.0], abs=0.01)
    assert np.isinf(_walk([0.0, 100.0], targets=np.empty((0, 2))))[0]


def test_a_nearer_door_in_another_area_does_not_count_as_ones_own():
    doors = np.array([[600.0, 110.0], [300.0, 110.0], [0.0, 90.0]])
    found = _walks([[300.0, 120.0]] * 3, doors).nearest_in_own_m(
        np.ones(3, dtype=bool),
        origin_area=np.array(["a", "c", None], dtype=object),
        target_area=np.array(["a", "b", "b"], dtype=object),
    )  # fmt: skip
    # 20 + 300 + 10 m to the own door, though one of b is 30 m away; c has none, None is nowhere
    assert found.tolist() == [pytest.approx(330.0), np.inf, np.inf]


def test_what_lies_far_from_every_street_is_not_on_the_network():
    assert _walks([[300.0, 300.0], [300.0, 120.0]], DOOR).beside.tolist() == [False, True]
    assert np.isinf(_walk([300.0, 300.0]))[0]


def test_unknown_households_count_nothing():
    assert reached_share(np.array([5.0, np.inf, 9.0]), np.array([10.0, 30.0, np.nan])) == 0.25
    assert reached_share(np.array([5.0]), np.array([np.nan])) is None


def test_walks_in_ones_own_area_are_those_of_all_pairs():
    """Against the shortest ways between all corners, of a street grid with gaps."""
    random = np.random.default_rng(5)
    across = [f"LINESTRING ({x} {y}, {x + 100} {y})" for x in range(0, 900, 100)
              for y in range(0, 1000, 100)]  # fmt: skip
    along = [f"LINESTRING ({x} {y}, {x} {y + 100})" for x in range(0, 1000, 100)
             for y in range(0, 900, 100)]  # fmt: skip
    kept = random.permutation(across + along)[:120]
    streets = network(shapely.from_wkt(kept))
    homes, doors = random.uniform(0, 900, (60, 2)), random.uniform(0, 900, (25, 2))
    home_area, door_area = (
        np.array(list("abc"), dtype=object)[(places[:, 0] // 300).astype(int)]
        for places in (homes, doors)
    )
    between = floyd_warshall(streets.lengths, directed=False)
    from_m, first = streets.tree.query(homes)
    to_m, last = streets.tree.query(doors)
    total = from_m[:, None] + between[np.ix_(first, last)] + to_m
    total[(home_area[:, None] != door_area) | (total > 400.0)] = np.inf
    found = Walks(homes, doors, streets, reach_m=400.0, beside_m=150.0).nearest_in_own_m(
        np.ones(25, dtype=bool), origin_area=home_area, target_area=door_area
    )
    assert 10 < np.isfinite(found).sum() < 60
    assert found == pytest.approx(total.min(axis=1))
