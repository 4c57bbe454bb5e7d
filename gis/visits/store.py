"""Reads and writes visits and notes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session

from gis.db import sql
from gis.visits.model import PlaceKind, PlaceNote, Visit

_SQL = sql.load("gis.visits")
Rows = Sequence[RowMapping]


def place(session: Session, kind: PlaceKind, code: str) -> RowMapping | None:
    """Name, community and point of a place."""
    params = {"place_kind": kind, "place_code": code}
    return session.execute(_SQL["place"], params).mappings().one_or_none()


def open_visits(session: Session, owner: str) -> Rows:
    """The list of an account in walking order."""
    return session.execute(_SQL["open_visits"], {"owner": owner}).mappings().all()


def done_visits(session: Session, owner: str) -> Rows:
    """The account's last twenty visits."""
    return session.execute(_SQL["done_visits"], {"owner": owner}).mappings().all()


def own(session: Session, owner: str, id: int) -> Visit | None:
    """One visit of the account's list."""
    return session.scalar(select(Visit).where(Visit.id == id, Visit.owner == owner))


def last_seq(session: Session, owner: str) -> int:
    """The largest order number of the list; 0 without any."""
    newest = select(func.max(Visit.seq)).where(Visit.owner == owner, Visit.done_at.is_(None))
    return session.scalar(newest) or 0


def incidents_since_visit(
    session: Session, *, area_prefix: str, since: datetime, most: int
) -> Rows:
    """Incidents per compound since its last visit, else since ``since``; most first."""
    params = {"area_prefix": area_prefix, "since": since, "most": most}
    return session.execute(_SQL["incidents_since_visit"], params).mappings().all()


def notes(
    session: Session, *, area_prefix: str, kind: PlaceKind | None, code: str | None, most: int
) -> Rows:
    """Notes, newest first."""
    params = {"area_prefix": area_prefix, "place_kind": kind, "place_code": code, "most": most}
    return session.execute(_SQL["notes"], params).mappings().all()


def note_by_key(session: Session, key: str) -> PlaceNote | None:
    """The note that was sent with ``key``."""
    return session.scalar(select(PlaceNote).where(PlaceNote.key == key))
