"""Numbers as offices write them: with units, separators, full-width digits; also years, pixels."""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.fields import Field, Type, fold
from data.ingest.values.cells import Read, as_text, by_value, is_numeric, mask_of, narrow, none

# Factors to the unit of the field; the mu is 10000/15 m² (State Council order on units, 1984).
_COUNTERS = frozenset("户栋幢座套间人个层名台处天日年次室楼f") | {"households", "persons", "units"}
_METRES = {
    "m": 1,
    "米": 1,
    "公尺": 1,
    "km": 1000,
    "公里": 1000,
    "千米": 1000,
    "cm": 0.01,
    "厘米": 0.01,
    "mm": 0.001,
    "毫米": 0.001,
    "ft": 0.3048,
}
_UNITS: Mapping[str, Mapping[str, float]] = {
    "m": _METRES,
    "mm": {"mm": 1, "毫米": 1, "cm": 10, "厘米": 10, "m": 1000},
    "m2": {
        "m2": 1,
        "平米": 1,
        "平方米": 1,
        "平方": 1,
        "平": 1,
        "sqm": 1,
        "公顷": 1e4,
        "ha": 1e4,
        "亩": 1e4 / 15,
        "万平方米": 1e4,
        "万平米": 1e4,
        "km2": 1e6,
        "平方公里": 1e6,
    },
    "deg": {"°": 1, "度": 1, "deg": 1},
    "px": {"px": 1, "像素": 1, "p": 1},
    "year": {"年": 1, "年建成": 1, "年建": 1, "年竣工": 1, "年代": 1, "年代建成": 1, "建成": 1},
}
_SCALES = {"万": 1e4, "千": 1e3, "百": 1e2, "亿": 1e8}
_NUMBER = re.compile(
    r"[约≈~]?\s*([-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(.*)"
)
_DMS = re.compile(
    r"([NSEW东西南北])?[经纬]?\s*(\d{1,3})\s*[°度d]\s*(?:(\d{1,2}(?:\.\d+)?)\s*['′分m])?\s*"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|''|′′|秒|s))?\s*([NSEW东西南北])?",
    re.IGNORECASE,
)
_PIXELS = re.compile(r"(\d{3,6})\s*[x*×X]\s*(\d{3,6})")
_ENDS = re.compile(  # f=4.8mm~120mm (25倍)
    r"(?:f\s*=?\s*)?(\d+(?:\.\d+)?)\s*(?:mm|毫米)?\s*(?:-|–|—|−|~|至|到)+\s*"
    r"(\d+(?:\.\d+)?)\s*(?:mm|毫米)?(?:[\s,(]*[\d.]+\s*(?:倍|x)[^\d]*)?",
    re.IGNORECASE,
)
_NAMED_PIXELS = {
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "2k": (2560, 1440),
    "1440p": (2560, 1440),
    "4k": (3840, 2160),
    "2160p": (3840, 2160),
    "d1": (704, 576),
    "cif": (352, 288),
}


def numbers(column: pa.Array, field: Field) -> Read:
    """Float64 in the field's unit; flaws ``not_a_number``, ``unit_unknown``, ``out_of_range``."""
    read = _plain(column)
    if read is None:
        words = field.lookup if field.type is Type.DIRECTION else {}
        read = by_value(as_text(column), lambda values: _spelled(values, field, words))
    return _bounded(read, field)


def integers(column: pa.Array, field: Field) -> Read:
    """Int64; a value with a fraction has the flaw ``not_whole``."""
    read = numbers(column, field)
    rounded = pc.round(read.values)
    odd = mask_of(pc.greater(pc.abs(pc.subtract(read.values, rounded)), 1e-6))
    values = pc.if_else(pa.array(~odd), rounded, pa.scalar(None, pa.float64()))
    return Read(pc.cast(values, pa.int64()), _with(read.flaws, "not_whole", odd))


def years(column: pa.Array, field: Field) -> Read:
    """Int64 year; of a date the year."""
    if pa.types.is_temporal(column.type):
        return _bounded_int(Read(pc.cast(pc.year(column), pa.int64()), {}), field)
    if not is_numeric(column):
        text = as_text(column)
        pattern = r"^(?P<year>\d{4})[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?"
        dated = pc.struct_field(pc.extract_regex(text, pattern), "year")
        column = pc.coalesce(dated, text)
    unit = Field(field.name, Type.INTEGER, unit="year", low=field.low, high=field.high)
    return integers(column, unit)


def degrees(column: pa.Array, field: Field) -> Read:
    """Longitude or latitude as float64; ``102°42′30″E`` is read too."""
    read = _plain(column)
    return read if read is not None else by_value(as_text(column), _coordinates)


def pixels(column: pa.Array) -> tuple[Read, Read]:
    """Width and height in pixels of ``1920x1080``, ``1080P`` or ``4K``."""

    def convert(values: pa.Array) -> Read:
        found = [_pixel_pair(text) for text in values.to_pylist()]
        pairs = pa.array(found, pa.list_(pa.int64(), 2))
        return Read(pairs, {"not_a_number": np.array([p is None for p in found], bool)})

    read = by_value(as_text(column), convert)
    return tuple(Read(pc.list_element(read.values, at), read.flaws) for at in (0, 1))  # type: ignore[return-value]


