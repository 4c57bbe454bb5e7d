"""Quarters and months: what is read, where they begin and end, what follows what."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import BadPeriod
from gis.period import (
    Period,
    add_months,
    last_complete_quarter,
    midnight,
    month_of,
    plausible,
    quarter_of,
)

days = st.dates(date(1901, 1, 1), date(2198, 12, 31))


def test_a_quarter_is_three_whole_months():
    quarter = Period.parse("2026Q3")
    assert (quarter.start, quarter.end) == (date(2026, 7, 1), date(2026, 10, 1))
    assert quarter.last_day == date(2026, 9, 30)
    assert quarter.is_quarter


def test_a_month_is_a_preview():
    month = Period.parse("2024-02")
    assert (month.start, month.end) == (date(2024, 2, 1), date(2024, 3, 1))
    assert month.last_day == date(2024, 2, 29)
    assert not month.is_quarter


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026Q0", "2026Q5", "2026q3", "2026-00", "2026-13", "2026-7", "26Q3", " 2026Q3",
     "2026Q3\n", "2026-07-01", "２０２６Q3", "0001Q1", "9999Q4", "1899Q4", "2200Q1"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_form(text):
    with pytest.raises(BadPeriod, match="2026Q3"):
        Period.parse(text)


def test_the_window_of_24_months_ends_with_the_period():
    assert Period.parse("2026Q3").window(24) == (date(2024, 10, 1), date(2026, 10, 1))
    assert Period.parse("2026-07").window(12) == (date(2025, 8, 1), date(2026, 8, 1))


@given(days)
def test_every_day_lies_in_its_quarter_and_its_month(day):
    for period in (quarter_of(day), month_of(day)):
        assert period.start <= day < period.end
        assert day <= period.last_day
        assert Period.parse(period.label) == period


@given(days)
def test_the_period_before_ends_where_this_one_begins(day):
    for period in (quarter_of(day), month_of(day)):
        assert period.previous().end == period.start
        assert period.previous().is_quarter == period.is_quarter


@given(days, st.integers(-1_000, 1_000))
def test_months_add_up(day, months):
    first = day.replace(day=1)
    moved = add_months(first, months)
    assert (moved.year - first.year) * 12 + moved.month - first.month == months
    assert add_months(moved, -months) == first


@pytest.mark.parametrize(
    ("newest", "label"),
    [
        (date(2026, 9, 30), "2026Q3"),
        (date(2026, 9, 1), "2026Q3"),
        (date(2026, 8, 31), "2026Q2"),
        (date(2026, 10, 1), "2026Q3"),
        (date(2026, 1, 15), "2025Q4"),
    ],
)
def test_a_quarter_is_complete_when_its_last_month_has_data(newest, label):
    assert last_complete_quarter(newest).label == label


def test_a_day_begins_in_its_own_zone():
    assert midnight(date(2026, 7, 1), ZoneInfo("Asia/Shanghai")) == datetime(
        2026, 6, 30, 16, tzinfo=UTC
    )
    summer = midnight(date(2026, 7, 1), ZoneInfo("America/Chicago"))
    assert summer == datetime(2026, 7, 1, 5, tzinfo=UTC)


def test_days_of_no_use_are_refused():
    assert plausible(date(2026, 1, 1)) == date(2026, 1, 1)
    for day in (date.min, date(1899, 12, 31), date(2200, 1, 1), date.max):
        with pytest.raises(BadPeriod):
            plausible(day)
