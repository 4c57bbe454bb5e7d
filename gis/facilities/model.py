"""Tables of the facilities, of how they are shared, and of the coverage results."""

from datetime import date
from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, Imported, OfRun, Placed, geometry, geometry_3857, one_of


class Function(StrEnum):
    """What a facility does; the policy file's FAC-1 list says which of these count."""

    SERVICE_STATION = "service_station"
    PARTY_SERVICE = "party_service"
    ELDERLY_CARE = "elderly_care"
    CHILD_CARE = "child_care"
    HEALTH_STATION = "health_station"
    CULTURE = "culture"
    FITNESS = "fitness"
    MEETING_ROOM = "meeting_room"
    POLICE_ROOM = "police_room"
    CONVENIENCE = "convenience"
    KINDERGARTEN = "kindergarten"
    SHELTER = "shelter"
    FIRE_STATION = "fire_station"
    OTHER = "other"


class Provision(StrEnum):
    """FAC-4: how the premises were provided."""

    NEW_BUILD = "new_build"
    CONVERSION = "conversion"
    EXTENSION = "extension"
    PURCHASE = "purchase"
    PROJECT_BUNDLED = "project_bundled"
    SHARED = "shared"
    CO_BUILT = "co_built"
    DONATED = "donated"
    EXCHANGED = "exchanged"
    RENTED = "rented"


class FacilityStatus(StrEnum):
    """Only an open facility counts."""

    OPEN = "open"
    PLANNED = "planned"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Verdict(StrEnum):
    """Outcome of FAC-1 for one subject."""

    MET = "met"
    BELOW = "below"
    NONE = "none"
    UNKNOWN = "unknown"


class Facility(Imported, Placed, Base):
    """A facility as polygon or point; ``source_key`` is the register's key (FAC-5)."""

    __tablename__ = "facilities"
    __table_args__ = (
        one_of("function", Function),
        one_of("provision", Provision),
        one_of("status", FacilityStatus),
        CheckConstraint("floor_area_m2 > 0", name="floor_area"),
        CheckConstraint(
            "closed_on IS NULL OR opened_on IS NULL OR closed_on >= opened_on", name="life"
        ),
        CheckConstraint(
            "ST_GeometryType(geom) IN ('ST_Point', 'ST_Polygon', 'ST_MultiPolygon')",
            name="geom_kind",
        ),
    )

    name: Mapped[str]
    function: Mapped[str]
    provision: Mapped[str | None]
    ownership: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=FacilityStatus.OPEN)
    floor_area_m2: Mapped[float | None]
    storeys: Mapped[int | None]
    opened_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    geom: Mapped[WKBElement] = geometry("GEOMETRY")
    geom_3857: Mapped[WKBElement] = geometry_3857("GEOMETRY")


class FacilityShare(Identified, Base):
    """The part of a shared facility that one community may count; the shares sum to at most 1."""

    __tablename__ = "facility_shares"
    __table_args__ = (
        UniqueConstraint("facility_id", "area_code"),
        CheckConstraint("share > 0 AND share <= 1", name="share"),
    )

    facility_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.facilities.id", ondelete="CASCADE")
    )
    area_code: Mapped[str]
    share: Mapped[float]


class CoverageResult(Identified, OfRun, Base):
    """FAC-1 for one subject in one run: figures, threshold, verdict; FAC-2/3 stand beside it."""

    __tablename__ = "coverage_results"
    __table_args__ = (
        UniqueConstraint("run_id", "subject_kind", "subject_code"),
        one_of("verdict", Verdict),
    )

    area_code: Mapped[str]
    subject_kind: Mapped[str]
    subject_code: Mapped[str]
    name: Mapped[str]
    households: Mapped[int | None]
    households_as_of: Mapped[date | None] = mapped_column(Date)
    facilities: Mapped[int]
    floor_area_m2: Mapped[float]
    estimated_m2: Mapped[float]
    m2_per_100_households: Mapped[float | None]
    required_m2: Mapped[float | None]
    gap_m2: Mapped[float | None]
    verdict: Mapped[str]
    floor_rule: Mapped[str | None]
    floor_required_m2: Mapped[float | None]
    floor_met: Mapped[bool | None]
    binding_rule: Mapped[str | None]
    rule: Mapped[str]
    threshold: Mapped[float]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]
