"""What every table shares: naming convention, area code, provenance, geometry in 4326 and 3857."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Computed,
    Date,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    event,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.elements import literal_column

from gis.db import SCHEMA

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BEGINNING = "0001-01-01"  # valid_from of a record whose start nobody stated


class Base(DeclarativeBase):
    """Declarative base of all tables of schema ``wangge``."""

    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)
    type_annotation_map: ClassVar = {str: Text}


class Identified:
    """Surrogate key."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)


class Imported(Identified):
    """A record that came from a file: its area, its key at the source, its import and its frame.

    ``area_code`` is the code of the deepest division that holds the record (the community; the
    district itself where no community does), so that rights and sums go by code prefix.
    ``frame`` is the coordinate frame the source declared; the geometry is stored in EPSG:4326.
    """

    area_code: Mapped[str] = mapped_column(index=True)
    source_key: Mapped[str] = mapped_column(unique=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("wangge.imports.id"), index=True)
    frame: Mapped[str | None]


class OfRun:
    """A result of one analysis run; it goes when its run goes."""

    run_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.runs.id", ondelete="CASCADE")
    )


@event.listens_for(Index, "after_parent_attach")
def _serve_prefixes(index: Index, _: Table) -> None:
    """Rights and sums go by code prefix; outside collation C only this class answers LIKE."""
    if index.columns.keys() == ["area_code"]:
        index.dialect_options["postgresql"]["ops"] = {"area_code": "text_pattern_ops"}


class Versioned:
    """Valid from (inclusive) to (exclusive); an open end means until further notice."""

    valid_from: Mapped[date] = mapped_column(Date, server_default=BEGINNING)
    valid_to: Mapped[date | None]


class Placed:
    """A record knows the grid and the compound that hold it, assigned when it is written."""

    grid_code: Mapped[str | None]
    compound_code: Mapped[str | None]


def geometry(kind: str, *, nullable: bool = False) -> Mapped[Any]:
    """A stored geometry column of ``kind`` in EPSG:4326 with its GiST index."""
    return mapped_column(
        Geometry(kind, srid=4326, spatial_index=True, nullable=nullable), nullable=nullable
    )


def geometry_3857(kind: str) -> Mapped[Any]:
    """The same geometry in web Mercator, kept by the database; tiles read nothing else."""
    return mapped_column(
        Geometry(kind, srid=3857, spatial_index=True),
        Computed("ST_Transform(geom, 3857)", persisted=True),
    )


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The database itself refuses a word that is not on the closed list."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_listed")


def validity() -> CheckConstraint:
    """A version ends after it began."""
    return CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity")


def parts() -> CheckConstraint:
    """What is let, and who floats, are parts of what stands beside them."""
    return CheckConstraint(
        "rented_dwellings <= dwellings AND floating_residents <= residents", name="parts"
    )


def one_version_a_day(table: str, *beside_code: str) -> ExcludeConstraint:
    """No two versions of one code are valid on the same day."""
    alike: list[tuple[ColumnElement[Any], str]] = [
        *((literal_column(name), "=") for name in ("code", *beside_code)),
        (literal_column("daterange(valid_from, valid_to)"), "&&"),
    ]
    return ExcludeConstraint(*alike, name=f"ex_{table}_one_version_a_day")
