"""Tables of let dwellings and of rental results; a dwelling has counts, no tenants."""

from datetime import date
from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, Date, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, Imported, OfRun, Placed, geometry, geometry_3857, one_of


class RentalMode(StrEnum):
    """How a dwelling is let."""

    WHOLE = "whole"
    SHARED = "shared"
    GROUP = "group"
    DORMITORY = "dormitory"


class Dwelling(Imported, Placed, Base):
    """One let dwelling (registered letting), counted while it is not ended."""

    __tablename__ = "dwellings"
    __table_args__ = (
        one_of("mode", RentalMode),
        CheckConstraint("rooms BETWEEN 0 AND 200", name="rooms"),
        CheckConstraint("usable_m2 > 0", name="usable"),
        CheckConstraint("occupants BETWEEN 0 AND 2000", name="occupants"),
        CheckConstraint("floating_occupants BETWEEN 0 AND occupants", name="floating"),
        CheckConstraint("ended_on IS NULL OR ended_on >= registered_on", name="life"),
    )

    building_key: Mapped[str | None]
    mode: Mapped[str | None]
    rooms: Mapped[int | None]
    usable_m2: Mapped[float | None]
    occupants: Mapped[int | None]
    floating_occupants: Mapped[int | None]
    registered_on: Mapped[date | None] = mapped_column(Date, index=True)
    ended_on: Mapped[date | None] = mapped_column(Date, index=True)
    grade: Mapped[str | None]
    geom: Mapped[WKBElement] = geometry("POINT")
    geom_3857: Mapped[WKBElement] = geometry_3857("POINT")


class StandingLettings(Base):
    """Lettings without an end by compound, kept by the database itself (a trigger on dwellings).

    What stands on a day is these, less those registered later, and those that ended later.
    """

    __tablename__ = "standing_lettings"

    compound_code: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(primary_key=True)
    lettings: Mapped[int] = mapped_column(BigInteger)
    occupants: Mapped[int] = mapped_column(BigInteger)


class RentalFigures:
    """The figures every rental result has; a suppressed count (k < 5) is NULL with its flag set."""

    rented_dwellings: Mapped[int | None]
    dwellings: Mapped[int | None]
    rented_per_100: Mapped[float | None]
    rented_per_km2: Mapped[float | None]
    occupants: Mapped[int | None]
    occupants_per_dwelling: Mapped[float | None]
    floating_share: Mapped[float | None]
    suspected_group: Mapped[int | None]
    suppressed: Mapped[bool] = mapped_column(server_default="false")
    mainly_rental: Mapped[bool | None]


class RentalResult(Identified, OfRun, RentalFigures, Base):
    """Rental density of one compound, grid or division in one run."""

    __tablename__ = "rental_results"
    __table_args__ = (UniqueConstraint("run_id", "subject_kind", "subject_code"),)

    area_code: Mapped[str]
    subject_kind: Mapped[str]
    subject_code: Mapped[str]
    name: Mapped[str]
    rule: Mapped[str]
    threshold: Mapped[float]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]


class RentalCell(Identified, OfRun, RentalFigures, Base):
    """Rental density of one H3 cell; the cell's outline follows from its index."""

    __tablename__ = "rental_cells"
    __table_args__ = (
        UniqueConstraint("run_id", "h3"),
        CheckConstraint("resolution BETWEEN 8 AND 10", name="resolution"),
    )

    area_code: Mapped[str]
    h3: Mapped[str]
    resolution: Mapped[int]
    rule: Mapped[str | None]  # as the threshold and the reasons: none in runs from before 0057
    threshold: Mapped[float | None]
    reason_zh: Mapped[str | None]
    reason_en: Mapped[str | None]
    geom: Mapped[WKBElement] = geometry("POLYGON")
    geom_3857: Mapped[WKBElement] = geometry_3857("POLYGON")
