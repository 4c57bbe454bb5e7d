"""Covered ground: shares for those who read ratings, fields and plans for those who read video."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pandas import DataFrame
from pydantic import BaseModel, ConfigDict, Field

from api import features
from api.deps import AreaPrefix, AsOf, At, Caller, Db, Limit, Offset, needs, said
from api.routers.video import READ, Rows, Since, Until
from gis.access.rights import Capability
from gis.areas.levels import SubjectKind
from gis.audit.service import note
from gis.errors import NotFound
from gis.timeline import service as timeline
from gis.video.ground import shown
from gis.video.ground import store as ground_store
from gis.video.ground.model import PlaceKind
from gis.video.model import CameraKind
from gis.video.siting import what_if
from gis.video.store import newest_run

router = APIRouter(prefix="/api/v1/video", tags=["video"])
# Where ground is blind, and how much of it, is nobody's business outside police duty.
_PUBLISHED = ["subject_kind", "subject_code", "area_code", "name", "quality", "answer",
              "covered_share", "met", "rule", "threshold", "reason_zh", "reason_en"]  # fmt: skip
Code = Annotated[str | None, Query(max_length=64, description="one subject")]


class Quality(StrEnum):
    """How well ground is shown (EN 62676-4)."""

    DETECT = "detect"
    OBSERVE = "observe"
    RECOGNISE = "recognise"
    IDENTIFY = "identify"


class PlannedIn(BaseModel):
    """A planned point; what is left out takes the policy's default for its kind."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"compound": "XQ530102001001001", "lon": 102.7, "lat": 25.05,
                                       "direction_deg": 90, "kind": "fixed", "height_m": 3.5}},
    )  # fmt: skip

    compound: str = Field(min_length=1, max_length=64)
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-85, le=85)
    kind: CameraKind = CameraKind.FIXED
    direction_deg: float | None = Field(default=None, ge=0, lt=360)
    omnidirectional: bool = False
    horizontal_fov_deg: float | None = Field(default=None, gt=0, le=360)
    tilt_deg: float | None = Field(default=None, ge=-90, le=90)
    height_m: float | None = Field(default=None, ge=0, le=500)
    max_distance_m: float | None = Field(default=None, gt=0)
    focal_mm: float | None = Field(default=None, gt=0)
    sensor_width_mm: float | None = Field(default=None, gt=0)
    width_px: int | None = Field(default=None, gt=0)
    height_px: int | None = Field(default=None, gt=0)


class AddedOut(BaseModel):
    """Square metres of public ground a planned point adds, by quality."""

    compound: str = Field(examples=["XQ530102001001001"])
    public_m2: float = Field(examples=[8421.5])
    assumed: bool = Field(examples=[False])
    by_quality: list[dict[str, Any]] = Field(examples=[[{"quality": "detect", "gain_m2": 312.4}]])


@router.get("/coverage", dependencies=[needs(Capability.RATING)])
def read_coverage(
    db: Db,
    at: At,
    user: Caller,
    level: SubjectKind = SubjectKind.COMPOUND,
    quality: Quality = Quality.DETECT,
    area: AreaPrefix = "",
    code: Code = None,
    as_of: AsOf = None,
    limit: Limit = 1_000,
    offset: Offset = 0,
) -> Rows:
    """Covered share of public ground by level and quality; no point and no place is named.

    Square metres, blind ground and entrances are for those who may read video.
    """
    rows = ground_store.coverage_rows(
        db, run_id=newest_run(db, as_of).id, level=level.value, quality=quality.value,
        area_prefix=at.district.prefix_of(area), code=code, limit=limit, offset=offset,
    )  # fmt: skip
    if user.may(Capability.VIDEO):
        note(db, event="read", target="video_coverage", area_code=area or None, rows=len(rows))
    shown = rows if user.may(Capability.VIDEO) else rows[_PUBLISHED]
    return Rows(rows=features.records(shown))


class PageOut(BaseModel):
    """A page of what one run found; ``matched`` rows answer the question in all."""

    run_id: int = Field(examples=[5])
    as_of: date = Field(examples=["2026-09-30"])
    matched: int = Field(ge=0, examples=[1])
    rows: list[dict[str, Any]] = Field(
        examples=[[{"compound_code": "XQ530102001001001", "camera_key": "SP000001",
                    "lost_m2": 412.5, "lost_share": 0.049}]]
    )  # fmt: skip


