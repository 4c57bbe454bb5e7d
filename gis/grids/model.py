"""Tables of the grids, of the worker posts that staff them and of the audit's findings."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, Date, DateTime, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import (
    Base,
    Identified,
    Imported,
    OfRun,
    Versioned,
    geometry,
    geometry_3857,
    one_of,
    one_version_a_day,
    validity,
)


class Network(StrEnum):
    """The unified grid and the three networks that GRD-3 merges into it."""

    UNIFIED = "unified"
    CITY_MANAGEMENT = "city_management"
    SOCIAL_SERVICE = "social_service"
    PUBLIC_SECURITY = "public_security"


class FindingKind(StrEnum):
    """What a grid audit can find; the word is stable, its text lives in the legend."""

    GAP = "gap"
    OVERLAP = "overlap"
    SLIVER = "sliver"
    OUTSIDE = "outside_community"
    VACUUM = "no_worker"
    HOUSEHOLDS_LOW = "households_low"
    HOUSEHOLDS_HIGH = "households_high"
    HOUSEHOLDS_UNKNOWN = "households_unknown"


class Grid(Imported, Versioned, Base):
    """One grid; its id is the community's code and a sequence of three digits (15 in all)."""

    __tablename__ = "grids"
    __table_args__ = (
        one_of("network", Network),
        validity(),
        CheckConstraint("left(code, length(code) - 3) = area_code", name="code_in_community"),
        CheckConstraint(r"right(code, 3) ~ '^\d{3}$'", name="code_sequence"),
        CheckConstraint("households >= 0", name="counts"),
        one_version_a_day("grids", "network"),
    )

    code: Mapped[str] = mapped_column(index=True)
    network: Mapped[str] = mapped_column(server_default=Network.UNIFIED)
    name: Mapped[str | None]
    households: Mapped[int | None]
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_3857: Mapped[WKBElement] = geometry_3857("MULTIPOLYGON")


class WorkerPost(Imported, Base):
    """A worker's post in a grid and the days it is staffed; the post has a title, not a name."""

    __tablename__ = "worker_posts"
    __table_args__ = (
        CheckConstraint("off_duty_on IS NULL OR off_duty_on > on_duty_on", name="duty"),
    )

    grid_code: Mapped[str] = mapped_column(index=True)
    title: Mapped[str | None]
    on_duty_on: Mapped[date] = mapped_column(Date)
    off_duty_on: Mapped[date | None]


class GridFinding(Identified, OfRun, Base):
    """One finding of one audit run, with the piece of ground it speaks of."""

    __tablename__ = "grid_findings"
    __table_args__ = (
        Index(None, "run_id"),
        one_of("kind", FindingKind),
        one_of("network", Network),
    )

    area_code: Mapped[str]
    network: Mapped[str] = mapped_column(server_default=Network.UNIFIED)
    kind: Mapped[str]
    rule: Mapped[str]
    grid_codes: Mapped[str]
    area_m2: Mapped[float | None]
    figure: Mapped[float | None]
    threshold: Mapped[float | None]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]
    geom: Mapped[WKBElement | None] = mapped_column(Geometry("GEOMETRY", srid=4326))


class GridEdit(Identified, Base):
    """One save of the grid editor, with what it takes to set it back.

    ``ended`` and ``made`` are ids of versions that it ended on ``day`` and wrote from that day on;
    ``replaced`` holds the versions that began on that day and were deleted, the
    columns by name and the outline as hexadecimal WKB.
    """

    __tablename__ = "grid_edits"

    area_code: Mapped[str] = mapped_column(index=True)
    day: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended: Mapped[list[int]] = mapped_column(JSONB)
    made: Mapped[list[int]] = mapped_column(JSONB)
    replaced: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
