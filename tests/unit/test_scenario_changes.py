"""What a scenario does to the register's frames, by hand; the frames given stay as they were."""

import numpy as np
import pandas as pd
import pytest

from gis.facilities.analysis import coverage
from gis.facilities.board import Costs
from gis.facilities.rules import CoverageRules, Floor
from gis.scenarios.analysis import Change, applied, compared, cost_yuan

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
