"""Dates and times in the forms that offices and agencies write, as days or as UTC instants."""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.values.cells import Read, as_text, is_numeric, mask_of, narrow, none
from gis.arrays import Flags

_EXCEL_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of Excel's 1900 system, local
_EXCEL_DAYS = (10_000, 110_000)  # 1927 to 2201: what a serial date of this century can be
_MAC_DAYS = 1462  # from 1899-12-30 to 1904-01-01
# Zones of the United States (IANA zone.tab, country US).
_MONTH_FIRST = frozenset(
    {"Pacific/Honolulu"} | {f"America/{city}" for city in (
        "New_York", "Detroit", "Chicago", "Menominee", "Denver", "Boise", "Phoenix",
        "Los_Angeles", "Anchorage", "Juneau", "Sitka", "Metlakatla", "Yakutat", "Nome", "Adak",
    )}
)  # fmt: skip
_MONTH_FIRST_REGIONS = ("US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/")
_YEARS = (1900, 2200)
_LOCAL = pa.timestamp("us")
UTC = pa.timestamp("us", tz="UTC")
_FORMATS = (
    ("%Y-%m-%d %H:%M:%S", "minute"), ("%Y/%m/%d %H:%M:%S", "minute"), ("%Y/%m/%d %H:%M", "minute"),
    ("%Y/%m/%d", "day"), ("%Y-%m-%d", "day"), ("%Y年%m月%d日", "day"), ("%Y.%m.%d", "day"),
    ("%Y年%m月%d日%H时%M分", "minute"), ("%Y年%m月%d日 %H:%M:%S", "minute"),
    ("%Y年%m月%d日 %H:%M", "minute"), ("%m/%d/%Y %I:%M:%S %p", "minute"),
)  # fmt: skip
_MONTH = re.compile(r"(\d{4})(?:-|/|\.|年)?(\d{1,2})月?(?:份)?")
_YEAR_MONTH = re.compile(r"(?:19|20)\d{2}[1-9]")  # 20268: August 2026, or a day of 1955
_LOST_ZERO = re.compile(r"\d{4}\.1")  # January, or October that a sheet took for a number
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2}):?(\d{2}):?(\d{2})?)?")
_SLASHED = re.compile(
    r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AP]M)?)?",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T日]*(\d{1,2})[:时点](\d{1,2})?[:分]?(?:(\d{1,2})(?:\.\d+)?秒?)?)?"
)


@dataclass(frozen=True)
class Calendar:
    """How this district writes times: its zone, and whether 3/4/2026 begins with the month."""

    zone: ZoneInfo
    since_1904: bool = False

    @property
    def month_first(self) -> bool:
        """True in the United States, where a slashed date begins with the month."""
        return self.zone.key in _MONTH_FIRST or self.zone.key.startswith(_MONTH_FIRST_REGIONS)


def moments(column: pa.Array, calendar: Calendar) -> tuple[Read, pa.Array]:
    """UTC instants and, per row, the precision ``minute``, ``day`` or ``month``.

    A time without a zone is the district's local time; one that a clock change skips or repeats is
    taken as the later, or the first, of the two. Flaws: ``not_a_date``, ``date_ambiguous``.
    """
    if pa.types.is_date(column.type):
        return _utc(Read(pc.cast(column, _LOCAL), {}), calendar), _constant(column, "day")
    if pa.types.is_timestamp(column.type):
        if column.type.tz:
            return Read(pc.cast(column, UTC, safe=False), {}), _constant(column, "minute")
        local = Read(pc.cast(column, _LOCAL, safe=False), {})
        return _utc(local, calendar), _constant(column, "minute")
    if is_numeric(column):
        column = _numbers_as_text(column)
    text = as_text(column)
    fast = _iso(text)
    if fast is not None:
        local, precision = fast
    else:
        zoned = _zoned(text)
        if zoned is not None:
            return Read(zoned, {}), _constant(text, "minute")
        local, precision = _by_value(text, calendar)
    return _in_years(_utc(local, calendar)), precision


