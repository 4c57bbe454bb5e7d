"""Tables of the residential compounds (小区) and of buildings."""

from datetime import date
from enum import StrEnum

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import (
    Base,
    Imported,
    Placed,
    Versioned,
    geometry,
    geometry_3857,
    one_of,
    one_version_a_day,
    parts,
    validity,
)


class CompoundKind(StrEnum):
    """Peer groups of SAF-2: an urban village is compared with urban villages."""

    COMMODITY = "commodity"
    OLD = "old"
    URBAN_VILLAGE = "urban_village"
    RESETTLEMENT = "resettlement"
    UNIT_HOUSING = "unit_housing"
    AFFORDABLE = "affordable"


class BuildingUse(StrEnum):
    """What a building is for."""

    RESIDENTIAL = "residential"
    COMMERCIAL = "commercial"
    PUBLIC = "public"
    INDUSTRIAL = "industrial"
    MIXED = "mixed"
    OTHER = "other"


class Compound(Imported, Versioned, Base):
    """A residential compound; ``code`` is the office's own key and outlives its versions."""

    __tablename__ = "compounds"
    __table_args__ = (
        one_of("kind", CompoundKind),
        validity(),
        CheckConstraint(
            "buildings >= 0 AND dwellings >= 0 AND households >= 0 AND rented_dwellings >= 0"
            " AND residents >= 0 AND floating_residents >= 0",
            name="counts",
        ),
        parts(),
        CheckConstraint("built_year BETWEEN 1000 AND 2200", name="built_year"),
        one_version_a_day("compounds"),
        Index("ix_compounds_valid_from", "valid_from"),  # a preview asks what began after its day
    )

    code: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    address: Mapped[str | None]
    kind: Mapped[str]
    gated: Mapped[bool | None]
    property_managed: Mapped[bool | None]
    buildings: Mapped[int | None]
    dwellings: Mapped[int | None]
    households: Mapped[int | None]
    households_as_of: Mapped[date | None] = mapped_column(Date, index=True)
    residents: Mapped[int | None]
    floating_residents: Mapped[int | None]
    rented_dwellings: Mapped[int | None]
    built_year: Mapped[int | None]
    grid_code: Mapped[str | None]
    ground_m2: Mapped[float | None]  # measured by the import in the frame ground_srid
    ground_srid: Mapped[int | None]
    entrances: Mapped[WKBElement | None] = mapped_column(
        Geometry("MULTIPOINT", srid=4326, spatial_index=False)
    )
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_3857: Mapped[WKBElement] = geometry_3857("MULTIPOLYGON")


class Building(Imported, Placed, Base):
    """A building's footprint; assigned to area, grid and compound by a point on its surface."""

    __tablename__ = "buildings"
    __table_args__ = (
        one_of("use", BuildingUse),
        CheckConstraint("storeys BETWEEN 0 AND 300", name="storeys"),
        CheckConstraint("height_m BETWEEN 0 AND 1000", name="height"),
        CheckConstraint("dwellings >= 0", name="counts"),
    )

    name: Mapped[str | None]
    storeys: Mapped[int | None]
    height_m: Mapped[float | None]
    use: Mapped[str | None]
    dwellings: Mapped[int | None]
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_3857: Mapped[WKBElement] = geometry_3857("MULTIPOLYGON")
