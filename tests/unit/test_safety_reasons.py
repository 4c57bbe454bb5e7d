"""The sentence of a rating names the threshold that decided, in both languages.

The figures are those of the table of colours in docs/methods/safety.md.
"""

from pathlib import Path

import pytest

from data import reference as reference_files
from gis import policy
from gis.safety import reasons
from gis.safety.reasons import Verdict
from gis.safety.rules import GREEN, RED, YELLOW, RatingRules

# As it was kept with every quarter that was rated before sentences named the rule's source.
WITHOUT_SOURCE = (
    '{"amber_relative_risk": 1.0, "counted_apart": ["telecom_fraud"], "demonstration_share": 0.25, '
    '"green_max_amber": 0.5, "green_max_red": 0.2, "green_to_yellow_amber": 0.65, '
    '"green_to_yellow_red": 0.35, "low_count_tail": 0.01, "min_buildings": 2, '
    '"min_households": 50, "neighbour_distance_m": 200.0, "peer_min_compounds": 10, '
    '"red_enter": 0.8, "red_leave": 0.5, "red_min_incidents": 2, "red_relative_risk": 1.5, '
    '"reference_min_incidents": 20, "reporting_gap_months": 2, "safe_share": 0.95, '
    '"severe_lift": ["homicide", "robbery", "fatal_fire", "vice", "drugs"], '
    '"severe_lift_colour": "yellow", "severe_lift_red_count": 2, "stale_households_months": 12, '
    '"version": "2026.3", "window_months": 24, "yellow_to_green_amber": 0.4, '
    '"yellow_to_green_red": 0.1}'
)
RULES = RatingRules.of(policy.load(Path(reference_files.__file__).parent / "policy.toml"))


def sentences(colour, previous, *, p_red, p_amber, observed=9, members=1, rules=RULES):
    verdict = Verdict(
        colour, colour, previous, "old", 300.0, 24, observed, 3.6, 1.8, p_red, p_amber, members,
        full_shrinkage=False, unrated=None,
    )  # fmt: skip
    window = ("2024-10", "2026-09")
    return (
        reasons.chinese(verdict, window=window, rules=rules),
        reasons.english(verdict, window=window, rules=rules),
    )


@pytest.mark.parametrize(
    ("previous", "p_red", "p_amber"),
    [(None, "0.2", "0.5"), (YELLOW, "0.1", "0.4"), (GREEN, "0.35", "0.65")],
)
def test_green_is_told_with_the_limits_that_hold_after_the_colour_before(previous, p_red, p_amber):
    zh, en = sentences(GREEN, previous, p_red=0.01, p_amber=0.02)
    assert f"满足绿色门槛（1.5倍概率<{p_red}且1倍概率<{p_amber}）" in zh
    assert f"both meet the green thresholds (first < {p_red} and second < {p_amber})" in en


@pytest.mark.parametrize(("previous", "line"), [(None, "0.8"), (GREEN, "0.8"), (RED, "0.5")])
def test_red_is_told_with_the_line_it_reached(previous, line):
    zh, en = sentences(RED, previous, p_red=0.9, p_amber=0.99)
    assert f"达到红色门槛{line}" in zh
    assert f"the first reaches the red threshold {line};" in en


@pytest.mark.parametrize(
    ("previous", "observed", "p_red", "said_zh", "said_en"),
    [(None, 9, 0.5, "未达红色门槛0.8，也未满足绿色门槛（1.5倍概率<0.2且1倍概率<0.5）",
      "neither the red threshold 0.8 nor the green ones (first < 0.2 and second < 0.5) hold"),
     (RED, 9, 0.3, "未达留红门槛0.5，红色须先转黄色",
      "the first is below 0.5, and red leads to yellow first"),
     (None, 1, 0.8, "不足2起，不因一起案件评红",
      "fewer than 2 incidents never make a compound red"),
     (None, 1, 0.79, "未达红色门槛0.8", "neither the red threshold 0.8")],
)  # fmt: skip
def test_yellow_is_told_by_what_kept_it_from_the_others(
    previous, observed, p_red, said_zh, said_en
):
    zh, en = sentences(YELLOW, previous, p_red=p_red, p_amber=0.7, observed=observed)
    assert said_zh in zh
    assert said_en in en


def test_small_compounds_together_are_green_by_their_one_case():
    zh, en = sentences(GREEN, None, p_red=0.4, p_amber=0.7, observed=1, members=3)
    assert "合并评定的小小区不足2起，不因一起案件评黄" in zh
    assert "fewer than 2 incidents never make small compounds" in en


def test_rules_kept_without_a_source_are_read_written_and_told_as_then():
    """A run's digest is taken over what is written, and a replay compares sentences."""
    rules = RatingRules.from_canonical(WITHOUT_SOURCE)
    assert rules.canonical() == WITHOUT_SOURCE.encode()
    zh, en = sentences(RED, None, p_red=0.81, p_amber=0.98, rules=rules)
    assert zh.startswith("依据SAF-1（2026.3版），2024-10至2026-09共24个月，计入警情9起，")
    assert en.startswith("Under SAF-1 (version 2026.3), 9 incidents counted in the 24 months ")


def test_rules_with_a_source_come_back_with_it():
    assert RatingRules.from_canonical(RULES.canonical()) == RULES
    assert RULES.canonical().decode() != WITHOUT_SOURCE
