"""Brings a store to this version's schema; runs as the owner, never as the application's role."""

from pathlib import Path

from sqlalchemy import Engine, create_engine, func, inspect, select
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.expression import column, table

_SCHEMA = "wangge"
_LOCK = 0x77616E67676501  # "wangge", 1: a key of our own among advisory locks
_SCRIPTS = Path(__file__).with_name("migrations")
_VERSION = table("alembic_version", column("version_num"), schema=_SCHEMA)


def upgrade(owner_url: str) -> None:
    """Run every migration that the store has not seen, in one transaction; one caller at a time."""
    from alembic import command  # noqa: PLC0415 - with all models; other commands do without
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    engine = create_engine(owner_url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def head() -> str:
    """The revision that this version of the software expects: files are named by revision."""
    return max(script.name.partition("_")[0] for script in _SCRIPTS.glob("versions/[0-9]*_*.py"))


def current(engine: Engine) -> str | None:
    """The revision the store is at; None for a store that was never migrated."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(_VERSION.name, schema=_SCHEMA):
            return None
        return connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
