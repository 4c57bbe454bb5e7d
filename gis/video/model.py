"""Tables of video points and their status; no network address and no credential exists here."""

from datetime import date, datetime
from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, Imported, OfRun, Placed, geometry, geometry_3857, one_of


class PointClass(StrEnum):
    """GB/T 28181 PointType (监控点位类型)."""

    CLASS_1 = "class_1"
    CLASS_2 = "class_2"
    CLASS_3 = "class_3"
    POLICE_INTERNAL = "police_internal"
    OTHER = "other"


class CameraKind(StrEnum):
    """GB/T 28181 PTZType."""

    DOME_PTZ = "dome_ptz"
    DOME = "dome"
    FIXED = "fixed"
    PTZ = "ptz"
    DOME_REMOTE = "dome_remote"
    PANORAMIC = "panoramic"
    MULTI_VIEW = "multi_view"
    OTHER = "other"


class CameraStatus(StrEnum):
    """Life of a video point."""

    PLANNED = "planned"
    IN_USE = "in_use"
    REPAIR = "repair"
    REMOVED = "removed"
    UNKNOWN = "unknown"


class Observation(StrEnum):
    """What was seen of a point at one time."""

    WORKING = "working"
    DOWN = "down"
    UNKNOWN = "unknown"


class CaptureDirection(StrEnum):
    """GA/T 1400 CapDirection: which end of a vehicle a checkpoint takes."""

    FRONT = "front"
    REAR = "rear"


class LegalBasis(StrEnum):
    """Why the point may exist under State Council Order 799."""

    ART7_GOV = "art7_gov"
    ART7_OPERATOR = "art7_operator"
    ART9 = "art9"
    ART33 = "art33"
    COUNTER_TERROR = "counter_terror"


class PrivateKind(StrEnum):
    """Places that art. 8 of Order 799 keeps cameras out of, and gardens that are nobody else's."""

    GUEST_ROOM = "guest_room"
    DORMITORY = "dormitory"
    BATH = "bath"
    CHANGING = "changing"
    NURSING = "nursing"
    GARDEN = "garden"


class Camera(Imported, Placed, Base):
    """A video point with its GB/T 28181-2022 catalogue fields; contacts are units, not persons."""

    __tablename__ = "cameras"
    __table_args__ = (
        one_of("point_class", PointClass),
        one_of("kind", CameraKind),
        one_of("status", CameraStatus),
        one_of("legal_basis", LegalBasis),
        one_of("capture_direction", CaptureDirection),
        CheckConstraint("direction_deg >= 0 AND direction_deg < 360", name="direction"),
        CheckConstraint("horizontal_fov_deg > 0 AND horizontal_fov_deg <= 360", name="hfov"),
        CheckConstraint("vertical_fov_deg > 0 AND vertical_fov_deg <= 360", name="vfov"),
        CheckConstraint("tilt_deg BETWEEN -90 AND 90", name="tilt"),
        CheckConstraint("max_distance_m > 0", name="max_distance"),
        CheckConstraint("height_m BETWEEN 0 AND 500", name="height"),
        CheckConstraint("focal_min_mm > 0 AND focal_max_mm > 0", name="focal"),
        CheckConstraint("focal_min_mm <= focal_max_mm", name="zoom"),
        CheckConstraint("width_px > 0 AND height_px > 0", name="pixels"),
        CheckConstraint("retention_days >= 0", name="retention"),
        Index(
            "ix_cameras_in_compounds",
            "compound_code",
            postgresql_include=["area_code", "source_key", "status", "installed_on", "removed_on"],
            postgresql_where="compound_code IS NOT NULL",
        ),
    )

    gb28181_id: Mapped[str | None]
    name: Mapped[str | None]
    point_class: Mapped[str | None]
    kind: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=CameraStatus.UNKNOWN)
    owner_unit: Mapped[str | None]
    management_unit: Mapped[str | None]
    contact_unit: Mapped[str | None]
    org_code: Mapped[str | None]
    place_kind: Mapped[str | None]
    capture_position: Mapped[str | None]
    capture_direction: Mapped[str | None]
    mount: Mapped[str | None]
    indoor: Mapped[bool | None]
    networked: Mapped[str | None]
    function_type: Mapped[str | None]
    address: Mapped[str | None]
    model: Mapped[str | None]
    aim: Mapped[str | None]
    direction_deg: Mapped[float | None]
    omnidirectional: Mapped[bool | None]
    horizontal_fov_deg: Mapped[float | None]
    vertical_fov_deg: Mapped[float | None]
    tilt_deg: Mapped[float | None]
    height_m: Mapped[float | None]
    max_distance_m: Mapped[float | None]
    focal_mm: Mapped[float | None]
    focal_min_mm: Mapped[float | None]
    focal_max_mm: Mapped[float | None]
    sensor_width_mm: Mapped[float | None]
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    light: Mapped[str | None]
    imaging: Mapped[str | None]
    security_level: Mapped[str | None]
    installed_on: Mapped[date | None] = mapped_column(Date)
    removed_on: Mapped[date | None] = mapped_column(Date)
    retention_days: Mapped[int | None]
    legal_basis: Mapped[str | None]
    filed_on: Mapped[date | None] = mapped_column(Date)
    filing_no: Mapped[str | None]
    sign_present: Mapped[bool | None]
    consent_needed: Mapped[bool | None]
    geom: Mapped[WKBElement] = geometry("POINT")
    geom_3857: Mapped[WKBElement] = geometry_3857("POINT")


