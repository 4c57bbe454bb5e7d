"""Files that leave the house, made as jobs: ask, follow the job, fetch the file."""

from datetime import date
from pathlib import Path

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from api.audit import exported
from api.deps import At, Caller, Db, RowId, needs, said
from api.routers.jobs import JobOut
from api.serving.limits import export_limited
from api.tasks.exports import folder_of
from data.export.manifest import beside
from data.export.model import Format
from gis.access.rights import Capability
from gis.db.session import User
from gis.errors import BadInput, NotFound, Withheld
from gis.jobs import service
from gis.jobs.model import Job, JobKind, JobState
from gis.layers.model import Sensitivity, layer
from gis.period import Period

router = APIRouter(prefix="/api/v1/exports", tags=["exports"])
_LAYER = r"^[a-z0-9_]{1,40}$"


class ExportIn(BaseModel, extra="forbid"):
    """What is to be written, and what for."""

    layer: str = Field(pattern=_LAYER, examples=["rating"])
    format: Format = Field(examples=["gpkg"])
    area: str = Field(default="", pattern=r"^[0-9A-Za-z-]{0,20}$")
    period: str | None = Field(default=None, pattern=r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))$")
    as_of: date | None = None
    column: str | None = Field(default=None, pattern=_LAYER, description="only features where")
    value: str | None = Field(default=None, max_length=100, description="this column has this")
    internal: bool = False
    purpose: str | None = Field(default=None, max_length=200)


@router.post("", status_code=202, dependencies=[needs(Capability.JOBS), Depends(export_limited)])
def ask_export(db: Db, at: At, user: Caller, asked: ExportIn) -> JobOut:
    """Write a layer to a file as a job; needs the right to export each layer that is in it."""
    for name in exported.names(asked.layer, internal=asked.internal):
        _check(user, name, asked)
    if asked.internal and not at.settings.serve_internal:
        raise Withheld("this service shows no internal layer: WANGGE_SERVE_INTERNAL")
    if asked.period is not None:
        Period.parse(asked.period)
    purpose = exported.said_purpose(asked.purpose)
    parameters = asked.model_dump(mode="json") | {"purpose": purpose}
    job = service.ask(db, JobKind.EXPORT, parameters, district_code=at.district.code)
    return JobOut.of(job, user)


@router.get(
    "/{job_id}/file", dependencies=[needs(Capability.JOBS)], response_class=FileResponse,
    responses=said("the file", "application/octet-stream"),
)  # fmt: skip
def read_file(db: Db, at: At, user: Caller, job_id: RowId) -> FileResponse:
    """The finished file, for whoever asked for it; 404 once it has left."""
    path = _file(service.find(db, job_id), user, folder_of(at))
    return FileResponse(path, filename=path.name, content_disposition_type="attachment")


@router.get(
    "/{job_id}/manifest", dependencies=[needs(Capability.JOBS)], response_class=FileResponse,
    responses=said({"rows": 412, "sha256": "9f…"}),
)  # fmt: skip
def read_manifest(db: Db, at: At, user: Caller, job_id: RowId) -> FileResponse:
    """The signed manifest of the file: sha256, rows, filter, rule version, who and what for."""
    path = beside(_file(service.find(db, job_id), user, folder_of(at)))
    return FileResponse(path, filename=path.name, media_type="application/json")


def _check(user: User, name: str, asked: ExportIn) -> None:
    """Raises NotFound, Forbidden, Withheld and BadInput."""
    one = layer(name)
    exported.may_take(user, name)
    if one.sensitivity is Sensitivity.INTERNAL and not asked.internal:
        raise Withheld(f"layer {name} is internal: ask for it with internal and a purpose")
    columns = {column.name for column in one.columns}
    if asked.column is not None and asked.column not in columns:
        raise BadInput(f"layer {name} has no column {asked.column}: {', '.join(sorted(columns))}")


def _file(job: Job, user: User, folder: Path) -> Path:
    """Raises NotFound for another's file, one that is not finished and one that has left.

    The file holds what the account might when it asked. A token may less, the account may have
    lost a right or an area since: Forbidden and NotFound.
    """
    if job.kind != JobKind.EXPORT or job.asked_by != user.id or job.state != JobState.DONE:
        raise NotFound("export", job.id)
    for name in exported.names(job.parameters["layer"], internal=job.parameters["internal"]):
        exported.may_take(user, name)
    if not all(user.reaches(area) for area in job.asked_as["area_prefixes"]):
        raise NotFound("export", job.id)
    path = folder / str((job.result or {})["file"])
    if not path.is_file():
        raise NotFound("export", job.id)
    return path
