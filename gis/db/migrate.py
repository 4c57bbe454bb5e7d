"""Brings a store to this version's schema; runs as the owner, never as the application's role."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, inspect, select
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.expression import column, table

from gis.db import SCHEMA
from gis.errors import BadInput, StoreNotReady

_LOCK = 0x77616E67676501  # "wangge", 1: a key of our own among advisory locks
_SCRIPTS = Path(__file__).with_name("migrations")
_VERSION = table("alembic_version", column("version_num"), schema=SCHEMA)


def upgrade(owner_url: str, *, to: str | None = None) -> None:
    """Run every migration that the store has not seen, in one transaction; one caller at a time.

    ``to`` stops at an earlier revision. Raises BadInput for one that the store is beyond, and for
    one that does not exist: a migration has no way back; and for a store of a newer version.
    """
    from alembic import command  # noqa: PLC0415 - with all models; other commands do without
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    engine = create_engine(owner_url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            config.attributes["connection"] = connection
            now = _at(connection)
            _not_newer(now)
            if to is not None:
                _forward_only(now, to)
            command.upgrade(config, to or "head")
    finally:
        engine.dispose()


def head() -> str:
    """The revision that this version of the software expects: files are named by revision."""
    return max(_known())


def current(engine: Engine) -> str | None:
    """The revision the store is at; None for a store that was never migrated."""
    with engine.connect() as connection:
        return _at(connection)


def differs(now: str | None) -> StoreNotReady:
    """The error for a store at another revision than this version's, and what helps."""
    if now is not None and now > head():
        return StoreNotReady(
            f"数据库版本 {now} 比本程序的 {head()} 新，请用新版程序重新启动服务 / the store is at "
            f"schema {now}, newer than this version's {head()}: start the newer version"
        )
    return StoreNotReady(
        f"数据库版本为 {now}，请运行 wangge migrate / "
        f"the store is at schema {now}: run wangge migrate"
    )


def _at(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name, schema=SCHEMA):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()


def _not_newer(now: str | None) -> None:
    if now is not None and now not in _known():
        raise BadInput(
            f"数据库版本 {now} 比本程序所知的 {head()} 新：请用新版程序，或恢复本版的备份 / "
            f"the store is at revision {now} and this version knows them up to {head()}: "
            "use the newer version of the software that made it, or restore a backup of this one"
        )


def _forward_only(now: str | None, to: str) -> None:
    if to not in _known():
        raise BadInput.at(
            f"--to {to}", f"没有此版本；最新为 {head()}",
            f"there is no such revision; the newest is {head()}",
        )  # fmt: skip
    if now is not None and to < now:
        raise BadInput.at(
            f"--to {to}",
            f"数据库已是 {now}，结构升级不能回退：请用旧版程序新建空库，再恢复旧版所做的备份",
            f"the store is at {now} and a migration has no way back: make an empty store with the "
            "older version and restore the backup that it made",
        )


@cache
def _known() -> frozenset[str]:
    return frozenset(
        script.name.partition("_")[0] for script in _SCRIPTS.glob("versions/[0-9]*_*.py")
    )
