"""The connection pool of one process."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import errorcodes
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from gis.errors import BadInput, StoreUnavailable
from gis.settings import Settings

_ASKED_AFTER_S = 30.0
_UNREACHABLE = {
    errorcodes.ADMIN_SHUTDOWN,
    errorcodes.CANNOT_CONNECT_NOW,
    errorcodes.CRASH_SHUTDOWN,
    errorcodes.TOO_MANY_CONNECTIONS,
}


def make_engine(url: str, settings: Settings, *, statement_timeout_ms: int | None = None) -> Engine:
    """Connections to the store at ``url``: UTF-8, UTC, ``search_path`` wangge before public.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; see `gis.db.cluster.resolve_urls`.
    settings : Settings
        Gives the size of the pool and the default statement timeout.
    statement_timeout_ms : int, optional
        Longest statement instead of the settings' one; 0 is without limit, for bulk commands.

    Raises
    ------
    StoreUnavailable
        On first use, when the server cannot be reached, stops or has no disk space left.
    """
    timeout_ms = (
        settings.statement_timeout_ms if statement_timeout_ms is None else statement_timeout_ms
    )
    options = {
        "search_path": "wangge,public",
        "statement_timeout": f"{timeout_ms}",
        "TimeZone": "UTC",
        "cursor_tuple_fraction": "1",  # who asks for rows in parts reads them all
    }
    engine = create_engine(
        url,
        pool_size=settings.pool_max_size,
        max_overflow=settings.pool_max_size,  # for who asks, and a request's second look
        pool_timeout=settings.pool_wait_s,
        connect_args={
            "application_name": "wangge",
            "client_encoding": "utf8",
            "connect_timeout": 10,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        },
    )
    event.listen(engine, "handle_error", _translate)
    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", _alive)
    return engine


@contextmanager
def one_by_one(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements are a transaction each.

    By the driver's own switch, which costs nothing; an isolation level of SQLAlchemy's is set back
    by one more turn to the server.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.autocommit = True
        try:
            yield connection
        finally:
            if not driver.closed:
                driver.autocommit = False


def _rests(_: Any, record: ConnectionPoolEntry) -> None:
    record.info["rests_since_s"] = time.monotonic()


def _alive(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Have the pool replace a connection that has died.

    Where the server has ended one, there is something to read: only then, and after a rest in
    which a network may have forgotten it, is it asked: each time would be one more turn.
    """
    rested_s = time.monotonic() - record.info.get("rests_since_s", time.monotonic())
    try:
        waiting = select.poll()
        waiting.register(connection, select.POLLIN)
        if not waiting.poll(0) and rested_s < _ASKED_AFTER_S:
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except psycopg2.Error as exc:
        raise DisconnectionError("a connection of the pool has died") from exc


def store_error(error: BaseException | None) -> StoreUnavailable | None:
    """What a driver's error says about the store; None when it is about the statement.

    For code that uses the driver itself (``COPY``); engines of `make_engine` translate already.
    """
    if not isinstance(error, psycopg2.Error):
        return None
    reason = str(error).strip()
    if error.pgcode == errorcodes.DISK_FULL:
        return StoreUnavailable(
            f"磁盘已满，没有改动，请清理后重试 / the store's disk is full, nothing was changed:"
            f" {reason}; free some space and repeat"
        )
    lost = error.pgcode is None and isinstance(error, psycopg2.OperationalError)
    if lost or error.pgcode in _UNREACHABLE:
        return StoreUnavailable(
            f"数据库无法连接 / PostgreSQL cannot be reached: {reason}; see `wangge status`"
        )
    return None


def _translate(context: ExceptionContext) -> None:
    cause = context.original_exception
    if (error := store_error(cause)) is not None:
        raise error from cause
    if isinstance(cause, ValueError) and "NUL" in str(cause):  # the driver's; text has none in SQL
        raise BadInput("文字含有空字符 / a text holds the character NUL") from cause
