"""Working hours: the calendar of public holidays, and when a number of them has passed."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gis.errors import BadInput


class BadCalendar(BadInput):
    """The holiday file is wrong; names the file and the entry."""

    code = "bad_calendar"


@dataclass(frozen=True)
class Due:
    """When a term ends; ``known`` is False where it runs into a year without a holiday notice."""

    at: datetime
    known: bool


@dataclass(frozen=True)
class WorkTime:
    """Days off and moved working days of the ``years`` that were announced, and the day's hours.

    In any other year Monday to Friday are working days.
    """

    years: frozenset[int]
    days_off: frozenset[date]
    moved: frozenset[date]
    hours: tuple[tuple[time, time], ...]
    zone: ZoneInfo

    def works(self, day: date) -> bool:
        """Whether people work on ``day``."""
        if day in self.moved:
            return True
        return day.weekday() < 5 and day not in self.days_off

    def after(self, start: datetime, hours: float) -> Due:
        """The moment at which ``hours`` working hours have passed since ``start`` (aware)."""
        left, known = timedelta(hours=hours), True
        for begin, end in self._spans(start.astimezone(self.zone)):
            known = known and begin.year in self.years
            if end - begin >= left:
                return Due(begin + left, known)
            left -= end - begin
        raise AssertionError("working days never end")

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working spans from ``start`` on."""
        day = start.date()
        while True:
            for begins, ends in self.hours if self.works(day) else ():
                begin = max(datetime.combine(day, begins, self.zone), start)
                end = datetime.combine(day, ends, self.zone)
                if begin < end:
                    yield begin, end
            day += timedelta(days=1)


def load(path: Path, zone: ZoneInfo) -> WorkTime:
    """Read a holiday file such as ``data/reference/holidays.toml``; raises BadCalendar."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        years = raw["years"]
        return WorkTime(
            years=frozenset(int(year) for year in years),
            days_off=frozenset(
                day for year in years.values() for first, last in year["off"]
                for day in _days(first, last)
            ),
            moved=frozenset(day for year in years.values() for day in year["work"]),
            hours=tuple((begin, end) for begin, end in raw["hours"]),
            zone=zone,
        )  # fmt: skip
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as exc:
        raise BadCalendar(f"{path}: {exc}") from exc


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)
