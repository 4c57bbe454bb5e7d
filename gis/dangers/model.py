"""Tables of hidden dangers, their steps and photos; a step names a role, never a person."""

from datetime import datetime
from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from gis.access.rights import Role
from gis.db.base import Base, Identified, geometry, one_of


class Kind(StrEnum):
    """What is dangerous."""

    FIRE = "fire"
    STRUCTURE = "structure"
    POWER_GAS = "power_gas"
    FALLING = "falling"
    ROAD = "road"
    LIGHT = "light"
    OTHER = "other"


class Severity(StrEnum):
    """How soon something must be done."""

    ORDINARY = "ordinary"
    URGENT = "urgent"


class State(StrEnum):
    """Life of a danger."""

    FOUND = "found"
    ASSIGNED = "assigned"
    FIXED = "fixed"
    CHECKED = "checked"
    CLOSED = "closed"


class Handler(StrEnum):
    """Who has to act: the community, its street after a call, the departments after a whistle."""

    COMMUNITY = "community"
    STREET = "street"
    DEPARTMENTS = "departments"


class Move(StrEnum):
    """What can be done with a danger."""

    REPORT = "report"
    ASSIGN = "assign"
    FIX = "fix"
    REJECT = "reject"
    CHECK = "check"
    CLOSE = "close"
    ESCALATE = "escalate"


class Danger(Identified, Base):
    """A fault of a place; ``key`` is made of the device's (`gis.db.once`): sent twice, added once.

    ``due_known`` is false where the term runs into a year whose holidays were not announced.
    ``post`` is the post or unit it was assigned to; ``fixed_by`` the login that said it was fixed,
    for another one to check it.
    """

    __tablename__ = "dangers"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("severity", Severity),
        one_of("state", State),
        one_of("handler", Handler),
        CheckConstraint("length(key) BETWEEN 8 AND 64", name="key_length"),
        CheckConstraint("length(what) BETWEEN 2 AND 500", name="what_length"),
        CheckConstraint("length(place) <= 200", name="place_length"),
        CheckConstraint("length(post) <= 60", name="post_length"),
        CheckConstraint("due_at > found_at", name="due_after"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_dangers_open", "due_at", postgresql_where=text("state <> 'closed'")),
    )

    area_code: Mapped[str] = mapped_column(index=True)
    key: Mapped[str] = mapped_column(unique=True)
    grid_code: Mapped[str | None]
    compound_code: Mapped[str | None]
    kind: Mapped[str]
    severity: Mapped[str]
    what: Mapped[str]
    place: Mapped[str | None]
    state: Mapped[str]
    handler: Mapped[str]
    post: Mapped[str | None]
    fixed_by: Mapped[str | None]
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_known: Mapped[bool]
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    geom: Mapped[WKBElement] = geometry("POINT")


class DangerStep(Identified, Base):
    """One move of a danger: when, from which state to which, by which role."""

    __tablename__ = "danger_steps"
    __table_args__ = (
        one_of("move", Move),
        one_of("state", State),
        one_of("handler", Handler),
        one_of("role", Role),
        CheckConstraint("length(remark) <= 500", name="remark_length"),
    )

    danger_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.dangers.id", ondelete="CASCADE"), index=True
    )
    area_code: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    move: Mapped[str]
    state: Mapped[str]
    handler: Mapped[str]
    role: Mapped[str | None]
    remark: Mapped[str | None]


class DangerPhoto(Identified, Base):
    """A photo of the place, re-encoded without its metadata; deleted when it expires."""

    __tablename__ = "danger_photos"
    __table_args__ = (
        CheckConstraint("octet_length(jpeg) BETWEEN 100 AND 1500000", name="size"),
        CheckConstraint("expires_at > added_at", name="expiry"),
    )

    danger_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.dangers.id", ondelete="CASCADE"), index=True
    )
    area_code: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
