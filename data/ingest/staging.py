"""The way into the store: chunks by COPY into a temporary table without indexes or constraints."""

import queue
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, TypeVar

import psycopg2.extensions
import pyarrow as pa
from geoalchemy2 import Geometry
from psycopg2 import sql
from pyarrow import csv
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, func, select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine, UserDefinedType

from data.ingest.targets import EXTRA, Target

T = TypeVar("T")
_AHEAD = 2  # chunks that wait between reading and writing
_POLL_S = 0.1  # how soon a reader notices that nobody wants its chunks any more


class _PlainGeometry(UserDefinedType[Any]):
    """A geometry of any type: what is staged was checked before and is checked at the merge."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "geometry"


def table_of(target: Target) -> Table:
    """The temporary table of a kind: the table's own columns, all of them nullable, and ``row``."""
    columns: list[Column[Any]] = [Column("row", BigInteger)]
    columns += [Column(c.name, _plain(c.type)) for c in target.table.c if c.name in target.columns]
    columns += [Column(name, Text) for name in EXTRA]
    return Table(
        f"staged_{target.kind}",
        MetaData(),
        *columns,
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


def _plain(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    return _PlainGeometry() if isinstance(type_, Geometry) else type_


def create(session: Session, staged: Table) -> None:
    """Create the empty table; one of an earlier import in this transaction is dropped."""
    connection = session.connection()
    if session.scalar(select(func.to_regclass(f"pg_temp.{staged.name}"))):
        staged.drop(connection)
    staged.create(connection)


def analyze(session: Session, staged: Table) -> None:
    """Let the planner know how much was staged: nobody analyses temporary tables by themselves."""
    with _cursor(session) as cursor:
        cursor.execute(sql.SQL("ANALYZE pg_temp.{}").format(sql.Identifier(staged.name)))


def copy(session: Session, staged: Table, rows: pa.Table) -> None:
    """Append ``rows`` in one COPY; null is an empty field, empty text a quoted one."""
    if not rows.num_rows:
        return
    body = BytesIO()
    csv.write_csv(rows, body, csv.WriteOptions(include_header=False))
    body.seek(0)
    statement = sql.SQL("COPY pg_temp.{} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(staged.name), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    with _cursor(session) as cursor:
        cursor.copy_expert(statement, body)


def _cursor(session: Session) -> psycopg2.extensions.cursor:
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg2.extensions.connection)
    return connection.cursor()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, made by a thread of its own while the caller works on the one before.

    An error of the thread is raised here. A caller that stops early ends the thread.
    """
    ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(_AHEAD)
    stop = threading.Event()

    def work() -> None:
        try:
            for item in items:
                if not _offer(ready.put, (item, None), stop):
                    return
            _offer(ready.put, (None, None), stop)
        except BaseException as error:  # carried over to the caller
            _offer(ready.put, (None, error), stop)

    thread = threading.Thread(target=work, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        stop.set()
        thread.join()


def _offer(put: Callable[..., None], entry: object, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            put(entry, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False
