"""Ranking and yearly class by evaluations, worked by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from gis import policy
from gis.errors import BadPolicy
from gis.ranking import analysis
from gis.ranking.rules import RankingRules

WEIGHTS = {"satisfaction": 0.4, "problems_fixed": 0.3, "media": 0.1, "inspection": 0.2}
RULES = RankingRules("t", WEIGHTS, demonstration_min=90, standard_min=60, years_below=2)
BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"


def _scores(**by_code) -> pd.DataFrame:
    rows = [
        (code, measure, float(score))
        for code, scores in by_code.items()
        for measure, score in zip(WEIGHTS, scores, strict=True)
        if score is not None
    ]
    return pd.DataFrame(rows, columns=["code", "measure", "score"])


def test_the_total_is_the_weighted_sum():
    found = analysis.ranked(_scores(a=(90, 80, 70, 60)), weights=WEIGHTS)
    assert found["total"].tolist() == pytest.approx([36 + 24 + 7 + 12])


def test_equal_totals_share_the_better_rank():
    scores = _scores(a=(80,) * 4, b=(90,) * 4, c=(80,) * 4, d=(70,) * 4)
    found = analysis.ranked(scores, weights=WEIGHTS)
    assert list(zip(found["code"], found["rank"], strict=True)) == [
        ("b", 1), ("a", 2), ("c", 2), ("d", 4),
    ]  # fmt: skip


def test_whoever_was_not_evaluated_in_full_is_not_ranked():
    found = analysis.ranked(_scores(a=(99, 99, 99, None), b=(50,) * 4), weights=WEIGHTS)
    assert found["code"].tolist() == ["b", "a"]
    assert found["rank"].tolist()[0] == 1
    assert np.isnan(found["rank"].tolist()[1])
    assert found["missing"].tolist() == ["", "inspection"]


def test_a_measure_that_weighs_nothing_may_be_missing():
    weights = {**WEIGHTS, "media": 0.0, "satisfaction": 0.5}
    found = analysis.ranked(_scores(a=(80, 80, None, 80)), weights=weights)
    assert found["total"].tolist() == pytest.approx([80])


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_ranks_are_those_of_scipy(values):
    scores = _scores(**{f"c{n:02}": (value,) * 4 for n, value in enumerate(values)})
    found = analysis.ranked(scores, weights=WEIGHTS).sort_values("code")
    assert found["rank"].tolist() == rankdata([-v for v in values], method="min").tolist()


def test_classes_reach_their_limits():
    total = np.array([90.0, 89.9, 60.0, 59.9, 95.0, np.nan])
    quarters = np.array([4, 4, 4, 4, 3, 4])
    assert analysis.classes(total, quarters, rules=RULES).tolist() == [
        "demonstration", "standard", "standard", "below", "unknown", "unknown",
    ]  # fmt: skip


def test_a_total_of_exactly_the_limit_reaches_it():
    # 0.4 · 50 + 0.3 · 51 + 0.1 · 93 + 0.2 · 77 = 20 + 15.3 + 9.3 + 15.4 = 60
    quarter = analysis.ranked(_scores(a=(50, 51, 93, 77)), weights=WEIGHTS)
    year = analysis.year_totals([quarter] * 4)
    found = analysis.classes(year["total"].to_numpy(), year["quarters"].to_numpy(), rules=RULES)
    assert found.tolist() == ["standard"]


def test_a_year_is_the_mean_of_its_quarters():
    quarters = [
        analysis.ranked(_scores(a=(score,) * 4, b=(50, 50, 50, None)), weights=WEIGHTS)
        for score in (60, 70, 80, 90)
    ]
    found = analysis.year_totals(quarters).set_index("code")
    assert found.loc["a"].tolist() == pytest.approx([75, 4])
    assert np.isnan(found.loc["b", "total"])
    assert found.loc["b", "quarters"] == 0


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("standard", "below", "below"), 2),
        (("below", "standard", "below"), 1),
        (("below", "unknown", "below"), 1),
        (("below", "below", "standard"), 0),
    ],
)
def test_only_years_in_a_row_take_the_name(classes, expected):
    history = pd.DataFrame({"code": "a", "year": [2024, 2025, 2026], "year_class": classes})
    assert analysis.years_below(history)["a"] == expected


def test_the_built_in_policy_is_consistent():
    rules = RankingRules.of(policy.load(BUILTIN))
    assert sum(rules.weights.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "changed",
    [{"weights": {**WEIGHTS, "media": 0.2}}, {"standard_min": 95}, {"years_below": 0}],
)
def test_rules_that_contradict_themselves_are_refused(changed):
    asked = {"version": "t", "weights": WEIGHTS, "demonstration_min": 90, "standard_min": 60,
             "years_below": 2}  # fmt: skip
    with pytest.raises(BadPolicy):
        RankingRules(**{**asked, **changed})