@router.get("/places", dependencies=READ)
def read_places(
    db: Db,
    at: At,
    kind: PlaceKind | None = None,
    area: AreaPrefix = "",
    compound: Code = None,
    below: Annotated[
        float | None, Query(gt=0, le=1, description="only places seen less than this share")
    ] = None,
    as_of: AsOf = None,
    limit: Limit = 1_000,
    offset: Offset = 0,
) -> PageOut:
    """Entrances, pieces of streets and key places: how much of each working points show.

    ``shares`` are by quality, weakest first, and null where buildings are missing.
    """
    return _page(
        db, at, ground_store.places, "video_places", as_of, area, kind=kind, compound=compound,
        below=below, limit=limit, offset=offset,
    )  # fmt: skip


@router.get("/weak-points", dependencies=READ)
def read_weak_points(
    db: Db,
    at: At,
    area: AreaPrefix = "",
    compound: Code = None,
    as_of: AsOf = None,
    limit: Limit = 1_000,
    offset: Offset = 0,
) -> PageOut:
    """The points whose single failure blinds most ground of their compound, worst first."""
    return _page(
        db, at, ground_store.weak_points, "video_weak_points", as_of, area, compound=compound,
        quality=at.policy["VID-2", "coverage_quality"], limit=limit, offset=offset,
    )  # fmt: skip


def _page(
    db: Db, at: At, read: Callable[..., tuple[DataFrame, int]], target: str, as_of: date | None,
    area: str, **asked: Any,
) -> PageOut:  # fmt: skip
    """One page of a table of the newest run; the look is noted in the trail."""
    run = newest_run(db, as_of)
    rows, matched = read(db, run_id=run.id, area_prefix=at.district.prefix_of(area), **asked)
    note(db, event="read", target=target, area_code=area or None, rows=len(rows))
    return PageOut(run_id=run.id, as_of=run.as_of, matched=matched, rows=features.records(rows))


class ShownOut(BaseModel):
    """Incidents of a window; ``possible`` counts what points would have to turn to as well."""

    as_of: date = Field(examples=["2026-09-30"], description="day of the fields")
    quality: Quality
    incidents: int = Field(ge=0, examples=[1840])
    assured: int = Field(ge=0, examples=[611])
    possible: int = Field(ge=0, examples=[702])


@router.get("/incidents-shown", dependencies=[*READ, needs(Capability.INCIDENTS)])
def read_incidents_shown(
    db: Db,
    at: At,
    since: Since,
    until: Until,
    quality: Quality = Quality.DETECT,
    area: AreaPrefix = "",
) -> ShownOut:
    """How many incidents happened where working points show the ground; a count, no places."""
    note(db, event="read", target="incidents shown", area_code=area or None)
    found = shown.incidents_shown(
        db, district=at.district, since=since, until=until, quality=quality.value,
        area_prefix=at.district.prefix_of(area),
    )  # fmt: skip
    return ShownOut(quality=quality, **asdict(found))


_VIEW = {"type": "FeatureCollection", "as_of": "2026-09-30", "features": []}


@router.get("/points/{camera}/view", dependencies=READ, responses=said(_VIEW))
def read_view(db: Db, camera: Annotated[str, Path(max_length=64)]) -> dict[str, Any]:
    """One point's view fields by quality as GeoJSON, as of the newest run; what it can turn to
    stands apart.
    """
    note(db, event="read", target="view_field", detail={"camera": camera})
    found = ground_store.views(db, camera=camera)
    if found.empty:
        raise NotFound("view field of camera", camera)
    found = found.assign(id=found["looks"] + ":" + found["quality"])
    listed = features.listed(found, key="id")
    return {"type": "FeatureCollection", "as_of": newest_run(db).as_of, "features": listed}


@router.post("/what-if", dependencies=READ)
def compute_what_if(db: Db, at: At, body: PlannedIn, as_of: AsOf = None) -> AddedOut:
    """What a planned point adds to a compound; nothing is stored."""
    note(db, event="read", target="video_what_if", detail={"compound": body.compound})
    found = what_if.what_if(
        db, policy=at.policy, district=at.district, as_of=plan_day(db, at, as_of),
        compound=body.compound, planned=body.model_dump(exclude={"compound"}),
    )  # fmt: skip
    gains = zip(found.quality, found.before_m2, found.after_m2, strict=True)
    return AddedOut(
        compound=found.compound, public_m2=found.public_m2, assumed=found.assumed,
        by_quality=[
            {"quality": quality, "before_m2": float(before), "after_m2": float(after),
             "gain_m2": float(after - before)}
            for quality, before, after in gains
        ],
    )  # fmt: skip


def plan_day(db: Db, at: At, as_of: date | None) -> date:
    """The day a question is asked of: the one said, else the data's."""
    return as_of or timeline.day_of(db, at.district)
