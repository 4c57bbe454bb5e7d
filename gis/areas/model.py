"""Tables of the divisions, of dated household counts and of quarterly evaluations."""

from datetime import date
from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Date, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gis.areas.levels import Level, SubjectKind
from gis.db.base import (
    Base,
    Imported,
    Versioned,
    geometry,
    geometry_3857,
    one_of,
    one_version_a_day,
    parts,
    validity,
)


class Measure(StrEnum):
    """The four evaluation measures of EVA-1."""

    SATISFACTION = "satisfaction"
    PROBLEMS_FIXED = "problems_fixed"
    MEDIA = "media"
    INSPECTION = "inspection"


class Area(Imported, Versioned, Base):
    """A division; ``area_code`` equals ``code``. Outline optional: registers come without one."""

    __tablename__ = "areas"
    __table_args__ = (
        one_of("level", Level),
        validity(),
        CheckConstraint("area_code = code", name="own_code"),
        CheckConstraint("households >= 0 AND residents >= 0 AND workers >= 0", name="counts"),
        one_version_a_day("areas"),
    )

    code: Mapped[str] = mapped_column(index=True)
    level: Mapped[str]
    name: Mapped[str]
    parent_code: Mapped[str | None]
    households: Mapped[int | None]
    residents: Mapped[int | None]
    workers: Mapped[int | None]
    newly_built: Mapped[bool | None]
    geom: Mapped[WKBElement | None] = geometry("MULTIPOLYGON", nullable=True)
    geom_3857: Mapped[WKBElement | None] = geometry_3857("MULTIPOLYGON")


class HouseholdCount(Imported, Base):
    """Households, residents and dwellings of one subject as counted on one day."""

    __tablename__ = "household_counts"
    __table_args__ = (
        one_of("subject_kind", SubjectKind),
        UniqueConstraint("subject_kind", "subject_code", "as_of"),
        CheckConstraint(
            "households >= 0 AND residents >= 0 AND floating_residents >= 0 AND dwellings >= 0"
            " AND rented_dwellings >= 0",
            name="counts",
        ),
        parts(),
    )

    subject_kind: Mapped[str]
    subject_code: Mapped[str]
    as_of: Mapped[date] = mapped_column(Date, index=True)
    households: Mapped[int | None]
    residents: Mapped[int | None]
    floating_residents: Mapped[int | None]
    dwellings: Mapped[int | None]
    rented_dwellings: Mapped[int | None]


class Evaluation(Imported, Base):
    """One measured value of EVA-1 for one division and quarter."""

    __tablename__ = "evaluations"
    __table_args__ = (
        one_of("measure", Measure),
        CheckConstraint(r"period ~ '^\d{4}Q[1-4]$'", name="quarter"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    )

    period: Mapped[str]
    measure: Mapped[str]
    score: Mapped[float]
