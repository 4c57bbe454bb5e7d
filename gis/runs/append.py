"""Appends result rows to their table: COPY into a temporary one, INSERT from there."""

import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import shapely
from geoalchemy2 import Geometry
from psycopg2 import sql as names
from sqlalchemy import Boolean, Date, DateTime, Float, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.schema import Column, Table
from sqlalchemy.types import TypeEngine

from gis.db import SCHEMA
from gis.db.base import Base

_ROWS = {False: 50_000, True: 2_000}  # rows that are text at a time; with outlines fewer
_ARROW: tuple[tuple[type[TypeEngine[Any]], pa.DataType], ...] = (
    (Integer, pa.int64()),
    (Float, pa.float64()),
    (Boolean, pa.bool_()),
    (Date, pa.date32()),
    (DateTime, pa.timestamp("us", tz="UTC")),
)


def columns_of(table: type[Base]) -> list[str]:
    """What a row of results says: all but its own id and its run's."""
    return [one.name for one in table.__table__.columns if one.name not in {"id", "run_id"}]


def append(session: Session, table: type[Base], run_id: int, frame: pd.DataFrame) -> int:
    """Append the rows of ``frame`` to a result table under ``run_id``; returns how many.

    Columns are matched by name: the table's own id and generated columns are left out, nullable
    ones and ones with a default may be missing. Geometry is shapely in EPSG:4326. Rows go by
    COPY into a temporary table and from there by INSERT, because COPY refuses a table with
    row-level security.

    Raises
    ------
    ValueError
        ``frame`` has a column that the table has not, or lacks a required one.
    """
    target = table.__table__
    assert isinstance(target, Table)
    columns = _columns(target, frame)
    if frame.empty:
        return 0
    rows = _ROWS[any(isinstance(column.type, Geometry) for column in columns)]
    parts = (frame.iloc[at : at + rows] for at in range(0, len(frame), rows))
    _copy(
        session, target.name, [column.name for column in columns],
        (_csv(part, columns, run_id) for part in parts),
    )  # fmt: skip
    return len(frame)


def _csv(frame: pd.DataFrame, columns: Sequence[Column[Any]], run_id: int) -> io.BytesIO:
    arrays = [
        pa.array([run_id] * len(frame), pa.int64())
        if column.name == "run_id"
        else _arrow(frame[column.name], column)
        for column in columns
    ]
    body = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    written = pa.Table.from_arrays(arrays, names=[column.name for column in columns])
    pyarrow.csv.write_csv(written, body, options)
    body.seek(0)
    return body


def _columns(target: Table, frame: pd.DataFrame) -> list[Column[Any]]:
    """The table's columns that ``frame`` fills, in the table's order, with ``run_id``."""
    own = {column.name: column for column in target.columns if _writable(column)}
    unknown = sorted(set(frame.columns) - set(own))
    if unknown:
        raise ValueError(f"{target.name} has no columns {unknown}")
    given = {"run_id", *frame.columns}
    required = {name for name, column in own.items() if _required(column)}
    if required - given:
        raise ValueError(f"{target.name} needs the columns {sorted(required - given)}")
    return [column for name, column in own.items() if name in given]


def _writable(column: Column[Any]) -> bool:
    return column.identity is None and column.computed is None


def _required(column: Column[Any]) -> bool:
    return not column.nullable and column.server_default is None


def _arrow(values: "pd.Series[Any]", column: Column[Any]) -> pa.Array:
    if isinstance(column.type, Geometry):
        hexes = shapely.to_wkb(
            shapely.set_srid(values.to_numpy(dtype=object), 4326), hex=True, include_srid=True
        )
        return pa.array(hexes, pa.string())
    if isinstance(column.type, JSONB):
        return pa.array([None if v is None else json.dumps(v, ensure_ascii=False) for v in values])
    for sqlalchemy_type, arrow_type in _ARROW:
        if isinstance(column.type, sqlalchemy_type):
            return pa.array(values, arrow_type, from_pandas=True)
    return pa.array(values, pa.string(), from_pandas=True)


def _copy(session: Session, table: str, columns: list[str], bodies: Iterable[io.BytesIO]) -> None:
    words = {
        "target": names.Identifier(SCHEMA, table),
        "columns": names.SQL(", ").join(map(names.Identifier, columns)),
    }
    create, copy, insert, drop = (
        names.SQL(statement).format(**words) for statement in (_CREATE, _COPY, _INSERT, _DROP)
    )
    driver: Any = session.connection().connection.dbapi_connection
    with driver.cursor() as cursor:
        cursor.execute(create)
        for body in bodies:
            cursor.copy_expert(copy, body)
        cursor.execute(insert)
        cursor.execute(drop)


_CREATE = "CREATE TEMPORARY TABLE run_results AS SELECT {columns} FROM {target} WITH NO DATA"
_COPY = "COPY run_results ({columns}) FROM STDIN WITH (FORMAT csv)"
_INSERT = "INSERT INTO {target} ({columns}) SELECT {columns} FROM run_results"
_DROP = "DROP TABLE run_results"
