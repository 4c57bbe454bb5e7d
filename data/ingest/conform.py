"""Makes a chunk fit its table's columns; what does not fit is refused row by row."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from geoalchemy2 import Geometry
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Float, Integer, Text
from sqlalchemy.types import TypeEngine

from data.ingest.reasons import note
from data.ingest.targets import EXTRA, Target
from data.ingest.types import RowNote
from gis.arrays import Flags, Ints

_INT4 = (-(2**31), 2**31 - 1)
_MERCATOR_LAT = 85.05  # beyond it web Mercator, which tiles use, is not defined
_ARROW: tuple[tuple[type[TypeEngine[Any]], pa.DataType], ...] = (
    (BigInteger, pa.int64()),
    (Integer, pa.int64()),
    (Boolean, pa.bool_()),
    (Float, pa.float64()),
    (DateTime, pa.timestamp("us", tz="UTC")),
    (Date, pa.date32()),
    (Text, pa.string()),
)
_PARTS = {"MULTIPOLYGON": (3, 6), "MULTILINESTRING": (1, 5), "MULTIPOINT": (0, 4), "POINT": (0,)}
_GATHER: dict[str, Callable[..., Any]] = {
    "MULTIPOLYGON": shapely.multipolygons,
    "MULTILINESTRING": shapely.multilinestrings,
    "MULTIPOINT": shapely.multipoints,
}


def conform(rows: pd.DataFrame, target: Target) -> tuple[pa.Table, list[RowNote]]:
    """Columns of ``rows`` that the table has, as Arrow, with geometries as hexadecimal EWKB.

    A row with a value that its column cannot hold is left out and noted as refused; null stays
    null, whatever the table says about it. Columns that the table does not have are ignored.
    """
    rows = rows.reset_index(drop=True)
    numbers = rows["row"].to_numpy(np.int64)
    good = np.ones(len(rows), dtype=bool)
    notes: list[RowNote] = []
    columns: dict[str, pa.Array] = {"row": pa.array(numbers)}
    types = {name: Text() for name in EXTRA} | {c.name: c.type for c in target.table.c}
    for name in (*target.columns, *EXTRA):
        if name not in rows:
            continue
        columns[name], wrong = _convert(rows[name], types[name])
        for code, mask in wrong.items():
            notes += _refused(numbers, good & mask, code, name)
            good &= ~mask
    table = pa.table(columns)
    return (table if good.all() else table.filter(pa.array(good))), notes


def _refused(numbers: Ints, mask: Flags, code: str, column: str) -> list[RowNote]:
    return [note(int(row), code, column=column) for row in numbers[mask]]


def _convert(values: pd.Series, type_: TypeEngine[Any]) -> tuple[pa.Array, dict[str, Flags]]:
    if isinstance(type_, Geometry):
        return _geometry(values, type_.geometry_type)
    wanted = next(arrow for kind, arrow in _ARROW if isinstance(type_, kind))
    array, bad = _typed(values, wanted)
    wrong = {"bad_text" if wanted == pa.string() else "bad_value": bad}
    if isinstance(type_, Integer) and not isinstance(type_, BigInteger):
        beyond = pc.or_(pc.less(array, _INT4[0]), pc.greater(array, _INT4[1]))
        wrong["bad_value"] = bad | _mask(beyond)
    elif isinstance(type_, Float):
        wrong["bad_value"] = bad | _mask(pc.is_inf(array))
    elif wanted == pa.string():
        wrong["bad_text"] = bad | _mask(pc.match_substring(array, "\0"))
    return array, wrong


def _typed(values: pd.Series, wanted: pa.DataType) -> tuple[pa.Array, Flags]:
    """The values as an Arrow array; where one does not convert it is null and marked."""
    none = np.zeros(len(values), dtype=bool)
    if wanted == pa.date32() and pd.api.types.is_string_dtype(values.dtype):
        values = values.astype(object)
    try:
        return _arrow(values, wanted), none
    except _UNFIT:
        pass
    singles = [_single(value, wanted) for value in values]
    array = pa.chunked_array([single for single, _ in singles], type=wanted).combine_chunks()
    return array, np.array([bad for _, bad in singles], dtype=bool)


_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeError, ValueError)


def _arrow(values: Sequence[Any] | pd.Series, wanted: pa.DataType) -> pa.Array:
    if wanted == pa.date32():  # dates come as text, as dates or as instants
        text = pa.array(values, from_pandas=True)
        return text.cast(wanted) if text.type != wanted else text
    return pa.array(values, type=wanted, from_pandas=True)


def _single(value: Any, wanted: pa.DataType) -> tuple[pa.Array, bool]:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return pa.nulls(1, wanted), False
    try:
        return _arrow([value], wanted), False
    except (*_UNFIT, OverflowError):
        return pa.nulls(1, wanted), True


def _geometry(values: pd.Series, kind: str) -> tuple[pa.Array, dict[str, Flags]]:
    geoms = np.array(values.to_numpy(), dtype=object)
    geoms[~shapely.is_geometry(geoms)] = None  # pandas says NaN where a table has gaps
    geoms[shapely.is_empty(geoms)] = None
    there = shapely.is_geometry(geoms)
    parts = _PARTS.get(kind, (0, 3, 6))
    wrong_type = there & ~np.isin(shapely.get_type_id(geoms), parts)
    bounds = np.abs(shapely.bounds(geoms)).reshape(-1, 2, 2)
    far = there & ~(np.nan_to_num(bounds, nan=np.inf) <= (180.0, _MERCATOR_LAT)).all(axis=(1, 2))
    invalid = there & ~far & ~shapely.is_valid(geoms)
    wrong = {"wrong_geometry": wrong_type, "outside_world": far, "invalid_geometry": invalid}
    fit = there & ~(wrong_type | far | invalid)
    ready = np.full(len(geoms), None, dtype=object)
    ready[fit] = shapely.set_srid(_gathered(shapely.force_2d(geoms[fit]), kind), 4326)
    return pa.array(shapely.to_wkb(ready, hex=True, include_srid=True), pa.string()), wrong


def _gathered(geoms: NDArray[np.object_], kind: str) -> NDArray[np.object_]:
    """Single parts as collections of one, where the column holds collections."""
    if kind not in _GATHER:
        return geoms
    single = shapely.get_num_geometries(geoms) == 1
    single &= np.isin(shapely.get_type_id(geoms), _PARTS[kind][:1])
    out = geoms.copy()
    if single.any():
        out[single] = _GATHER[kind](geoms[single], indices=np.arange(single.sum()))
    return out


def _mask(array: pa.Array) -> Flags:
    mask: Flags = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask
