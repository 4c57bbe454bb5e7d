"""Files that leave the house, made as jobs: ask, follow the job, fetch the file."""

from pathlib import Path

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from api.audit import exported
from api.deps import At, Caller, Db, RowId, allow, needs, said
from api.files.asked import ExportIn, ask
from api.job_shown import JobOut
from api.serving.limits import export_limited
from api.tasks.exports import folder_of
from data.export.manifest import beside
from gis.access.rights import Action, Capability
from gis.db.session import User
from gis.errors import NotFound
from gis.jobs import service
from gis.jobs.model import FILES, Job, JobKind, JobState

router = APIRouter(prefix="/api/v1/exports", tags=["exports"])


@router.post("", status_code=202, dependencies=[needs(Capability.JOBS), Depends(export_limited)])
def ask_export(db: Db, at: At, user: Caller, asked: ExportIn) -> JobOut:
    """Write a layer to a file as a job; needs the right to export each layer that is in it."""
    return JobOut.of(ask(db, at, user, asked), user)


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
    if not path.is_file():  # a print bears its mark inside
        raise NotFound("manifest", job_id)
    return FileResponse(path, filename=path.name, media_type="application/json")


def _file(job: Job, user: User, folder: Path) -> Path:
    """Raises NotFound for another's file, one that is not finished and one that has left.

    The file holds what the account might when it asked. A token may less, the account may have
    lost a right or an area since: Forbidden and NotFound.
    """
    made = job.kind in FILES and job.state == JobState.DONE
    if not made or job.asked_by != user.id:
        raise NotFound("export", job.id)
    if job.kind == JobKind.PLAQUES:
        allow(user, Capability.RATING, Action.EXPORT)
    else:
        asked = job.parameters  # a sheet is of one layer, an internal one among them
        for name in exported.names(asked["layer"], internal=asked.get("internal", False)):
            exported.may_fetch(user, name, asked_with=job.asked_as["rights"])
    if not all(user.reaches(area) for area in job.asked_as["area_prefixes"]):
        raise NotFound("export", job.id)
    path = folder / str((job.result or {})["file"])
    if not path.is_file():
        raise NotFound("export", job.id)
    return path
