"""Runs the statements about the installation; asked as the command, for they count all rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gis.db import sql

_SQL = sql.load("gis.health")


@dataclass(frozen=True)
class Newest:
    """The last import or run: its kind and its moment."""

    what: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Health:
    """One look at the installation; ``refusals`` are of the last day by role, None: no account."""

    postgres: str
    postgis: str
    size_bytes: int
    waiting: int
    running: int
    failed: int
    workers: int
    newest_import: Newest | None
    newest_run: Newest | None
    newest_backup: datetime | None
    refusals: tuple[tuple[str | None, int], ...]


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """What a monitor asks every few seconds: jobs by state, and who works on them."""

    queued: int
    running: int
    failed: int
    oldest_queued_s: float
    workers: int


def postgis_version(engine: Engine) -> str:
    """As the server has it; asked by nobody in particular."""
    with engine.connect() as connection:
        return str(connection.execute(_SQL["postgis_version"]).scalar_one())


def look(session: Session, *, silence_s: float) -> Health:
    """How things stand; a worker that was silent for ``silence_s`` seconds is dead."""
    store = session.execute(_SQL["store"]).mappings().one()
    jobs = session.execute(_SQL["jobs"]).mappings().one()
    refusals = tuple((row.role, row.times) for row in session.execute(_SQL["refusals"]))
    return Health(
        **store, **jobs, workers=workers(session, silence_s=silence_s),
        newest_import=_newest(session, "newest_import"),
        newest_run=_newest(session, "newest_run"), refusals=refusals,
        newest_backup=session.execute(_SQL["newest_backup"]).scalar_one(),
    )  # fmt: skip


def pulse(session: Session, *, silence_s: float) -> Pulse:
    """What changes from minute to minute; cheap."""
    jobs = session.execute(_SQL["pulse"]).mappings().one()
    return Pulse(**jobs, workers=workers(session, silence_s=silence_s))


def workers(session: Session, *, silence_s: float) -> int:
    """How many workers gave a sign of life within ``silence_s`` seconds."""
    return int(session.execute(_SQL["workers"], {"silence_s": silence_s}).scalar_one())


def worker_lives(session: Session, worker_id: int, *, silence_s: float) -> bool:
    """Whether that worker gave a sign of life within ``silence_s`` seconds."""
    asked = {"worker_id": worker_id, "silence_s": silence_s}
    return bool(session.execute(_SQL["worker_lives"], asked).scalar_one())


def _newest(session: Session, query: str) -> Newest | None:
    row = session.execute(_SQL[query]).mappings().one_or_none()
    return None if row is None else Newest(**row)