def days(column: pa.Array, calendar: Calendar) -> Read:
    """Calendar days (date32) in the district's time; a month alone is no day."""
    if pa.types.is_date(column.type):
        return Read(pc.cast(column, pa.date32()), {})
    if pa.types.is_timestamp(column.type) and not column.type.tz:
        return Read(pc.cast(pc.floor_temporal(column, unit="day"), pa.date32(), safe=False), {})
    read, precision = moments(column, calendar)
    local = pc.local_timestamp(pc.cast(read.values, pa.timestamp("us", tz=calendar.zone.key)))
    monthly = mask_of(pc.and_(pc.equal(precision, "month"), read.values.is_valid()))
    values = pc.if_else(
        pa.array(~monthly),
        pc.cast(pc.floor_temporal(local, unit="day"), pa.date32(), safe=False),
        pa.scalar(None, pa.date32()),
    )
    flaws = read.flaws | ({"not_a_day": monthly} if monthly.any() else {})
    return Read(values, flaws)


def _constant(column: pa.Array, word: str) -> pa.Array:
    return pa.repeat(pa.scalar(word), len(column))


def _utc(local: Read, calendar: Calendar) -> Read:
    aware = pc.assume_timezone(
        local.values, calendar.zone.key, ambiguous="earliest", nonexistent="latest"
    )
    return Read(pc.cast(aware, UTC), local.flaws)


def _in_years(read: Read) -> Read:
    year = pc.year(read.values)
    odd = mask_of(pc.or_(pc.less(year, _YEARS[0]), pc.greater(year, _YEARS[1])))
    if not odd.any():
        return read
    values = pc.if_else(pa.array(~odd), read.values, pa.scalar(None, read.values.type))
    return Read(values, read.flaws | {"not_a_date": odd})


def _iso(text: pa.Array) -> tuple[Read, pa.Array] | None:
    """ISO dates and times throughout: Arrow's own reader, at full speed."""
    lengths = pc.utf8_length(text)
    if pc.any(pc.less(lengths, 10)).as_py():
        return None  # a month, or digits that only look like a date
    try:
        local = pc.cast(text, _LOCAL)
    except pa.ArrowInvalid:
        return None
    return Read(local, {}), pc.if_else(pc.equal(lengths, 10), "day", "minute")


def _zoned(text: pa.Array) -> pa.Array | None:
    try:
        return pc.cast(text, UTC)
    except pa.ArrowInvalid:
        return None


def _numbers_as_text(column: pa.Array) -> pa.Array:
    return as_text(column) if pa.types.is_floating(column.type) else pc.cast(column, pa.string())


def _by_value(text: pa.Array, calendar: Calendar) -> tuple[Read, pa.Array]:
    encoded = text.dictionary_encode()
    values = encoded.dictionary
    local = pa.nulls(len(values), _LOCAL)
    precision = pa.nulls(len(values), pa.string())
    for pattern, word in _FORMATS:
        if local.null_count == 0:
            break
        found = pc.strptime(values, pattern, "us", error_is_null=True)
        # strptime takes 30 February for 2 March: the first days of a month are read one by one
        sure = 12 if pattern.startswith("%m") and not calendar.month_first else 3
        fresh = pc.and_(pc.is_null(local), pc.fill_null(pc.greater(pc.day(found), sure), False))
        local = pc.if_else(fresh, found, local)
        precision = pc.if_else(fresh, word, precision)
    flaws = {"not_a_date": none(values), "date_ambiguous": none(values)}
    local, precision = _stragglers(values, local, precision, flaws, calendar)
    at = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    there = mask_of(encoded.indices.is_valid())
    spread = {code: m[at] & there for code, m in flaws.items() if m.any()}
    return Read(local.take(encoded.indices), spread), precision.take(encoded.indices)