class CameraObservation(Imported, Base):
    """One observation of one point's working state; ``camera_key`` is the camera's source key."""

    __tablename__ = "camera_observations"
    __table_args__ = (
        one_of("state", Observation),
        UniqueConstraint("camera_key", "observed_at", postgresql_include=["state"]),
    )

    camera_key: Mapped[str]
    observed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    state: Mapped[str]
    cause: Mapped[str | None]


class PrivatePlace(Imported, Base):
    """The outline of a room or wing that may not be filmed, or of a private garden."""

    __tablename__ = "private_places"
    __table_args__ = (one_of("kind", PrivateKind),)

    kind: Mapped[str]
    name: Mapped[str | None]
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")


class CameraState(Base):
    """The newest observation of each point, kept by the database itself (a trigger)."""

    __tablename__ = "camera_states"
    __table_args__ = (one_of("state", Observation),)

    camera_key: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str]
    observed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str]


class VideoResult(Identified, OfRun, Base):
    """Video inventory of one subject in one run (VID-1, VID-2 first part).

    ``working`` of ``known`` counts all points; ``key_working`` of ``key_known`` those of key
    industries, which have their own threshold.
    """

    __tablename__ = "video_results"
    __table_args__ = (UniqueConstraint("run_id", "subject_kind", "subject_code"),)

    area_code: Mapped[str]
    subject_kind: Mapped[str]
    subject_code: Mapped[str]
    name: Mapped[str]
    cameras: Mapped[int]
    in_use: Mapped[int]
    known: Mapped[int] = mapped_column(server_default="0")
    working: Mapped[int]
    working_share: Mapped[float | None]
    key_known: Mapped[int] = mapped_column(server_default="0")
    key_working: Mapped[int] = mapped_column(server_default="0")
    key_threshold: Mapped[float | None]
    compounds: Mapped[int | None]
    compounds_without: Mapped[int | None]
    bad_ids: Mapped[int]
    missing_fields: Mapped[int]
    met: Mapped[bool | None]
    rule: Mapped[str]
    threshold: Mapped[float]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]


class VideoFinding(Identified, OfRun, Base):
    """Something wrong with one point or one compound, with its rule and since when."""

    __tablename__ = "video_findings"
    __table_args__ = (Index(None, "run_id"),)

    area_code: Mapped[str]
    kind: Mapped[str]
    rule: Mapped[str]
    camera_key: Mapped[str | None]
    compound_code: Mapped[str | None]
    since: Mapped[date | None] = mapped_column(Date)
    reason_zh: Mapped[str]
    reason_en: Mapped[str]
