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
from gis.walking.analysis import median_of, network

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
    found, nowhere = placed(stations, [Change("move", "S2", A, {})])
    assert (found["facility"].tolist(), nowhere) == (["S1"], 1)
    moved, nowhere = placed(stations, [Change("move", "S2", A, {}, shapely.Point(1, 2))])
    assert (moved.geometry.iloc[1].coords[0], nowhere) == ((1, 2), 0)


def test_reach_won_is_nearer_reach_lost_is_farther_and_never_reached_is_neither():
    today = np.array([100.0, 100.0, np.inf, 300.0, np.inf])
    then = np.array([100.5, np.inf, np.inf, 200.0, 900.0])
    nearer, farther = turned(today, then)
    assert nearer.tolist() == [False, False, False, True, True]
    assert farther.tolist() == [False, True, False, False, False]


def test_the_middle_of_homes_is_where_most_households_are_not_the_mean_of_places():
    """Along one street: 0, 100 and 1,000 m; by hand the walks from each sum to these."""
    line = shapely.segmentize(np.array([shapely.LineString([(0, 0), (1000, 0)])]), 20.0)
    at = np.array([[0.0, 0.0], [100.0, 0.0], [1000.0, 0.0]])
    few, many = np.array([10.0, 10.0, 10.0]), np.array([10.0, 10.0, 25.0])
    for households, sums in ((few, [11_000, 10_000, 19_000]), (many, [26_000, 23_500, 19_000])):
        walked = [(abs(at[:, 0] - here) * households).sum() for here in at[:, 0]]
        assert walked == sums
        assert median_of(at, households, network(line), beside_m=50.0) == np.argmin(sums)
    assert median_of(at, np.array([np.nan, 10.0, np.nan]), None, beside_m=50.0) == 1
