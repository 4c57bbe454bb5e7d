"""Tables of what points show: view fields, covered ground, places, blind areas, weak points."""

from enum import StrEnum

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, OfRun, geometry, geometry_3857, one_of


class PlaceKind(StrEnum):
    """What people pass and police ask about: gates, streets, and what the policy calls key."""

    ENTRANCE = "entrance"
    STREET = "street"
    KEY_PLACE = "key_place"


class ViewField(Identified, Base):
    """The ground that one point shows at one quality, as of the newest run; kept between runs.

    ``looks``: home (the recorded position) or potential (anywhere it can turn to). ``digest`` is
    of everything the field depends on, so that a run computes only what has changed.
    """

    __tablename__ = "view_fields"
    __table_args__ = (UniqueConstraint("camera_key", "quality", "looks"),)

    area_code: Mapped[str] = mapped_column(index=True)
    camera_key: Mapped[str]
    quality: Mapped[str]
    looks: Mapped[str]
    digest: Mapped[str]
    area_m2: Mapped[float]
    assumed: Mapped[bool]
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_3857: Mapped[WKBElement] = geometry_3857("MULTIPOLYGON")


class VideoCoverage(Identified, OfRun, Base):
    """Covered public ground of one subject at one quality in one run (VID-2), square metres.

    ``seen_deeper_m2``: by at least 3, 4 ... working points, up to the policy's ``deepest``.
    """

    __tablename__ = "video_coverage"
    __table_args__ = (UniqueConstraint("run_id", "subject_kind", "subject_code", "quality"),)

    area_code: Mapped[str]
    subject_kind: Mapped[str]
    subject_code: Mapped[str]
    name: Mapped[str]
    quality: Mapped[str]
    answer: Mapped[str]
    digest: Mapped[str | None]
    public_m2: Mapped[float | None]
    seen_m2: Mapped[float | None]
    seen_twice_m2: Mapped[float | None]
    seen_deeper_m2: Mapped[list[float] | None] = mapped_column(JSONB)
    seen_all_m2: Mapped[float | None]
    seen_all_twice_m2: Mapped[float | None]
    seen_measured_m2: Mapped[float | None]
    seen_potential_m2: Mapped[float | None]
    covered_share: Mapped[float | None]
    blind_m2: Mapped[float | None]
    entrances: Mapped[int | None]
    entrances_seen: Mapped[int | None]
    street_m: Mapped[float | None]
    street_seen_m: Mapped[float | None]
    key_places: Mapped[int | None]
    key_places_seen: Mapped[int | None]
    met: Mapped[bool | None]
    rule: Mapped[str]
    threshold: Mapped[float]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]


class VideoPlace(Identified, OfRun, Base):
    """An entrance, a piece of a street or a key place in one run, and how much of it is seen.

    ``shares`` are of working points by quality, weakest first (null where buildings are missing),
    ``seen_share`` is the one of VID-2's quality; ``points``: how many working points reach it.
    ``geom`` is what was measured: the gate, the piece, the open ground of the key place.
    """

    __tablename__ = "video_places"
    __table_args__ = (
        Index(None, "run_id"),
        one_of("kind", PlaceKind),
        CheckConstraint("seen_share BETWEEN 0 AND 1", name="seen_share"),
    )

    area_code: Mapped[str]
    grid_code: Mapped[str | None]
    compound_code: Mapped[str | None]
    kind: Mapped[str]
    place_key: Mapped[str]
    name: Mapped[str | None]
    digest: Mapped[str]
    length_m: Mapped[float | None]
    area_m2: Mapped[float | None]
    seen_share: Mapped[float | None]
    shares: Mapped[list[float] | None] = mapped_column(JSONB)
    points: Mapped[int | None]
    geom: Mapped[WKBElement] = geometry("GEOMETRY")
    geom_3857: Mapped[WKBElement] = geometry_3857("GEOMETRY")


class BlindArea(Identified, OfRun, Base):
    """Public ground of a compound that no working point shows, large enough to matter."""

    __tablename__ = "video_blind_areas"
    __table_args__ = (Index(None, "run_id"),)

    area_code: Mapped[str]
    compound_code: Mapped[str]
    area_m2: Mapped[float]
    nearest: Mapped[str | None]
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_3857: Mapped[WKBElement] = geometry_3857("MULTIPOLYGON")


class WeakPoint(Identified, OfRun, Base):
    """What a compound loses when one working point fails: ground that no other point shows."""

    __tablename__ = "video_weak_points"
    __table_args__ = (Index(None, "run_id"),)

    area_code: Mapped[str]
    compound_code: Mapped[str]
    camera_key: Mapped[str]
    lost_m2: Mapped[float]
