"""The planner's board against sums done by hand."""

import numpy as np
import pandas as pd
import pytest

from gis.areas.levels import Level
from gis.facilities.board import Costs, board, cost_yuan

COSTS = Costs(yuan_per_m2=6000.0, fixed_yuan=300_000.0)
DISTRICT, STREET = "530102", "530102001"


def _row(code, kind, parent, gap_m2, **other):
    plain = {
        "name": code, "households": 1000.0, "facilities": 1, "floor_area_m2": 100.0,
        "estimated_m2": 0.0, "m2_per_100_households": 10.0, "required_m2": 300.0,
        "verdict": "below", "floor_rule": None, "floor_gap_m2": np.nan, "rule": "FAC-1",
        "reason_zh": "", "reason_en": "",
    }  # fmt: skip
    return {"subject_code": code, "subject_kind": kind, "parent_code": parent, "gap_m2": gap_m2,
            **plain, **other}  # fmt: skip


@pytest.fixture
def results():
    return pd.DataFrame([
        _row(DISTRICT, "district", None, 0.0),
        _row(STREET, "street", DISTRICT, 0.0),
        _row("530102001001", "community", STREET, 50.0),
        _row("530102001002", "community", STREET, 200.0),
        _row("530102001003", "community", STREET, 0.0, verdict="met"),
        _row("530102001004", "community", STREET, np.nan, households=np.nan, verdict="unknown"),
        _row("530102001001001", "grid", "530102001001", 900.0),
    ])  # fmt: skip


def test_nothing_to_build_costs_nothing_and_the_unknown_stays_unknown():
    assert cost_yuan(np.array([0.0, 100.0, np.nan]), COSTS).tolist()[:2] == [0.0, 900_000.0]
    assert np.isnan(cost_yuan(np.array([np.nan]), COSTS)[0])


def test_communities_come_by_need_and_the_unknown_one_last(results):
    found = board(results, COSTS, level=Level.COMMUNITY)
    assert found["code"].str[-3:].tolist() == ["002", "001", "003", "004"]
    assert found["cost_yuan"].tolist()[:3] == [1_500_000.0, 600_000.0, 0.0]


@pytest.mark.parametrize(("level", "code"), [(Level.STREET, STREET), (Level.DISTRICT, DISTRICT)])
def test_a_surplus_of_one_community_fills_no_gap_of_another(results, level, code):
    """The street as a whole meets the rule (gap 0), two of its communities lack 250 m²."""
    one = board(results, COSTS, level=level).iloc[0]
    assert (one["code"], one["gap_m2"]) == (code, 0.0)
    assert (one["to_build_m2"], one["short_communities"]) == (250.0, 2)
    assert one["cost_yuan"] == 2_100_000.0  # two facilities, not one