def focal_lengths(column: pa.Array, field: Field) -> tuple[Read, tuple[pa.Array, pa.Array]]:
    """Single lengths as `numbers` reads them, and the shorter and longer end of ranges."""
    text = as_text(column)
    found = {one: _ends(one) for one in pc.unique(text).to_pylist() if one is not None}
    pairs = pa.array([found.get(one) for one in text.to_pylist()], pa.list_(pa.float64(), 2))
    single = numbers(pc.if_else(pairs.is_valid(), pa.scalar(None, pa.string()), text), field)
    return single, (pc.list_element(pairs, 0), pc.list_element(pairs, 1))


def _ends(text: str) -> list[float] | None:
    match = _ENDS.fullmatch(narrow(text))
    ends = sorted(map(float, match.groups())) if match else [0.0]
    return ends if ends[0] > 0 else None


def _pixel_pair(text: str) -> tuple[int, int] | None:
    plain = narrow(text).lower()
    match = _PIXELS.search(plain)
    if match:
        return int(match.group(1)), int(match.group(2))
    return _NAMED_PIXELS.get(plain)


def _plain(column: pa.Array) -> Read | None:
    """The fast way: the file's own numbers, or text that Arrow reads as numbers throughout."""
    if is_numeric(column):
        values = pc.cast(column, pa.float64(), safe=False)
    else:
        try:
            values = pc.cast(pc.utf8_trim_whitespace(column), pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
    endless = mask_of(pc.is_inf(values))
    finite = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    return Read(finite, {"not_a_number": endless} if endless.any() else {})


def _spelled(values: pa.Array, field: Field, words: Mapping[str, str]) -> Read:
    found, flaws = [], {"not_a_number": none(values), "unit_unknown": none(values)}
    for at, text in enumerate(values.to_pylist()):
        number, flaw = _spell(text, field, words)
        found.append(number)
        if flaw:
            flaws[flaw][at] = True
    return Read(pa.array(found, pa.float64()), flaws)


def _spell(
    text: str | None, field: Field, words: Mapping[str, str]
) -> tuple[float | None, str | None]:
    """One number and None, or None and the code of what is wrong with it."""
    if text is None:
        return None, None
    match = _NUMBER.fullmatch(narrow(text).replace("−", "-"))
    if fold(text) in words and (match is None or not match.group(1) or match.group(2)):
        return float(words[fold(text)]), None
    if (
        match is None
        or not re.search(r"\d", match.group(1))
        or re.search(r"^\W?\d", match.group(2))
    ):
        return None, "not_a_number"
    number = float(match.group(1).replace(",", ""))
    factor = _factor(match.group(2), field)
    if factor is None or not np.isfinite(number):
        return None, "unit_unknown" if factor is None else "not_a_number"
    return number * factor, None


def _factor(written: str, field: Field) -> float | None:
    """What a number with the unit ``written`` is multiplied by; None for an unknown unit."""
    unit = written.strip().lower().removesuffix("以上").rstrip("。.")
    known = _UNITS.get(field.unit or "", {})
    if not unit or unit in known:
        return known.get(unit, 1.0)
    scale = _SCALES.get(unit[0], 1.0)
    rest = unit[1:] if scale != 1.0 else unit
    return scale * known.get(rest, 1.0) if rest in known or rest in _COUNTERS or not rest else None


def _coordinates(values: pa.Array) -> Read:
    found = [None if text is None else _coordinate(narrow(text)) for text in values.to_pylist()]
    bad = np.array([f is None for f in found], bool) & mask_of(values.is_valid())
    return Read(pa.array(found, pa.float64()), {"not_a_number": bad})


def _coordinate(text: str) -> float | None:
    try:
        number = float(text.rstrip("°度 "))
        return number if np.isfinite(number) else None
    except ValueError:
        match = _DMS.fullmatch(text)
    if match is None:
        return None
    number = int(match[2]) + float(match[3] or 0) / 60 + float(match[4] or 0) / 3600
    side = (match[1] or match[5] or "").upper()
    return -number if side in {"S", "W", "南", "西"} else number


def _bounded(read: Read, field: Field) -> Read:
    outside = none(read.values)
    if field.low is not None:
        compare = pc.less_equal if field.open_low else pc.less
        outside |= mask_of(compare(read.values, field.low))
    if field.high is not None:
        outside |= mask_of(pc.greater(read.values, field.high))
    if not outside.any():
        return read
    values = pc.if_else(pa.array(~outside), read.values, pa.scalar(None, read.values.type))
    return Read(values, _with(read.flaws, "out_of_range", outside))


def _bounded_int(read: Read, field: Field) -> Read:
    return _bounded(read, field)


def _with(flaws: dict[str, np.ndarray], code: str, mask: np.ndarray) -> dict[str, np.ndarray]:
    return flaws | {code: mask} if mask.any() else flaws
