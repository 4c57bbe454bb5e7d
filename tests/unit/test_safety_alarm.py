"""The change alarm: published charts, plain simulation, and months worked by hand."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gis import policy
from gis.errors import BadPolicy
from gis.period import add_months
from gis.safety import reasons
from gis.safety.alarm import (
    Chart,
    chart_for,
    months_to_alarm,
    reference_value,
    sums,
    watch,
)
from gis.safety.rules import AlarmRules
from gis.safety.shrinkage import Prior

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"
RULES = AlarmRules.of(policy.load(BUILTIN))
AS_ITS_KIND = Prior(1e9, 1e9)  # every place has the rate of its peers
MONTHS = tuple(add_months(date(2024, 7, 1), month) for month in range(36))


def watched(counts, usual=0.5, prior=AS_ITS_KIND, **others):
    counts = np.array(counts, dtype=np.int64)
    given = {"months": MONTHS[-len(counts) :], "prior": prior, "rules": RULES} | others
    return watch(counts, np.full(len(counts), usual), **given)


@pytest.mark.parametrize(
    ("usual", "k", "h"), [(0.3, 0.43, 4.11), (1.0, 1.44, 5.11), (3.0, 4.33, 5.67)]
)
def test_the_charts_that_were_known_give_one_false_alarm_in_240_months(usual, k, h):
    """Theirs give 248, 258 and 254; ours are the lowest that give no fewer than 240."""
    known, ours = Chart(100, round(100 * k), round(100 * h)), chart_for(usual, RULES)
    assert round(reference_value(usual, shift=2.0), 2) == round(ours.k, 2) == k
    assert 240 <= months_to_alarm(usual, known) < 260
    assert 0.97 * h - 0.01 <= ours.h < h + 0.005
    lower = Chart(ours.steps, ours.k_steps, ours.h_steps - 1)
    assert months_to_alarm(usual, lower) < 240 <= months_to_alarm(usual, ours)


@pytest.mark.parametrize(("usual", "rate"), [(0.3, 0.3), (1.0, 1.0), (3.0, 3.0), (1.0, 2.0)])
def test_the_months_to_an_alarm_agree_with_draws(usual, rate):
    rng, chart = np.random.default_rng(20261127), chart_for(usual, RULES)
    above, lasted, month = np.zeros(6_000), np.zeros(6_000), 0
    while (running := lasted == 0).any():
        month += 1
        drawn = rng.poisson(rate, int(running.sum()))
        above[running] = np.maximum(above[running] + drawn - chart.k, 0)
        lasted[running & (above >= chart.h - 1e-9)] = month
    error = 4 * lasted.std() / np.sqrt(len(lasted))
    assert months_to_alarm(rate, chart) == pytest.approx(lasted.mean(), abs=error)


def test_the_sum_by_hand():
    """k = 1.5: -1.5 is 0, then +1.5, +1 (of 2.5), -0.5."""
    chart = Chart(2, 3, 8)
    found = sums(np.array([[0, 3, 4, 1], [1, 1, 1, 1]]), chart)
    assert (found / chart.steps).tolist() == [[0, 1.5, 4.0, 3.5], [0, 0, 0, 0]]


def test_a_rise_is_told_with_its_first_month_and_its_figures():
    """0.5 a month is usual: k 0.72; three months of 3 are 3 · 3 - 3 · 0.72 = 6.83 above it."""
    alarm = watched([1, 0] * 16 + [0] + [3, 3, 3])
    assert (alarm.since, alarm.last, alarm.months) == (date(2027, 4, 1), date(2027, 6, 1), 3)
    assert (alarm.observed, alarm.usual) == (9, pytest.approx(1.5))
    assert alarm.above == pytest.approx(9 - 3 * 0.5 / np.log(2), abs=0.02)
    assert alarm.above >= alarm.chart.h > 3.5


def test_two_quiet_months_more_and_the_rise_is_over():
    assert watched([1, 0] * 13 + [3, 3, 3] + [0] * 7) is None


def test_what_is_usual_is_what_happened_at_the_place_before():
    """Three a month are twice their peers' rate and usual here: no alarm; six are one."""
    of_its_own = Prior(1.0, 1.0)  # differs much from place to place
    assert watched([3] * 36, usual=1.5, prior=of_its_own) is None
    assert watched([3] * 32 + [6] * 4, usual=1.5, prior=of_its_own).since == date(2027, 3, 1)
    assert watched([3] * 36, usual=1.5) is not None


