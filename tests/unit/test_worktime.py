"""Due times in working hours, by the State Council's notices."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.house import REFERENCE, House
from gis import worktime
from gis.settings import Settings

KUNMING = ZoneInfo("Asia/Shanghai")
FILE = Path(worktime.__file__).parents[1] / "data/reference/holidays.toml"


@pytest.fixture(scope="module")
def calendar():
    return worktime.load(FILE, KUNMING)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KUNMING)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-02 09:00", 8, "2026-11-02 18:00"),  # a Monday, lunch not counted
        ("2026-11-02 11:00", 2, "2026-11-02 14:00"),
        ("2026-11-02 12:30", 1, "2026-11-02 14:00"),  # reported over lunch
        ("2026-11-06 17:00", 2, "2026-11-09 10:00"),  # over a weekend
        ("2026-11-07 10:00", 8, "2026-11-09 18:00"),  # found on a Saturday
        ("2026-09-30 17:00", 8, "2026-10-08 17:00"),  # National Day, seven days off
        ("2026-10-09 10:00", 40, "2026-10-15 10:00"),  # Saturday the 10th is worked
        ("2026-02-13 18:00", 16, "2026-02-24 18:00"),  # Saturday the 14th, then Spring Festival
    ],
)
def test_a_term_ends_in_working_hours(calendar, start, hours, due):
    found = calendar.after(at(start), hours)
    assert (found.at, found.known) == (at(due), True)


def test_a_term_into_a_year_without_a_notice_says_so(calendar):
    assert max(calendar.years) == 2026
    found = calendar.after(at("2026-12-31 17:00"), 2)
    assert (found.at, found.known) == (at("2027-01-01 10:00"), False)


@pytest.mark.parametrize(("year", "off", "moved"), [(2025, 28, 5), (2026, 33, 6)])
def test_the_days_are_as_many_as_the_notices_give(calendar, year, off, moved):
    """2025: 1+8+3+5+3+8 days; 2026: 3+9+3+5+3+3+7 days."""
    assert sum(day.year == year for day in calendar.days_off) == off
    assert sum(day.year == year for day in calendar.moved) == moved
    assert all(day.weekday() >= 5 for day in calendar.moved)


def test_another_time_zone_does_not_move_the_office_hours(calendar):
    utc = datetime(2026, 11, 2, 1, 0, tzinfo=ZoneInfo("UTC"))  # nine o'clock in Kunming
    assert calendar.after(utc, 3).at == at("2026-11-02 12:00")


def test_a_broken_calendar_is_named(tmp_path):
    path = tmp_path / "holidays.toml"
    path.write_text("hours = 3\n[years.2026]\noff = []\n")
    with pytest.raises(worktime.BadCalendar, match=r"holidays\.toml"):
        worktime.load(path, KUNMING)


CHICAGO_2027 = """
hours = [[08:30:00, 16:30:00]]
[years.2027]
off = [[2027-07-05, 2027-07-05]]
work = []
"""


def test_a_calendar_beside_the_district_file_takes_the_place_of_ours(tmp_path):
    """Independence Day is kept on Monday the 5th: eight hours of Friday end on Tuesday."""
    district = tmp_path / "wuhua.toml"
    district.write_text((REFERENCE / "wuhua.toml").read_text("utf-8"), "utf-8")

    def times():
        return House(Settings(_env_file=None, district_file=district)).work_time

    assert times().days_off == worktime.load(FILE, KUNMING).days_off
    (tmp_path / "holidays.toml").write_text(CHICAGO_2027)
    assert times().years == {2027}
    assert times().after(at("2027-07-02 12:30"), 8).at == at("2027-07-06 12:30")
    assert not times().after(at("2026-10-01 08:30"), 8).known  # nor is National Day known
