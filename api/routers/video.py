"""Video points: observations, working rate, repairs, findings; internal, and noted in the trail."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import features
from api.deps import AreaPrefix, AsOf, At, Db, Limit, Offset, needs
from gis.access.rights import Action, Capability
from gis.audit.service import note
from gis.privacy import checked
from gis.video import gb28181, store
from gis.video import status as states
from gis.video.model import Observation
from gis.video.status import By

router = APIRouter(prefix="/api/v1/video", tags=["video"])
READ = [needs(Capability.VIDEO)]
WRITE = [needs(Capability.VIDEO, Action.WRITE)]
Since = Annotated[date, Query(description="first day, in the district's time zone")]
Until = Annotated[date, Query(description="last day, included")]


class ObservationIn(BaseModel):
    """What was seen of one point at one time; a cause is a word about the device."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"camera": "SP000001", "state": "down", "cause": "断电",
                                       "observed_at": "2026-09-30T08:00:00+08:00"}},
    )  # fmt: skip

    camera: str = Field(min_length=1, max_length=64)
    observed_at: AwareDatetime
    state: Observation
    cause: str | None = Field(default=None, max_length=100)


class ObservationOut(BaseModel):
    """The observation as it is stored; ``changed`` is false where it stood there already."""

    camera: str = Field(examples=["SP-0001"])
    observed_at: datetime = Field(examples=["2026-09-30T08:00:00+08:00"])
    state: Observation
    cause: str | None = Field(examples=["power"])
    changed: bool = Field(examples=[True])


class Rows(BaseModel):
    """A table; unknown figures are null."""

    rows: list[dict[str, Any]] = Field(examples=[[{"subject": "all", "working_share": 0.983}]])


class FindingsOut(BaseModel):
    """A page of findings of one run."""

    run_id: int = Field(examples=[5])
    as_of: date = Field(examples=["2026-09-30"])
    matched: int = Field(ge=0, examples=[1])
    rows: list[dict[str, Any]] = Field(examples=[[{"kind": "id_form", "rule": "VID-1"}]])


class PointsOut(BaseModel):
    """A page of the inventory; ``id_parts`` is null where an id cannot be read."""

    matched: int = Field(ge=0, examples=[1])
    rows: list[dict[str, Any]] = Field(
        examples=[[{"camera": "SP000001", "gb28181_id": "53010200001310000001",
                    "id_parts": {"county": "530102", "access_unit": "00", "industry": "00",
                                 "type": "131", "network": "0", "serial": "000001"},
                    "id_faults": []}]]
    )  # fmt: skip


@router.get("/points", dependencies=READ)
def read_points(
    db: Db,
    at: At,
    area: AreaPrefix = "",
    point_class: Annotated[str | None, Query(max_length=40)] = None,
    status: Annotated[str | None, Query(max_length=40)] = None,
    owner: Annotated[str | None, Query(max_length=200, description="owner unit")] = None,
    compound: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 1_000,
    offset: Offset = 0,
) -> PointsOut:
    """The inventory with the parts of each GB/T 28181 id and what is wrong with the id itself."""
    line = note(db, event="read", target="camera")
    rows, matched = store.points(
        db, area_prefix=at.district.prefix_of(area), point_class=point_class, status=status,
        owner=owner, compound=compound, limit=limit, offset=offset,
    )  # fmt: skip
    line.rows = len(rows)
    return PointsOut(matched=matched, rows=[_with_id_parts(row) for row in features.records(rows)])


def _with_id_parts(row: dict[str, Any]) -> dict[str, Any]:
    text = row["gb28181_id"]
    parts = None if text is None else gb28181.parse(text)
    return {
        **row,
        "id_parts": None if parts is None else asdict(parts),
        "id_faults": [fault.value for fault in gb28181.faults(text)],
    }


@router.post("/observations", status_code=201, dependencies=WRITE)
def write_observation(db: Db, response: Response, body: ObservationIn) -> ObservationOut:
    """Note one observation; 200 instead of 201 where the same stood there already."""
    cause = None if body.cause is None else checked(body.cause, "cause")
    line = note(db, event="write", target="camera_observation", detail={"state": body.state})
    changed = states.observe(
        db, camera=body.camera, observed_at=body.observed_at, state=body.state, cause=cause
    )
    line.rows = int(changed)
    response.status_code = 201 if changed else 200
    return ObservationOut(
        camera=body.camera, observed_at=body.observed_at, state=body.state, cause=cause,
        changed=changed,
    )  # fmt: skip


@router.get("/working-rate", dependencies=READ)
def read_working_rate(db: Db, at: At, since: Since, until: Until, by: By = By.ALL) -> Rows:
    """Working points of points with a known state, day by day, against the policy's limits."""
    note(db, event="read", target="video working_rate", detail={"by": by})
    seen = states.watch(db, policy=at.policy, district=at.district, since=since, until=until)
    found = states.working_rate(seen, by=by)
    return Rows(rows=features.records(found))


@router.get("/repairs", dependencies=READ)
def read_repairs(db: Db, at: At, since: Since, until: Until, by: By = By.ALL) -> Rows:
    """Failures, those mended with their mean time, those open and those overdue."""
    note(db, event="read", target="video repairs", detail={"by": by})
    seen = states.watch(db, policy=at.policy, district=at.district, since=since, until=until)
    found = states.repairs(seen, by=by)
    return Rows(rows=features.records(found))


@router.get("/findings", dependencies=READ)
def read_findings(
    db: Db,
    at: At,
    area: AreaPrefix = "",
    kind: Annotated[str | None, Query(max_length=40, description="a finding's kind")] = None,
    camera: Annotated[str | None, Query(max_length=64, description="one point's key")] = None,
    as_of: AsOf = None,
    limit: Limit = 1_000,
    offset: Offset = 0,
) -> FindingsOut:
    """What the newest run found wrong: rule, point or compound, since when, in both languages."""
    run = store.newest_run(db, as_of)
    rows, matched = store.findings(
        db, run_id=run.id, area_prefix=at.district.prefix_of(area), kind=kind, camera=camera,
        limit=limit, offset=offset,
    )  # fmt: skip
    note(db, event="read", target="video_findings", area_code=area or None, rows=len(rows))
    return FindingsOut(run_id=run.id, as_of=run.as_of, matched=matched, rows=features.records(rows))
