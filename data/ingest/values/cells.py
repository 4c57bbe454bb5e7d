"""A column of cells: text out of any Arrow type, missing words, and work done once per value."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.fields import seen
from gis.arrays import Flags

MISSING = (
    "", "-", "--", "—", "——", "/", "\\", "无", "暂无", "暂无信息", "暂无数据", "未知", "不详", "空",
    "待定", "未填", "N/A", "n/a", "NA", "null", "NULL", "Null", "None", "none", "NaN", "nan",
    "#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "<NA>", "?",
)  # fmt: skip
_MISSING = pa.array(MISSING, pa.string())


@dataclass(frozen=True)
class Read:
    """Values read from a column and, by the code of the flaw, which cells had it.

    A flawed cell is null in ``values``.
    """

    values: pa.Array
    flaws: dict[str, Flags]


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def is_numeric(column: pa.Array) -> bool:
    """Whether the file itself keeps the column as numbers."""
    return bool(pa.types.is_integer(column.type) or pa.types.is_floating(column.type))


def as_text(column: pa.Array) -> pa.Array:
    """The cells as trimmed text; a whole float loses its ``.0``; words for missing become null."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_floating(kind):
        column = _float_text(column)
    elif not pa.types.is_string(kind):
        try:
            column = pc.cast(column, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
            column = pa.array([None if v is None else str(v) for v in column.to_pylist()])
            column = pc.cast(column, pa.string())
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(trimmed, _MISSING), pa.scalar(None, pa.string()), trimmed)


def _float_text(column: pa.Array) -> pa.Array:
    column = pc.cast(column, pa.float64())
    column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    integral = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 1e15))
    exact = pc.cast(pc.if_else(integral, column, pa.scalar(0, column.type)), pa.int64())
    return pc.if_else(integral, pc.cast(exact, pa.string()), pc.cast(column, pa.string()))


def mask_of(array: pa.Array) -> Flags:
    """Arrow booleans as numpy; null counts as false."""
    found: Flags = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return found


def none(column: pa.Array) -> Flags:
    """A mask that marks no cell."""
    return np.zeros(len(column), dtype=bool)


def by_value(column: pa.Array, convert: Callable[[pa.Array], Read]) -> Read:
    """``convert`` applied to the distinct values only; the result has the column's length."""
    encoded = column.dictionary_encode()
    read = convert(encoded.dictionary)
    places = encoded.indices
    at = places.fill_null(0).to_numpy(zero_copy_only=False)
    there = mask_of(places.is_valid())
    flaws = {
        code: (mask[at] & there if len(mask) else none(column))
        for code, mask in read.flaws.items()
        if mask.any()
    }
    return Read(read.values.take(places), flaws)


def narrow(text: str) -> str:
    """Full-width digits and letters as plain ones, without unseen marks, or spaces at the ends."""
    return unicodedata.normalize("NFKC", seen(text)).strip()