def test_a_place_that_always_lies_above_its_group_is_not_alarmed_by_the_groups_level():
    """Fully shrunken, every place is rated as its group; 3 a month are usual here all the same."""
    of_its_group = Prior(1.0, 1.0, full_shrinkage=True)
    assert watched([3] * 36, usual=1.5, prior=of_its_group) is None
    assert watched([3] * 32 + [9] * 4, usual=1.5, prior=of_its_group) is not None


def test_too_few_months_and_months_without_households_say_nothing():
    burst = [0] * 20 + [5, 5, 5]
    assert watched([0, *burst]) is not None  # 12 and 12
    assert watched(burst) is None
    assert watched([5] * 6) is None
    for gone in (slice(0, 24), slice(-1, None)):
        due = np.full(36, 0.5)
        due[gone] = 0
        counts = np.array([0] * 33 + [5, 5, 5])
        assert watch(counts, due, months=MONTHS, prior=AS_ITS_KIND, rules=RULES) is None


def test_one_incident_where_hardly_any_is_usual_is_no_alarm():
    assert watched([0] * 35 + [1], usual=1e-4) is None
    assert watched([0] * 35 + [3], usual=1e-4) is not None


def test_no_alarm_where_even_one_would_be_out_of_the_question():
    assert np.isinf(months_to_alarm(1000.0, chart_for(1000.0, RULES)))


TOLD = {  # docs/methods/safety.md: the share of places that are told of, by what happened there
    (1, 0): {150: 0.02, 300: 0.02, 1_000: 0.03, 3_000: 0.03},
    (2, 6): {150: 0.07, 300: 0.09, 1_000: 0.24, 3_000: 0.52},
    (3, 3): {150: 0.07, 300: 0.10, 1_000: 0.27, 3_000: 0.64},
    (3, 6): {150: 0.13, 300: 0.24, 1_000: 0.53, 3_000: 0.86},
}


@pytest.mark.slow
@pytest.mark.parametrize("households", [150, 300, 1_000, 3_000])
@pytest.mark.parametrize(("rise", "for_months"), TOLD)
def test_the_page_says_how_many_places_are_told_of(rise, for_months, households):
    """What is usual is estimated here from 24 months, as in a district."""
    rng, kinds = np.random.default_rng(3), Prior(2.943, 2.896)
    due, share = households * 6 / 1_000 / 12, TOLD[rise, for_months][households]
    told = 0
    for ratio in rng.gamma(kinds.nu, 1 / kinds.alpha, 400):
        rate = np.full(36, due * ratio)
        rate[36 - for_months :] *= rise
        told += watched(rng.poisson(rate), usual=due, prior=kinds) is not None
    assert told / 400 == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 400))


def test_the_sentence_has_months_figures_rule_and_threshold():
    alarm = watched([1, 0] * 16 + [0] + [3, 3, 3])
    zh = reasons.alarm_chinese(alarm, rules=RULES)
    en = reasons.alarm_english(alarm, rules=RULES)
    for text in (zh, en):
        for part in ("2027-04", "2027-06", "9", "1.5", "SAF-ALARM", RULES.version, "0.72", "240"):
            assert part in text
    assert "警情多于往常" in zh
    assert "more incidents than usual: 9 in the 3 months to 2027-06, where 1.5 are usual" in en


@pytest.mark.parametrize("bad", ["shift = 1.0", "least_usual = 0.0", "watch_months = 0"])
def test_terms_without_a_chart_are_refused(tmp_path, bad):
    own = tmp_path / "own.toml"
    own.write_text(f"[rules.SAF-ALARM]\n{bad}\n")
    with pytest.raises(BadPolicy, match="SAF-ALARM"):
        AlarmRules.of(policy.load(BUILTIN, own))
