"""What is said never contradicts what was decided: figures beside their thresholds."""

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis import policy
from gis.rental import reasons as rental
from gis.rental.rules import RentalRules
from gis.rounding import floored
from gis.safety import reasons as safety
from gis.safety.rules import GREEN, YELLOW, RatingRules
from gis.video import reasons as video
from gis.video.ground import rows as ground_rows
from gis.video.rules import GroundRules, VideoRules

POLICY = policy.load(Path(__file__).parents[2] / "data" / "reference" / "policy.toml")
DAY = date(2026, 9, 30)


@given(st.integers(0, 10**6), st.integers(0, 10**4))
def test_a_figure_reads_on_the_side_of_the_limit_where_it_lies(millionths, limit):
    """All figures of six decimals, all limits of two."""
    value, least = millionths / 10**4, limit / 100
    assert (floored(value, 2) < least) == (millionths < 100 * limit)


def test_binary_dust_is_no_reason_to_lose_a_digit():
    assert floored(100 * 0.29, 0) == 29  # 28.999999999999996
    assert math.isnan(floored(math.nan, 1))


SAFETY = RatingRules.of(POLICY)
NEARLY_RED = safety.Verdict(
    colour=YELLOW, base_colour=YELLOW, previous=None, peer_group="old", households=300, months=24,
    observed=9, expected=3.6, relative_risk=1.9, p_red=0.7996, p_amber=0.98, members=1,
    full_shrinkage=False, unrated=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "zh", "en"),
    [
        (NEARLY_RED, "概率为0.79，", "1.5 times is 0.79 and"),
        (
            replace(NEARLY_RED, colour=GREEN, base_colour=GREEN, p_red=0.1999, p_amber=0.4996),
            "高于1.5倍的概率为0.19，高于1倍的概率为0.49；",
            "1.5 times is 0.19 and of more than 1 times 0.49",
        ),
    ],
)
def test_a_probability_below_its_threshold_does_not_read_like_it(verdict, zh, en):
    window = ("2024-10", "2026-09")
    assert zh in safety.chinese(verdict, window=window, rules=SAFETY)
    assert en in safety.english(verdict, window=window, rules=SAFETY)


def test_one_incident_is_no_incidents():
    one = replace(NEARLY_RED, observed=1, months=1, colour=GREEN, base_colour=GREEN, p_red=0.01)
    told = safety.english(one, window=("2026-09", "2026-09"), rules=SAFETY)
    assert "1 incident counted in the 1 month 2026-09" in told


def test_no_households_is_another_answer_than_unknown_households():
    nobody = replace(NEARLY_RED, households=0.0, unrated=safety.NO_HOUSEHOLDS)
    unknown = replace(nobody, households=math.nan)
    window = ("2024-10", "2026-09")
    assert "户数为0" in safety.chinese(nobody, window=window, rules=SAFETY)
    assert "it has no households" in safety.english(nobody, window=window, rules=SAFETY)
    assert "户数不详" in safety.chinese(unknown, window=window, rules=SAFETY)


def test_a_rate_of_97_96_does_not_read_like_98():
    rows = pd.DataFrame(
        {"cameras": [2500], "in_use": [2500], "known": [2500], "working": [2449], "key_known": [0],
         "key_working": [0], "compounds_without": [1.0], "met": [False]}
    )  # fmt: skip
    found = video.with_reasons(rows, VideoRules.of(POLICY), as_of=DAY).iloc[0]
    assert "完好率 97.9 % 低于要求" in found["reason_zh"]
    assert "97.9 % misses the required rate, 1 compound has no point" in found["reason_en"]


def test_a_share_of_49_96_does_not_read_like_half():
    rows = pd.DataFrame(
        {"subject_kind": ["compound"], "kind": ["old"], "suppressed": [False],
         "rented_dwellings": [1249.0], "dwellings": [2500.0], "rented_per_100": [49.96],
         "mainly_rental": [False], "by_households": [False], "lacking": [0],
         "outside": [False], "unplaced": [0]}
    )  # fmt: skip
    found = rental.with_reasons(rows, RentalRules.of(POLICY), as_of=DAY).iloc[0]
    assert "每百套 49.9 套；REN-2 未达以出租为主（界线每百套 50 套" in found["reason_zh"]
    assert "49.9 per 100; REN-2 not mainly rental" in found["reason_en"]


GROUND = GroundRules.of(POLICY)


def _ground(seen_m2, blind_m2, rules=GROUND) -> "pd.Series[object]":
    rows = pd.DataFrame(
        {"quality": ["detect"], "public_m2": [40_000.0], "seen_m2": [seen_m2],
         "blind_m2": [blind_m2], "compounds": [1], "entrances": [1.0], "entrances_seen": [1.0],
         "key_places": [0.0], "key_places_seen": [0.0], "street_m": [0.0], "street_seen_m": [0.0]}
    )  # fmt: skip
    return ground_rows.judged(rows, rules).iloc[0]


def test_covered_ground_says_whether_and_why_it_is_enough():
    """Without naming what is blind: the sentence is published."""
    missing, crumbs, whole = _ground(39_985, 15.0), _ground(39_200, 0.0), _ground(40_000, 0.0)
    assert [one["met"] for one in (missing, crumbs, whole)] == [False, True, True]
    assert "覆盖率为 99.9 %，未达标（要求 100 %" in missing["reason_zh"]
    assert "98.0 %，其余过于零碎、不计，达标" in crumbs["reason_zh"]
    assert "100.0 %，达标" in whole["reason_zh"]
    assert "detect: met, for what is left is too small to count" in crumbs["reason_en"]


def test_a_district_that_asks_for_less_than_the_whole_ground_is_judged_by_it():
    rules = replace(GROUND, share=0.9)
    assert _ground(36_000, 4_000, rules)["met"] is True
    assert _ground(35_999, 4_001, rules)["met"] is False
