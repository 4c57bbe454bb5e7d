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

RULES = RatingRules.of(policy.load(Path(reference_files.__file__).parent / "policy.toml"))


def sentences(colour, previous, *, p_red, p_amber, observed=9, members=1):
    verdict = Verdict(
        colour, colour, previous, "old", 300.0, 24, observed, 3.6, 1.8, p_red, p_amber, members,
        full_shrinkage=False, unrated=None,
    )  # fmt: skip
    window = ("2024-10", "2026-09")
    return (
        reasons.chinese(verdict, window=window, rules=RULES),
        reasons.english(verdict, window=window, rules=RULES),
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
