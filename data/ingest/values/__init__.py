"""Cells into typed values: one reader per field type, vectorised over the distinct values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from data.ingest.fields import Field, Type
from data.ingest.values import moments, numerals, words
from data.ingest.values.cells import Read, as_text, whole

ARROW: Mapping[Type, pa.DataType] = {
    Type.INTEGER: pa.int64(),
    Type.YEAR: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.LENS: pa.float64(),
    Type.DIRECTION: pa.float64(),
    Type.LON: pa.float64(),
    Type.LAT: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.MOMENT: moments.UTC,
}


@dataclass(frozen=True)
class Reading:
    """What a reader of cells must know beside the cells."""

    calendar: moments.Calendar
    categories: Mapping[str, str]


def read(column: pa.Array | pa.ChunkedArray, field: Field, reading: Reading) -> Read:
    """The column as the field's type (``ARROW``; else text); flawed cells are null."""
    column = whole(column)
    if field.type is Type.CATEGORY:
        return words.words(column, field, reading.categories)
    if field.type is Type.DATE:
        return moments.days(column, reading.calendar)
    if field.type is Type.MOMENT:
        return moments.moments(column, reading.calendar)[0]
    return _READERS[field.type](column, field)


def _verbatim(column: pa.Array, _: Field) -> Read:
    return Read(as_text(column), {})


def _code(column: pa.Array, field: Field) -> Read:
    return words.keys(column) if field.name == "key" else words.codes(column)


def _text(column: pa.Array, field: Field) -> Read:
    return words.quarters(column) if field.name == "period" else words.texts(column)


_READERS: Mapping[Type, Callable[[pa.Array, Field], Read]] = {
    Type.INTEGER: numerals.integers,
    Type.NUMBER: numerals.numbers,
    Type.DIRECTION: numerals.numbers,
    Type.YEAR: numerals.years,
    Type.LON: numerals.degrees,
    Type.LAT: numerals.degrees,
    Type.BOOLEAN: lambda column, _: words.booleans(column),
    Type.WORD: words.words,
    Type.CODE: _code,
    Type.TEXT: _text,
    Type.SHARES: _verbatim,
    Type.POINTS: _verbatim,
    Type.WKT: _verbatim,
}


__all__ = ["ARROW", "Read", "Reading", "as_text", "moments", "numerals", "read", "whole", "words"]
