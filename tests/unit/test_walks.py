"""The order of a walk and distances along streets."""

from itertools import permutations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.visits import analysis as visits
from gis.walking import analysis as walking

# A river from x = 0 to 100 at y = 50, one bridge at x = 100.
BANKS = np.array(
    [
        shapely.LineString([(0, 40), (50, 40), (100, 40)]),
        shapely.LineString([(0, 60), (50, 60), (100, 60)]),
        shapely.LineString([(100, 40), (100, 60)]),
    ]
)


def test_the_way_leads_over_the_bridge():
    streets = walking.network(BANKS)
    found, along = walking.between(np.array([[0.0, 40], [0, 60], [50, 45]]), streets, reach_m=150)
    assert along
    assert found[0, 1] == pytest.approx(220)  # 100 east, 20 north, 100 west
    assert found[0, 2] == pytest.approx(55)  # 50 along, 5 from the street
    assert np.array_equal(found, found.T)


def test_without_streets_nearby_the_straight_line_counts_and_is_said():
    places = np.array([[0.0, 40], [300, 440]])
    for streets in (None, walking.network(BANKS)):
        found, along = walking.between(places, streets, reach_m=150)
        assert not along
        assert found[0, 1] == pytest.approx(500)


def test_two_street_pieces_that_do_not_meet_lead_nowhere():
    found, along = walking.between(
        np.array([[0.0, 40], [0, 60]]), walking.network(BANKS[:2]), reach_m=150
    )
    assert not along
    assert found[0, 1] == pytest.approx(20)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=7))
def test_a_walk_begins_at_its_start_sees_all_and_is_near_the_shortest(points):
    xy = np.array(points, dtype=float)
    distance_m = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    walk = visits.order(distance_m)
    assert walk[0] == 0
    assert sorted(walk) == list(range(len(points)))
    shortest = min(
        visits.length_m([0, *rest], distance_m) for rest in permutations(range(1, len(points)))
    )
    assert visits.length_m(walk, distance_m) <= 2 * shortest + 1e-6
