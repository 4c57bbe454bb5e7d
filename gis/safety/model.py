"""Tables of incidents and ratings; an incident is a place, a time and a category, no person."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, Imported, OfRun, Placed, geometry, geometry_3857, one_of
from gis.safety.rules import Colour


class Category(StrEnum):
    """The closed list of incident kinds; police and everyday names are mapped onto it at import."""

    BURGLARY = "burglary"
    VEHICLE_THEFT = "vehicle_theft"
    THEFT = "theft"
    ROBBERY = "robbery"
    HOMICIDE = "homicide"
    ASSAULT = "assault"
    VICE = "vice"
    DRUGS = "drugs"
    FRAUD = "fraud"
    TELECOM_FRAUD = "telecom_fraud"
    DAMAGE = "damage"
    PUBLIC_ORDER = "public_order"
    NOISE = "noise"
    DISPUTE = "dispute"
    FIRE = "fire"
    TRAFFIC = "traffic"
    HAZARD = "hazard"
    OTHER = "other"


class Precision(StrEnum):
    """How exactly the time of an incident is known."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


class Incident(Imported, Placed, Base):
    """One incident; ``occurred_at`` begins the interval that ``occurred_precision`` names."""

    __tablename__ = "incidents"
    __table_args__ = (
        one_of("category", Category),
        one_of("occurred_precision", Precision),
        Index("ix_incidents_occurred_at", "occurred_at"),
        Index(
            "ix_incidents_in_compounds",
            "compound_code",
            "category",
            "occurred_at",
            postgresql_include=["area_code"],
            postgresql_where="compound_code IS NOT NULL",
        ),
    )

    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    occurred_precision: Mapped[str] = mapped_column(server_default=Precision.MINUTE)
    category: Mapped[str]
    severe: Mapped[bool] = mapped_column(server_default="false")
    preventable: Mapped[bool] = mapped_column(server_default="false")
    source: Mapped[str | None]
    geom: Mapped[WKBElement] = geometry("POINT")
    geom_3857: Mapped[WKBElement] = geometry_3857("POINT")


class Rating(Identified, OfRun, Base):
    """The colour of one compound in one run, with every figure that led to it (SAF-1)."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("run_id", "compound_code"),
        one_of("colour", Colour),
        CheckConstraint("quality IN ('A', 'B', 'C')", name="quality"),
    )

    area_code: Mapped[str]
    compound_code: Mapped[str]
    compound_name: Mapped[str]
    peer_group: Mapped[str]
    colour: Mapped[str]
    previous_colour: Mapped[str | None]
    households: Mapped[int | None]
    observed: Mapped[int]
    expected: Mapped[float | None]
    relative_risk: Mapped[float | None]
    p_red: Mapped[float | None]
    p_amber: Mapped[float | None]
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    lifted_by: Mapped[str | None]
    low_count: Mapped[bool] = mapped_column(server_default="false")
    rated_with: Mapped[str | None]
    quality: Mapped[str]
    quality_notes: Mapped[str | None]
    rule: Mapped[str]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]


WITHHELD = ("counts", "lifted_by")  # given by wangge.withheld_ratings(run)
SHOWN_RATINGS = Table(
    "shown_ratings",
    MetaData(schema="wangge"),  # a view: no table that the models make
    *(Column(one.name, one.type) for one in Rating.__table__.columns if one.name not in WITHHELD),
    Column("rated_colour", Text),
)
"""Ratings as maps, files and answers show them.

Of a published run ``colour`` is the colour of the plaque and ``rated_colour`` the rule's where
people decided another, else null; ``previous_colour`` is the plaque's before, where one hung.
"""


class RatingInputs(Base):
    """What the rating of a quarter was computed from, for a replay: counts, no single incident.

    ``payload`` is the Parquet file of `gis.safety.kept`, ``rules`` and ``reference`` are JSON in
    its canonical form. Whoever may read incidents in the whole district reads it.
    """

    __tablename__ = "rating_inputs"
    __table_args__ = (CheckConstraint("payload <> ''", name="payload"),)

    run_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.runs.id", ondelete="CASCADE"), primary_key=True
    )
    area_code: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    rules: Mapped[str]
    reference: Mapped[str]
    computed_with: Mapped[str]
