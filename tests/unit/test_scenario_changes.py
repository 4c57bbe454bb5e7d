"""What a scenario does to the register's frames, by hand; the frames given stay as they were."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.facilities.analysis import coverage
from gis.facilities.board import Costs
from gis.facilities.rules import CoverageRules, Floor
from gis.scenarios.analysis import Change, applied, compared, cost_yuan, placed
from gis.scenarios.nearness import turned
from gis.walking.access import best_of
from gis.walking.analysis import network

A, B = "530102001001", "530102001002"
OFF = Floor("FAC-2", False, 500.0, "S3")
RULES = CoverageRules(30.0, frozenset({"culture"}), "S0", OFF, OFF, frozenset())


@pytest.fixture
def facilities():
    plain = {"name": "馆", "grid_code": None, "function": "culture", "provision": None,
             "ownership": None, "status": "open", "storeys": np.nan, "is_open": True,
             "footprint_m2": np.nan}  # fmt: skip
    return pd.DataFrame([
        {"facility": "F1", "area_code": A, "floor_area_m2": 400.0, **plain},
        {"facility": "F2", "area_code": B, "floor_area_m2": 100.0, **plain},
    ])  # fmt: skip


@pytest.fixture
def shares():
    return pd.DataFrame({"facility": [], "area_code": [], "share": []}).astype({"share": float})


@pytest.fixture
def subjects():
    """1,000 households each: 300 m² are required in each."""
    plain = {"subject_kind": "community", "parent_code": None, "newly_built": None,
             "households": 1000.0, "households_as_of": None}  # fmt: skip
    rows = [plain | {"subject_code": code, "area_code": code, "name": code} for code in (A, B)]
    return pd.DataFrame(rows).astype({"newly_built": object})


@pytest.mark.parametrize(
    ("change", "area_m2", "met"),
    [
        (Change("add", "S", B, {"name": "新", "function": "culture", "floor_area_m2": 250.0}),
         {A: 400, B: 350}, {A, B}),
        (Change("close", "F1", A, {}), {A: 0, B: 100}, set()),
        (Change("move", "F1", B, {}), {A: 0, B: 500}, {B}),
        (Change("share", "F1", A, {"shares": {B: 0.25}}), {A: 300, B: 200}, {A}),
        (Change("resize", "F2", B, {"floor_area_m2": 300.0}), {A: 400, B: 300}, {A, B}),
    ],
)  # fmt: skip
def test_each_change_moves_the_area_it_says(facilities, shares, subjects, change, area_m2, met):
    before = facilities.copy()
    rows, parts = applied(facilities, shares, [change])
    then = compared(
        coverage(subjects, facilities, shares, RULES), coverage(subjects, rows, parts, RULES)
    ).set_index("code")
    assert then["floor_area_m2_then"].to_dict() == area_m2
    assert set(then.index[then["verdict_then"] == "met"]) == met
    pd.testing.assert_frame_equal(facilities, before)


def test_a_share_leaves_the_other_shares_and_replaces_its_own(facilities, shares):
    registered = pd.DataFrame({"facility": ["F1", "F2"], "area_code": [B, A], "share": [0.2, 0.4]})
    again = [Change("share", "F1", A, {"shares": {"C": 0.5}}),
             Change("share", "F1", A, {"shares": {B: 0.1}})]  # fmt: skip
    _, parts = applied(facilities, registered, again)
    kept = parts.set_index(["facility", "area_code"])["share"].to_dict()
    assert kept == {("F2", A): 0.4, ("F1", "C"): 0.5, ("F1", B): 0.1}
    _, parts = applied(facilities, shares, again)
    assert len(parts) == 2


def test_a_scenario_costs_what_it_adds_and_nothing_for_what_it_closes(facilities):
    costs = Costs(yuan_per_m2=6000.0, fixed_yuan=300_000.0)
    changes = [
        Change("add", "S", B, {"floor_area_m2": 100.0}),  # 900,000
        Change("resize", "F2", B, {"floor_area_m2": 150.0}),  # 50 m² more: 300,000
        Change("resize", "F1", A, {"floor_area_m2": 10.0}),  # smaller: nothing
        Change("close", "F1", A, {}),
    ]
    assert cost_yuan(facilities, changes, costs) == 1_200_000.0


def test_what_is_estimated_today_is_not_paid_for_again(facilities):
    unmeasured = facilities.assign(
        floor_area_m2=[np.nan, 100.0], footprint_m2=[200.0, np.nan], storeys=[2.0, np.nan]
    )
    grows = [Change("resize", "F1", A, {"floor_area_m2": 500.0})]
    assert cost_yuan(unmeasured, grows, Costs(6_000.0, 300_000.0)) == 600_000.0  # 100 m² more


# -- walks --------------------


@pytest.fixture
def stations():
    """Two stations of one function, a kilometre apart."""
    rows = {"facility": ["S1", "S2"], "function": "culture", "area_code": [A, B]}
    points = [shapely.Point(102.70, 25.0), shapely.Point(102.71, 25.0)]
    return gpd.GeoDataFrame(rows, geometry=points, crs=4326).rename_geometry("geom")


def test_a_merged_station_is_gone_and_a_new_one_stands_at_its_place(stations):
    spot = shapely.Point(102.705, 25.0)
    new = {"function": "culture", "floor_area_m2": 1.0}
    merged = [
        *(Change("close", one, A, {}) for one in ("S1", "S2")),
        Change("add", "N", A, new, spot),
        Change("resize", "N", A, {"floor_area_m2": 2.0}),
    ]
    found, nowhere = placed(stations, merged)
    assert found["facility"].tolist() == ["N"]
    assert found.geometry.iloc[0].equals(spot)
    assert nowhere == 0


def test_what_is_moved_to_nowhere_is_counted_and_walked_to_by_nobody(stations):
    nowhere, there = Change("move", "S2", A, {}), Change("move", "S2", A, {}, shapely.Point(1, 2))
    found, count = placed(stations, [nowhere])
    assert (found["facility"].tolist(), count) == (["S1"], 1)
    for changes in ([there], [nowhere, there]):
        moved, count = placed(stations, changes)
        assert (moved.geometry.iloc[1].coords[0], count) == ((1, 2), 0)
    gone, count = placed(stations, [nowhere, Change("close", "S2", A, {})])
    assert (gone["facility"].tolist(), count) == (["S1"], 0)


def test_reach_won_is_nearer_reach_lost_is_farther_and_never_reached_is_neither():
    today = np.array([100.0, 100.0, np.inf, 300.0, np.inf])
    then = np.array([100.5, np.inf, np.inf, 200.0, 900.0])
    nearer, farther = turned(today, then)
    assert nearer.tolist() == [False, False, False, True, True]
    assert farther.tolist() == [False, True, False, False, False]


def street(*corners):
    return network(shapely.segmentize(np.array([shapely.LineString(corners)]), 20.0))


def best(at, households, streets, reach_m=2_000.0):
    return best_of(
        np.array(at, dtype=float), np.array(households, dtype=float), streets, reach_m=reach_m,
        beside_m=150.0,
    )  # fmt: skip


def test_a_station_stands_where_the_households_walk_least():
    """Along one street, by hand: 10, 10 and 10 households walk 11, 10 and 19 km in all."""
    at, along = [(0, 0), (100, 0), (1000, 0)], street((0, 0), (1000, 0))
    for households, walked_m in (([10, 10, 10], [11_000, 10_000, 19_000]),
                                 ([10, 10, 25], [26_000, 23_500, 19_000])):  # fmt: skip
        sums = [
            sum(abs(x - here) * n for (x, _), n in zip(at, households, strict=True))
            for here, _ in at
        ]
        assert sums == walked_m
        assert best(at, households, along) == np.argmin(sums)
    assert best(at, [np.nan, 10, np.nan], None) == 1


def test_whom_it_reaches_comes_before_how_far_they_walk():
    """From the middle only itself and one end are in reach; from that end the most households."""
    at, along = [(0, 0), (900, 0), (1800, 0)], street((0, 0), (1800, 0))
    assert best(at, [100, 1, 50], along, reach_m=1_000) == 1  # 151 of 151, the ends reach fewer
    assert best(at, [100, 1, 50], along, reach_m=800) == 0  # each only itself


def test_a_compound_off_the_streets_or_on_a_street_apart_is_no_place_for_a_station():
    """Round a bay: straight lines would say the middle of it, where nobody can walk to."""
    bay = street((0, 0), (0, -1000), (1000, -1000), (1000, 0))
    homes = [(0, 0), (1000, 0), (500, 500)]
    assert best(homes, [10, 11, 10], bay, reach_m=5_000) in (0, 1)
    apart = shapely.segmentize(
        np.array([shapely.LineString([(0, 0), (500, 0)]), shapely.LineString([(0, 50), (9, 50)])]),
        20.0,
    )
    assert best([(0, 50), (0, 0), (500, 0)], [10, 10, 10], network(apart)) == 1
