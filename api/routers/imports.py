"""Files that come in over the web: upload, preview, mapping, dry run, commit, report, undo."""

import shutil
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.deps import At, Caller, Db, RowId, needs, said
from api.job_shown import JobOut
from api.uploads import previews, steps
from api.uploads.uploading import receive
from data.ingest.types import Kind
from gis.access.rights import Action, Capability
from gis.privacy import hidden
from gis.uploads import store
from gis.uploads.model import Upload

router = APIRouter(prefix="/api/v1/imports", tags=["imports"])
WRITES = [needs(Capability.IMPORTS, Action.WRITE)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadOut(BaseModel):
    """One uploaded file."""

    id: int = Field(examples=[3])
    kind: Kind
    file_name: str = Field(examples=["网格.gpkg"])
    size_bytes: int = Field(examples=[48_213])
    sha256: str = Field(examples=["9f…"])
    options: dict[str, Any] = Field(examples=[{"frame": "gcj02"}])
    preview_job: int | None = Field(examples=[None], description="of a large file")
    trial_job: int | None = Field(examples=[7])
    commit_job: int | None = Field(examples=[8])
    created_at: datetime = Field(examples=["2026-11-26T08:00:00Z"])


class UploadsOut(BaseModel):
    """A page of uploads."""

    uploads: list[UploadOut]


class PreviewOut(BaseModel):
    """The first rows of a file as they would be read; of a large one, once ``job`` has ended."""

    upload: UploadOut
    preview: dict[str, Any] | None = Field(examples=[{"format": "CSV", "encoding": "GB18030"}])
    job: JobOut | None = Field(default=None, examples=[None])


class ProfilesOut(BaseModel):
    """Saved mappings by kind and name."""

    profiles: dict[str, dict[str, dict[str, str]]] = Field(
        examples=[{"grids": {"城管": {"name": "名称"}}}]
    )


class UndoneOut(BaseModel):
    """What an undoing did."""

    import_id: int = Field(examples=[12])
    removed: int = Field(examples=[40])
    restored: int = Field(examples=[2])
    reassigned: dict[str, int] = Field(examples=[{"incidents": 5}])


_FORM = {
    "type": "object", "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
}  # fmt: skip
_SENT = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


@router.post("", status_code=201, dependencies=WRITES, openapi_extra=_SENT)
async def upload(
    request: Request,
    at: At,
    user: Caller,
    kind: Annotated[Kind, Query(description="what it holds")],
) -> UploadOut:
    """Send a file as the part ``file`` of a form; it streams to disk and nothing is read yet."""
    steps.may(user, kind)
    uploads = at.settings.home / "uploads"
    received = await receive(request, uploads, most_bytes=at.settings.upload_max_bytes)
    try:
        return _out(await run_in_threadpool(steps.keep, request, at, user, kind, received))
    except BaseException:
        shutil.rmtree(received.path.parent, ignore_errors=True)
        raise


@router.get("", dependencies=[needs(Capability.IMPORTS)])
def read_uploads(
    db: Db,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> UploadsOut:
    """Uploaded files, the newest first."""
    listed = store.listed(db, before=before, most=limit)
    return UploadsOut(uploads=[_out(one) for one in listed])


@router.get("/profiles", dependencies=[needs(Capability.IMPORTS)])
def read_profiles(db: Db, kind: Kind | None = None) -> ProfilesOut:
    """Saved mappings."""
    by_kind: dict[str, dict[str, dict[str, str]]] = {}
    for one in store.profiles(db, kind):
        by_kind.setdefault(one.kind, {})[one.name] = one.mapping
    return ProfilesOut(profiles=by_kind)


@router.get("/{upload_id}/preview", dependencies=WRITES)
def read_preview(
    db: Db, at: At, user: Caller, response: Response, upload_id: RowId
) -> PreviewOut:  # fmt: skip
    """Format, encoding, frame, columns and the fields they feed, first rows, first places.

    Of a file above ``WANGGE_PREVIEW_JOB_BYTES`` a job makes it: 202 with the job until it ends.
    """
    one = steps.found(db, user, upload_id)
    look = previews.look(db, at, one)
    if look.seen is None:
        response.status_code = 202
    return PreviewOut(
        upload=_out(one), preview=look.seen and look.seen.as_json(),
        job=look.job and JobOut.of(look.job, user),
    )  # fmt: skip


@router.put("/{upload_id}/mapping", dependencies=WRITES)
def put_mapping(
    db: Db, at: At, user: Caller, response: Response, upload_id: RowId, said: steps.OptionsIn
) -> PreviewOut:  # fmt: skip
    """Say frame, encoding, layer and which column feeds which field; answers the new preview."""
    steps.say(db, at, user, upload_id, said)
    return read_preview(db, at, user, response, upload_id)


@router.post("/{upload_id}/{step}", status_code=202, dependencies=WRITES)
def ask_import(
    db: Db, at: At, user: Caller, upload_id: RowId, step: Literal["dry-run", "commit"]
) -> JobOut:
    """Read the whole file as a job: on trial, which changes nothing, or for good."""
    return JobOut.of(steps.ask(db, at, user, upload_id, trial=step == "dry-run"), user)


@router.get("/{upload_id}/report", dependencies=WRITES)
def read_report(db: Db, user: Caller, upload_id: RowId) -> JobOut:
    """The last job of the file; its result holds the report row by row."""
    return JobOut.of(steps.newest_job(db, user, upload_id), user)


@router.get(
    "/{upload_id}/report.xlsx", dependencies=WRITES, response_class=FileResponse,
    responses=said("a workbook", XLSX),
)  # fmt: skip
def read_workbook(db: Db, at: At, user: Caller, upload_id: RowId) -> FileResponse:
    """The same report as a workbook for the office that sent the file."""
    path = steps.workbook(db, at, user, upload_id)
    return FileResponse(path, filename=path.name, content_disposition_type="attachment")


@router.post("/{upload_id}/undo/{import_id}", dependencies=WRITES)
def undo(db: Db, at: At, user: Caller, upload_id: RowId, import_id: RowId) -> UndoneOut:
    """Undo the import of this file, while it is the last of its kind."""
    done = steps.undo(db, at, user, upload_id, import_id)
    return UndoneOut(import_id=import_id, **done.counts())


@router.delete("/{upload_id}", status_code=200, dependencies=WRITES)
def forget(db: Db, at: At, user: Caller, upload_id: RowId) -> UploadOut:
    """Remove an uploaded file; what was taken in stays."""
    return _out(steps.forget(db, at, user, upload_id))


def _out(one: Upload) -> UploadOut:
    shown = UploadOut.model_validate(one, from_attributes=True)
    return shown.model_copy(update={"file_name": hidden(shown.file_name)})
