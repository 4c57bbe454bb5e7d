"""Tables of the quarter's cycle; what is published is never changed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, one_of
from gis.safety.rules import Colour


class CycleState(StrEnum):
    """A cycle is reviewed, then published; a newer run of its quarter withdraws it before that."""

    REVIEW = "review"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Origin(StrEnum):
    """Why another colour is asked for."""

    REVIEW = "review"
    OBJECTION = "objection"


class Decision(StrEnum):
    """What the second person said."""

    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"


class RatingCycle(Identified, Base):
    """One quarter on its way to the plaques; ``revision`` counts the cycles of a quarter.

    ``labels_kept``: no plaque of it hangs whose short code is not among `PlaqueLabel`.
    """

    __tablename__ = "rating_cycles"
    __table_args__ = (
        one_of("state", CycleState),
        UniqueConstraint("area_code", "period", "revision"),
        CheckConstraint(r"period ~ '^\d{4}Q[1-4]$'", name="quarter"),
        CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL AND published_by IS NOT NULL"
            " AND digest IS NOT NULL AND issuer IS NOT NULL)",
            name="published_whole",
        ),
        Index(
            "uq_rating_cycles_one_in_review",
            "area_code",
            "period",
            unique=True,
            postgresql_where="state = 'review'",
        ),
    )

    area_code: Mapped[str]
    period: Mapped[str]
    revision: Mapped[int]
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wangge.runs.id"), index=True)
    state: Mapped[str] = mapped_column(server_default=CycleState.REVIEW)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    opened_by: Mapped[str]
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[str | None]
    issuer: Mapped[str | None]
    digest: Mapped[str | None]
    labels_kept: Mapped[bool] = mapped_column(server_default="true")


class ColourReview(Identified, Base):
    """Somebody looked at a compound's change of colour and let it stand."""

    __tablename__ = "colour_reviews"
    __table_args__ = (UniqueConstraint("cycle_id", "compound_code"),)

    cycle_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wangge.rating_cycles.id"))
    area_code: Mapped[str]
    compound_code: Mapped[str]
    note: Mapped[str | None]
    reviewed_by: Mapped[str]
    reviewed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


class ColourOverride(Identified, Base):
    """Another colour asked for in writing; another person decides."""

    __tablename__ = "colour_overrides"
    __table_args__ = (
        one_of("origin", Origin),
        one_of("decision", Decision),
        one_of("from_colour", Colour),
        CheckConstraint("to_colour IN ('green', 'yellow', 'red')", name="to_colour"),
        CheckConstraint("to_colour <> from_colour", name="changes"),
        CheckConstraint("length(trim(reason)) >= 10", name="reasoned"),
        CheckConstraint("decided_by <> asked_by", name="second_person"),
        CheckConstraint(
            "(decision = 'asked') = (decided_by IS NULL AND decided_at IS NULL)", name="decided"
        ),
        Index(
            "uq_colour_overrides_one_that_counts",
            "cycle_id",
            "compound_code",
            unique=True,
            postgresql_where="decision IN ('asked', 'approved')",
        ),
    )

    cycle_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wangge.rating_cycles.id"))
    area_code: Mapped[str]
    compound_code: Mapped[str]
    origin: Mapped[str]
    from_colour: Mapped[str]
    to_colour: Mapped[str]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    decision: Mapped[str] = mapped_column(server_default=Decision.ASKED)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_reason: Mapped[str | None]


class RatingObjection(Identified, Base):
    """Another colour asked for after the publication; a correction of the quarter takes it up."""

    __tablename__ = "rating_objections"
    __table_args__ = (
        CheckConstraint("to_colour IN ('green', 'yellow', 'red')", name="to_colour"),
        CheckConstraint("length(trim(reason)) >= 10", name="reasoned"),
        UniqueConstraint("cycle_id", "compound_code"),
    )

    cycle_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("wangge.rating_cycles.id"))
    area_code: Mapped[str]
    compound_code: Mapped[str]
    to_colour: Mapped[str]
    reason: Mapped[str]
    filed_by: Mapped[str]
    filed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class PlaqueKey(Base):
    """A public key that has signed plaques; they stay genuine when the store moves elsewhere."""

    __tablename__ = "plaque_keys"

    public_key: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str]
    first_used_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


class PlaqueLabel(Base):
    """The short code of a plaque that was printed, and the signed text that it stands for."""

    __tablename__ = "plaque_labels"
    __table_args__ = (
        CheckConstraint("label ~ '^[A-Z2-7]{8}$'", name="signs"),
        CheckConstraint("length(check_text) <= 400", name="length"),
    )

    label: Mapped[str] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.rating_cycles.id"), primary_key=True
    )
    compound_code: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str]
    check_text: Mapped[str]
    first_printed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


class PublishedRating(Base):
    """The colour that hangs at a compound's entrances for one quarter."""

    __tablename__ = "published_ratings"
    __table_args__ = (
        one_of("colour", Colour),
        one_of("rated_colour", Colour),
        Index("ix_published_ratings_compound_code", "compound_code"),
    )

    cycle_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.rating_cycles.id"), primary_key=True
    )
    compound_code: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str]
    compound_name: Mapped[str]
    colour: Mapped[str]
    rated_colour: Mapped[str]
    override_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("wangge.colour_overrides.id")
    )
    rule: Mapped[str]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]
