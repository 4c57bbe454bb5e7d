"""Tables of planned visits and of notes on places; both belong to a place, none to a person."""

from datetime import datetime
from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, DateTime, Index
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, geometry, one_of


class PlaceKind(StrEnum):
    """What is visited or written about."""

    COMPOUND = "compound"
    FACILITY = "facility"
    DANGER = "danger"
    GRID = "grid"


class Visit(Identified, Base):
    """A place on somebody's list, and when it was visited.

    ``owner`` is the account's login name; ``seq`` the order of the walk.
    """

    __tablename__ = "visits"
    __table_args__ = (
        one_of("place_kind", PlaceKind),
        CheckConstraint("done_at >= added_at", name="done"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
        Index("ix_visits_done", "place_kind", "place_code", "done_at"),
    )

    area_code: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str] = mapped_column(index=True)
    place_kind: Mapped[str]
    place_code: Mapped[str]
    name: Mapped[str]
    seq: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    geom: Mapped[WKBElement] = geometry("POINT")


class PlaceNote(Identified, Base):
    """A note on a place; ``key`` is made of the device's (`gis.db.once`), so it is added once."""

    __tablename__ = "place_notes"
    __table_args__ = (
        one_of("place_kind", PlaceKind),
        CheckConstraint("length(key) BETWEEN 8 AND 64", name="key_length"),
        CheckConstraint("length(body) BETWEEN 2 AND 1000", name="body_length"),
        Index("ix_place_notes_place", "place_kind", "place_code"),
    )

    area_code: Mapped[str] = mapped_column(index=True)
    key: Mapped[str] = mapped_column(unique=True)
    place_kind: Mapped[str]
    place_code: Mapped[str]
    name: Mapped[str]
    body: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
