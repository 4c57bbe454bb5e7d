"""Colours, small compounds, household months, data quality and the rules, on cases done by hand."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import reference as reference_files
from gis import policy
from gis.errors import BadPolicy
from gis.safety import colours, exposure, quality, small
from gis.safety.communities import safe_communities
from gis.safety.model import Category
from gis.safety.rules import GREEN, RED, UNRATED, YELLOW, RatingRules

POLICY = policy.load(Path(reference_files.__file__).parent / "policy.toml")
VALUES = (POLICY.version, POLICY.source("SAF-1"), POLICY.rule("SAF-1"), POLICY.rule("SAF-3"))
RULES = RatingRules.from_values(*VALUES)


def coloured(
    p_red: float, p_amber: float, previous: str = "", observed: int = 9, *, together: bool = False
) -> str:
    one = np.array
    found = colours.colours(
        one([p_red]),
        one([p_amber]),
        observed=one([observed]),
        together=one([together]),
        previous=one([previous]),
        rules=RULES,
    )
    return str(found[0])


# -- rules --------------------


def test_the_policy_file_makes_the_rules():
    assert RULES.window_months == 24
    assert (RULES.red_enter, RULES.red_relative_risk) == (0.8, 1.5)
    assert RULES.counted_apart == ("telecom_fraud",)


def test_severe_events_and_categories_apart_are_known_words():
    assert set(RULES.counted_apart) <= set(Category)
    assert set(RULES.severe_lift) - {"fatal_fire"} <= set(Category)


@pytest.mark.parametrize(
    "change",
    [
        {"red_leave": 0.9},
        {"yellow_to_green_red": 0.3},
        {"green_max_amber": 0.7},
        {"amber_relative_risk": 2.0},
        {"window_months": 2},
        {"severe_lift_colour": "green"},
        {"severe_lift_red_count": 0},
        {"no_such_value": 1},
    ],
)
def test_contradictions_are_refused(change):
    with pytest.raises(BadPolicy, match="SAF-1"):
        RatingRules.from_values(*VALUES[:2], VALUES[2] | change, VALUES[3])


def test_a_missing_value_is_named():
    short = {name: value for name, value in VALUES[2].items() if name != "red_enter"}
    with pytest.raises(BadPolicy, match="missing value red_enter"):
        RatingRules.from_values(*VALUES[:2], short, VALUES[3])


# -- colours: every line of docs/methods/safety.md, section "Colours" --------------------


@pytest.mark.parametrize(
    ("p_red", "p_amber", "previous", "wanted"),
    [
        (0.80, 0.99, "", RED), (0.79, 0.99, "", YELLOW),
        (0.19, 0.49, "", GREEN), (0.19, 0.50, "", YELLOW), (0.20, 0.49, "", YELLOW),
        (0.50, 0.90, RED, RED), (0.49, 0.90, RED, YELLOW), (0.00, 0.00, RED, YELLOW),
        (0.34, 0.64, GREEN, GREEN), (0.35, 0.60, GREEN, YELLOW), (0.30, 0.65, GREEN, YELLOW),
        (0.80, 0.99, GREEN, RED), (0.80, 0.99, YELLOW, RED),
        (0.09, 0.39, YELLOW, GREEN), (0.10, 0.39, YELLOW, YELLOW), (0.09, 0.40, YELLOW, YELLOW),
        (0.19, 0.49, UNRATED, GREEN),
    ],
)  # fmt: skip
def test_thresholds_and_hysteresis(p_red, p_amber, previous, wanted):
    assert coloured(p_red, p_amber, previous) == wanted


def test_one_case_makes_nothing_red():
    assert coloured(0.99, 1.0, observed=1) == YELLOW
    assert coloured(0.99, 1.0, RED, observed=1) == YELLOW
    assert coloured(0.99, 1.0, observed=2) == RED


probability = st.floats(0, 1)


@given(probability, probability, st.integers(0, 9), st.sampled_from([GREEN, YELLOW, RED, ""]))
def test_red_never_turns_green_and_more_risk_never_helps(p_red, p_amber, observed, previous):
    p_amber = max(p_red, p_amber)
    order = [GREEN, YELLOW, RED]
    now = coloured(p_red, p_amber, previous, observed)
    assert not (previous == RED and now == GREEN)
    worse = coloured(min(1, p_red + 0.1), min(1, p_amber + 0.1), previous, observed + 1)
    assert order.index(worse) >= order.index(now)


@pytest.mark.parametrize(
    ("colour", "events", "wanted"),
    [
        (GREEN, 0, GREEN), (GREEN, 1, YELLOW), (YELLOW, 1, YELLOW), (RED, 1, RED),
        (GREEN, 2, RED), (YELLOW, 2, RED), (UNRATED, 2, UNRATED),
    ],
)  # fmt: skip
def test_severe_events_lift_and_never_lower(colour, events, wanted):
    found = colours.lifted(np.array([colour]), np.array([events]), rules=RULES)
    assert found.tolist() == [wanted]


# -- small compounds --------------------


def grouped(households, pairs, *, kinds=None, is_small=None):
    n = len(households)
    return small.rated_together(
        small=np.full(n, True) if is_small is None else np.array(is_small),
        households=np.array(households, dtype=float),
        peer_group=np.array(kinds or ["old"] * n),
        neighbours=np.array(pairs, dtype=np.int64).reshape(-1, 2),
        min_households=50,
    ).tolist()


def test_small_neighbours_are_joined_until_they_hold_enough():
    assert grouped([30, 30, 30], [(0, 1), (1, 2)]) == [0, 0, 0]  # the third joins what is complete
    assert grouped([10, 10, 10], [(0, 1), (1, 2)]) == [-1, -1, -1]
    assert grouped([30, 30], []) == [-1, -1]


def test_a_chain_falls_into_two_groups():
    assert grouped([30, 30, 30, 30], [(0, 1), (1, 2), (2, 3)]) == [0, 0, 2, 2]


def test_only_small_ones_of_the_same_kind_join():
    assert grouped([30, 30], [(0, 1)], kinds=["old", "urban_village"]) == [-1, -1]
    assert grouped([30, 400], [(0, 1)], is_small=[True, False]) == [-1, -1]


@given(st.data())
def test_groups_do_not_depend_on_how_the_neighbours_are_listed(data):
    n = data.draw(st.integers(2, 12))
    households = data.draw(st.lists(st.integers(1, 49), min_size=n, max_size=n))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    pairs = data.draw(st.lists(pair, max_size=30))
    found = grouped(households, pairs)
    turned = [(b, a) for a, b in reversed(pairs)]
    assert grouped(households, turned + pairs) == found
    for head in set(found) - {-1}:
        members = [row for row, group in enumerate(found) if group == head]
        assert head == members[0] or head in members
        assert sum(households[row] for row in members) >= 50
        reached, edge = {head}, [head]
        while edge:
            at = edge.pop()
            near = {b for a, b in pairs + turned if a == at and found[b] == head} - reached
            reached |= near
            edge += near
        assert reached == set(members)


# -- households per month --------------------


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def test_a_count_holds_until_the_next_one():
    months = [date(2026, month, 1) for month in (1, 2, 3, 4)]
    found = exposure.households_by_month(
        row=np.array([0, 0, 1, 2, 2]),
        counted_on=days("2026-03-31", "2026-02-10", "NaT", "NaT", "2026-04-30"),
        households=np.array([120.0, 100.0, 70.0, 1.0, 80.0]),
        months=months,
        compounds=4,
    )
    assert found[0].tolist() == [100, 100, 120, 120]  # before the first count: that count
    assert found[1].tolist() == [70] * 4  # undated only
    assert found[2].tolist() == [80] * 4  # a dated count beats an undated one
    assert np.isnan(found[3]).all()


def test_a_household_count_is_out_of_date_after_a_year_and_before_its_day():
    counted = days("2025-09-29", "2025-09-30", "2026-09-30", "2026-10-01", "NaT")
    found = exposure.out_of_date(counted, as_of=date(2026, 9, 30), months=12)
    assert found.tolist() == [True, False, False, True, True]
    leap = exposure.out_of_date(
        days("2023-02-28", "2023-02-27"), as_of=date(2024, 2, 29), months=12
    )
    assert leap.tolist() == [False, True]


# -- data quality --------------------


def test_grades():
    notes = {note: np.zeros(4, dtype=bool) for note in quality.NOTES}
    notes[quality.STALE_HOUSEHOLDS][1:3] = True
    notes[quality.SHORT_WINDOW][2] = True
    notes[quality.REPORTING_GAP][3] = True
    assert quality.grades(notes).tolist() == ["A", "B", "C", "C"]
    assert quality.noted(notes)[2] == "stale_households, short_window"


def test_the_longest_silence_is_the_one_in_which_most_was_expected():
    monthly = np.array([[0, 0, 3, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
    expected = np.array([[5.0, 5, 1, 1, 1, 1], [1.0] * 6])
    months, mass = quality.silent_run(monthly, expected)
    assert months.tolist() == [2, 0]
    assert mass.tolist() == [10, 0]


def silent(quiet_months: int, per_month: float = 1.0) -> bool:
    monthly = np.full((1, 24), round(per_month))
    monthly[0, 10 : 10 + quiet_months] = 0
    found = quality.implausible_silence(
        monthly, np.full((1, 24), per_month), nu=np.array([2.943]), alpha=np.array([2.896]),
        min_months=2, tail=0.01,
    )  # fmt: skip
    return bool(found[0])


def test_a_silence_counts_only_where_incidents_were_due():
    assert not silent(1, per_month=100)  # one month is not a gap
    assert silent(2, per_month=100)
    assert not silent(4)  # 24 * (22.896 / 26.896) ** 22.943 = 0.60
    assert silent(12)  # 24 * (14.896 / 26.896) ** 14.943 = 0.0036


def test_the_chance_of_a_silence_agrees_with_draws():
    rng = np.random.default_rng(1)
    theta = rng.gamma(2.943 + 12, 1 / (2.896 + 12), 2_000_000)
    chance = 24 * np.exp(-theta * 12).mean()
    assert chance == pytest.approx(24 * (14.896 / 26.896) ** 14.943, rel=0.02)


# -- communities --------------------


def test_safe_and_demonstration_communities():
    colour = np.array([GREEN, GREEN, GREEN, YELLOW, RED, GREEN, UNRATED])
    area = np.array(["a", "a", "b", "b", "c", "c", "d"])
    found = safe_communities(colour, area, rules=RULES)
    assert (found.communities, found.safe, found.demonstration) == (3, 2, 1)
    assert found.met is False  # two thirds are fewer than 95 %
    assert safe_communities(colour[6:], area[6:], rules=RULES).met is None
    assert safe_communities(colour[:2], area[:2], rules=RULES).met is True


@pytest.mark.parametrize(
    ("safe", "shown", "met"), [(19, 5, True), (18, 5, False), (19, 4, False), (20, 20, True)]
)
def test_shares_that_reach_their_limits_meet_the_rule(safe, shown, met):
    """Of 20 communities of one compound each: 19 are 95 %, 5 are 25 %."""
    colour = np.array([GREEN] * shown + [YELLOW] * (safe - shown) + [RED] * (20 - safe))
    area = np.array([f"c{n:02}" for n in range(20)])
    assert safe_communities(colour, area, rules=RULES).met is met
