"""The parameter ``datetime``: an instant or an interval of RFC 3339, with open ends."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from gis.errors import BadQuery

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_OPEN = ("", "..")


@dataclass(frozen=True)
class Span:
    """First and last day, both inside; None is an open end."""

    first: date | None
    last: date | None


def span(words: str, zone: ZoneInfo, *, where: str = "datetime") -> Span:
    """The days, in the district's time zone, that ``words`` asks for.

    Raises BadQuery, which names the parameter ``where``.
    """
    ends = words.split("/")
    if len(ends) == 1:
        only = day(words, zone, where=where)
        return Span(only, only)
    if len(ends) != 2 or all(end in _OPEN for end in ends):
        raise BadQuery.at(
            where, f"{words!r} 既不是时刻也不是区间，应如 2026-01-01/2026-09-30",
            f"{words!r} is neither an instant nor an interval such as 2026-01-01/2026-09-30",
        )  # fmt: skip
    first, last = (None if end in _OPEN else day(end, zone, where=where) for end in ends)
    if first is not None and last is not None and first > last:
        raise BadQuery.at(
            where,
            f"{words!r} 的结束早于开始，请交换",
            f"{words!r} ends before it begins: swap them",
        )
    return Span(first, last)


def day(words: str, zone: ZoneInfo, *, where: str) -> date:
    """The day of a date or of an instant with its offset.

    Raises BadQuery, which names the parameter ``where``.
    """
    try:
        if _DAY.fullmatch(words):
            return date.fromisoformat(words)
        if _INSTANT.fullmatch(words):
            return datetime.fromisoformat(words.upper()).astimezone(zone).date()
    except (ValueError, OverflowError) as exc:
        raise BadQuery.at(
            where, f"没有 {words!r} 这一天，请检查", f"{words!r} is no date, check it: {exc}"
        ) from exc
    raise BadQuery.at(
        where, f"{words!r} 不是日期（2026-09-30）或时刻（2026-09-30T00:00:00Z）",
        f"{words!r} is no date (2026-09-30) and no instant (2026-09-30T00:00:00Z)",
    )  # fmt: skip
