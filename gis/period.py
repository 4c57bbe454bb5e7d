"""Quarters and months as half-open intervals of dates; nothing here reads the clock."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gis.errors import BadPeriod

_YEAR = r"(19\d\d|2[01]\d\d)"  # a window and the period before must be dates, too
_QUARTER = re.compile(_YEAR + "Q([1-4])")
_MONTH = re.compile(_YEAR + "-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Period:
    """A quarter (``2026Q3``) or a month (``2026-07``, a preview): ``start`` <= day < ``end``."""

    label: str
    start: date
    end: date

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read ``2026Q3`` or ``2026-07``; raises BadPeriod."""
        if found := _QUARTER.fullmatch(text):
            year, quarter = int(found[1]), int(found[2])
            return cls._of(text, year, 3 * quarter - 2, months=3)
        if found := _MONTH.fullmatch(text):
            return cls._of(text, int(found[1]), int(found[2]), months=1)
        raise BadPeriod(
            f"期间 {text!r} 有误：季度写 2026Q3，月份写 2026-07 / "
            f"period {text!r}: write a quarter as 2026Q3 or a month as 2026-07"
        )

    @classmethod
    def _of(cls, label: str, year: int, month: int, *, months: int) -> "Period":
        start = date(year, month, 1)
        return cls(label, start, add_months(start, months))

    @property
    def is_quarter(self) -> bool:
        """A quarter is rated; a month is only a preview."""
        return "Q" in self.label

    @property
    def last_day(self) -> date:
        """The last day inside the period, the default ``as_of``."""
        return self.end - timedelta(days=1)

    def window(self, months: int) -> tuple[date, date]:
        """The ``months`` months that end with this period, as [start, end)."""
        return add_months(self.end, -months), self.end

    def previous(self) -> "Period":
        """The quarter or month before this one."""
        months = 3 if self.is_quarter else 1
        start = add_months(self.start, -months)
        return quarter_of(start) if self.is_quarter else month_of(start)


def plausible(day: date) -> date:
    """``day`` itself; raises BadPeriod for one around which no window of months can be laid."""
    if not re.fullmatch(_YEAR, f"{day.year:04d}"):
        raise BadPeriod(
            f"{day}：日期应在 1900-01-01 至 2199-12-31 之间 / "
            f"{day}: say a day between 1900-01-01 and 2199-12-31"
        )
    return day


def add_months(first: date, months: int) -> date:
    """``first`` (a first of a month) moved by ``months``."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def quarter_of(day: date) -> Period:
    """The quarter that holds ``day``."""
    return Period.parse(f"{day.year:04d}Q{(day.month + 2) // 3}")


def month_of(day: date) -> Period:
    """The month that holds ``day``."""
    return Period.parse(f"{day.year:04d}-{day.month:02d}")


def last_complete_quarter(latest: date) -> Period:
    """The last quarter that ``latest`` (newest day in the data) has completed.

    Data that end in the last month of a quarter complete it: nobody can tell a quiet last day
    from a missing one, and the rating's reporting-gap check looks at that.
    """
    quarter = quarter_of(latest)
    return quarter if latest >= add_months(quarter.end, -1) else quarter.previous()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The aware instant at which ``day`` begins in ``zone``."""
    return datetime.combine(day, time.min, tzinfo=zone)