def _stragglers(
    values: pa.Array,
    local: pa.Array,
    precision: pa.Array,
    flaws: dict[str, Flags],
    calendar: Calendar,
) -> tuple[pa.Array, pa.Array]:
    """Values that no format fitted, read one by one."""
    left = np.flatnonzero(mask_of(local.is_null()))
    if not len(left):
        return local, precision
    times, words = local.to_pylist(), precision.to_pylist()
    for at in left:
        found = parse(values[int(at)].as_py(), calendar)
        if isinstance(found, str):
            flaws[found][at] = True
        else:
            times[at], words[at] = found
    return pa.array(times, _LOCAL), pa.array(words, pa.string())


def parse(text: str, calendar: Calendar) -> tuple[dt.datetime, str] | str:
    """One local time and its precision, or the code of what is wrong with it."""
    plain = narrow(text)
    try:
        return (
            _serial(plain, since_1904=calendar.since_1904)
            or _compact(plain)
            or _month(plain)
            or _loose(plain)
            or _slashed(plain, calendar)
            or _aware(plain, calendar)
            or "not_a_date"
        )
    except (ValueError, OverflowError):
        return "not_a_date"


Found = tuple[dt.datetime, str] | None


def _serial(plain: str, *, since_1904: bool) -> Found | str:
    """Excel's count of days since 1899-12-30, or since 1904-01-01."""
    if not re.fullmatch(r"\d{5,6}(\.\d+)?", plain):
        return None
    if _YEAR_MONTH.fullmatch(plain):
        return "date_ambiguous"
    number = float(plain)
    if not _EXCEL_DAYS[0] <= number <= _EXCEL_DAYS[1] or (len(plain) == 6 and "." not in plain):
        return None
    shift = _MAC_DAYS if since_1904 else 0
    moment = _EXCEL_EPOCH + dt.timedelta(days=shift, seconds=round(number * 86_400))
    return moment, "day" if number.is_integer() else "minute"


def _compact(plain: str) -> Found:
    match = _DAY.fullmatch(plain)
    if match is None:
        return None
    parts = [int(group) for group in match.groups() if group]
    return dt.datetime(*parts), "minute" if len(parts) > 3 else "day"  # type: ignore[arg-type]  # noqa: DTZ001


def _month(plain: str) -> tuple[dt.datetime, str] | str | None:
    if _LOST_ZERO.fullmatch(plain):
        return "date_ambiguous"
    match = _MONTH.fullmatch(plain)
    if match is None or not 1 <= int(match[2]) <= 12:
        return None
    return dt.datetime(int(match[1]), int(match[2]), 1), "month"  # noqa: DTZ001


def _loose(plain: str) -> Found:
    match = _LOOSE.fullmatch(plain)
    if match is None:
        return None
    parts = [int(group or 0) for group in match.groups()]
    return dt.datetime(*parts), "minute" if match[4] else "day"  # type: ignore[arg-type]  # noqa: DTZ001


def _slashed(plain: str, calendar: Calendar) -> tuple[dt.datetime, str] | str | None:
    match = _SLASHED.fullmatch(plain)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    if first <= 12 and second <= 12 and first != second:
        if not calendar.month_first:
            return "date_ambiguous"
        month, day = first, second
    else:
        month, day = (second, first) if first > 12 else (first, second)
    hour = int(match[4] or 0)
    if match[7]:
        hour = hour % 12 + (12 if match[7].upper() == "PM" else 0)
    found = dt.datetime(year, month, day, hour, int(match[5] or 0), int(match[6] or 0))  # noqa: DTZ001
    return found, "minute" if match[4] else "day"


def _aware(plain: str, calendar: Calendar) -> Found:
    found = dt.datetime.fromisoformat(plain)
    if found.tzinfo is not None:
        found = found.astimezone(calendar.zone).replace(tzinfo=None)
    return found, "minute"
