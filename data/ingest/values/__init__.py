"""Cells into typed values: one reader per field type, vectorised over the distinct values."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from data.ingest.fields import Field, Type
from data.ingest.values import moments, numerals, words
from data.ingest.values.cells import Read, as_text, whole

ARROW: Mapping[Type, pa.DataType] = {
    Type.INTEGER: pa.int64(),
    Type.YEAR: pa.int64(),
    Type.NUMBER: pa.float64(),
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
    match field.type:
        case Type.INTEGER:
            return numerals.integers(column, field)
        case Type.NUMBER | Type.DIRECTION:
            return numerals.numbers(column, field)
        case Type.YEAR:
            return numerals.years(column, field)
        case Type.LON | Type.LAT:
            return numerals.degrees(column, field)
        case Type.BOOLEAN:
            return words.booleans(column)
        case Type.WORD:
            return words.words(column, field)
        case Type.CATEGORY:
            return words.words(column, field, reading.categories)
        case Type.DATE:
            return moments.days(column, reading.calendar)
        case Type.MOMENT:
            return moments.moments(column, reading.calendar)[0]
        case Type.CODE:
            return words.codes(column)
        case Type.TEXT:
            return words.quarters(column) if field.name == "period" else words.texts(column)
    return Read(as_text(column), {})


__all__ = ["ARROW", "Read", "Reading", "as_text", "moments", "numerals", "read", "whole", "words"]
