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


def span(words: str, zone: ZoneInfo) -> Span:
    """The days, in the district's time zone, that ``datetime=words`` asks for; raises BadQuery."""
    ends = words.split("/")
    if len(ends) == 1:
        only = day(words, zone)
        return Span(only, only)
    if len(ends) != 2 or all(end in _OPEN for end in ends):
        raise BadQuery(f"datetime {words!r} is neither an instant nor an interval")
    first, last = (None if end in _OPEN else day(end, zone) for end in ends)
    if first is not None and last is not None and first > last:
        raise BadQuery(f"datetime {words!r} ends before it begins")
    return Span(first, last)


def day(words: str, zone: ZoneInfo) -> date:
    """The day of a date or of an instant with its offset; raises BadQuery."""
    try:
        if _DAY.fullmatch(words):
            return date.fromisoformat(words)
        if _INSTANT.fullmatch(words):
            return datetime.fromisoformat(words.upper()).astimezone(zone).date()
    except (ValueError, OverflowError) as exc:
        raise BadQuery(f"{words!r} is no date: {exc}") from exc
    raise BadQuery(f"{words!r} is no date (2026-09-30) and no instant (2026-09-30T00:00:00Z)")
