"""Files that come in over the web: upload, preview, mapping, dry run, commit, report, undo."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.deps import At, Caller, Db, RowId, needs, said
from api.house import House, transaction
from api.routers.jobs import JobOut
from api.tasks.imports import CAPABILITY, path_of
from api.uploads import previews
from api.uploads.uploading import Received, receive
from data.ingest.types import Kind
from data.ingest.undo import undo_import
from gis.access.rights import Action, Capability
from gis.audit import service as audit
from gis.db.session import User
from gis.errors import BadInput, CannotUndo, Forbidden, NotFound
from gis.jobs import service as jobs
from gis.jobs.model import JobKind, JobState
from gis.privacy import hidden
from gis.uploads import store
from gis.uploads.model import ImportProfile, Upload

router = APIRouter(prefix="/api/v1/imports", tags=["imports"])
WRITES = [needs(Capability.IMPORTS, Action.WRITE)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Word = Annotated[str, Field(max_length=200)]


class OptionsIn(BaseModel, extra="forbid"):
    """What is said about a file; what is left out is found out or asked for."""

    frame: Word | None = Field(default=None, examples=["gcj02"])
    encoding: Word | None = None
    layer: Word | None = None
    mapping: dict[Word, Word] = Field(default={}, max_length=100, examples=[{"name": "名称"}])
    profile: Word | None = Field(default=None, description="a saved mapping to begin with")
    save_as: Word | None = Field(default=None, description="save the mapping under this name")


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


@router.post("", status_code=201, dependencies=WRITES)
async def upload(
    request: Request,
    at: At,
    user: Caller,
    kind: Annotated[Kind, Query(description="what it holds")],
) -> UploadOut:
    """Send a file as the part ``file`` of a form; it streams to disk and nothing is read yet."""
    may(user, kind)
    uploads = at.settings.home / "uploads"
    received = await receive(request, uploads, most_bytes=at.settings.upload_max_bytes)
    try:
        return await run_in_threadpool(kept, request, at, user, kind, received)
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
    one = found(db, user, upload_id)
    look = previews.look(db, at, one)
    if look.seen is None:
        response.status_code = 202
    return PreviewOut(
        upload=_out(one), preview=look.seen and look.seen.as_json(),
        job=look.job and JobOut.of(look.job, user),
    )  # fmt: skip


@router.put("/{upload_id}/mapping", dependencies=WRITES)
def put_mapping(
    db: Db, at: At, user: Caller, response: Response, upload_id: RowId, said: OptionsIn
) -> PreviewOut:  # fmt: skip
    """Say frame, encoding, layer and which column feeds which field; answers the new preview."""
    say(db, at, user, upload_id, said)
    return read_preview(db, at, user, response, upload_id)


def say(db: Db, at: House, user: User, upload_id: int, said: OptionsIn) -> None:
    """Keep what was said about a file, and look at it anew."""
    one = found(db, user, upload_id)
    mapping = {**_profile(db, one.kind, said.profile), **said.mapping}
    one.options = said.model_dump(include={"frame", "encoding", "layer"}) | {"mapping": mapping}
    one.trial_job = None
    if said.save_as:
        area_code = user.area_prefixes[0] or at.district.code  # where the user may write
        store.save_profile(
            db, area_code=area_code, kind=one.kind, name=said.save_as, mapping=mapping
        )
    previews.ask(db, at, one)
    db.flush()


@router.post("/{upload_id}/{step}", status_code=202, dependencies=WRITES)
def ask_import(
    db: Db, at: At, user: Caller, upload_id: RowId, step: Literal["dry-run", "commit"]
) -> JobOut:
    """Read the whole file as a job: on trial, which changes nothing, or for good."""
    one, trial = found(db, user, upload_id, locked=True), step == "dry-run"
    if one.commit_job is not None and jobs.find(db, one.commit_job).state not in {
        JobState.FAILED, JobState.CANCELLED,
    }:  # fmt: skip
        raise BadInput(
            "文件已导入，如需重复请重新上传 / "
            "the file is taken in already: send it again to repeat that"
        )
    parameters = {"upload_id": one.id, "dry_run": trial}
    job = jobs.ask(  # whoever sees the file sees what becomes of it
        db, JobKind.IMPORT, parameters, district_code=at.district.code, area_code=one.area_code
    )
    if trial:
        one.trial_job = job.id
    else:
        one.commit_job = job.id
    return JobOut.of(job, user)


@router.get("/{upload_id}/report", dependencies=WRITES)
def read_report(db: Db, user: Caller, upload_id: RowId) -> JobOut:
    """The last job of the file; its result holds the report row by row."""
    one = found(db, user, upload_id)
    if one.newest_job is None:
        raise NotFound("report of upload", upload_id)
    return JobOut.of(jobs.find(db, one.newest_job), user)


@router.get(
    "/{upload_id}/report.xlsx", dependencies=WRITES, response_class=FileResponse,
    responses=said("a workbook", XLSX),
)  # fmt: skip
def read_workbook(db: Db, at: At, user: Caller, upload_id: RowId) -> FileResponse:
    """The same report as a workbook for the office that sent the file."""
    name = (read_report(db, user, upload_id).result or {}).get("workbook")
    path = at.settings.home / "reports" / Path(str(name)).name
    if name is None or not path.is_file():
        raise NotFound("report of upload", upload_id)
    return FileResponse(path, filename=path.name, content_disposition_type="attachment")


@router.post("/{upload_id}/undo/{import_id}", dependencies=WRITES)
def undo(db: Db, at: At, user: Caller, upload_id: RowId, import_id: RowId) -> UndoneOut:
    """Undo the import of this file, while it is the last of its kind."""
    one = found(db, user, upload_id)
    job = one.commit_job and jobs.find(db, one.commit_job)
    if not job or (job.result or {}).get("import_id") != import_id:
        raise CannotUndo(f"导入 {import_id} 不属于此文件 / import {import_id} is not of this file")
    line = audit.note(db, event="import_undo", target=one.kind, detail={"import": import_id})
    undone = undo_import(db, import_id, at.district)
    line.rows = undone.removed + undone.restored
    done = UndoneOut(import_id=import_id, **undone.counts())
    job.result = {**(job.result or {}), "undone": done.model_dump()}
    return done


@router.delete("/{upload_id}", status_code=200, dependencies=WRITES)
def forget(db: Db, at: At, user: Caller, upload_id: RowId) -> UploadOut:
    """Remove an uploaded file; what was taken in stays."""
    one = found(db, user, upload_id, locked=True)
    audit.note(db, event="import_forget", target=one.kind, detail={"upload": one.id})
    db.delete(one)
    db.flush()
    shutil.rmtree(path_of(at, one).parent, ignore_errors=True)
    return _out(one)


def kept(request: Request, at: House, user: User, kind: Kind, received: Received) -> UploadOut:
    """A file that has arrived, as an upload of the user's."""
    with transaction(request.app.state.engine, user=user) as session:
        one = Upload(
            area_code=user.place(at.district.code), asked_by=user.id, kind=kind.value,
            file_name=received.path.name, folder=received.folder, options={},
            size_bytes=received.size_bytes, sha256=received.sha256,
        )  # fmt: skip
        store.add(session, one)
        previews.ask(session, at, one)
        return _out(one)


def _out(one: Upload) -> UploadOut:
    shown = UploadOut.model_validate(one, from_attributes=True)
    return shown.model_copy(update={"file_name": hidden(shown.file_name)})


def may(user: User, kind: Kind) -> None:
    """Raises Forbidden where the kind of records is not the user's to write."""
    if not user.may(CAPABILITY[kind], Action.WRITE):
        raise Forbidden.right(CAPABILITY[kind], Action.WRITE)


def found(db: Db, user: User, upload_id: int, *, locked: bool = False) -> Upload:
    """Raises NotFound, and Forbidden where the kind of records is not the user's to write.

    ``locked`` lets nobody else take the file in until the transaction ends.
    """
    one = store.get(db, upload_id, locked=locked)
    if one is None:
        raise NotFound("upload", upload_id)
    may(user, Kind(one.kind))
    return one


def _profile(db: Db, kind: str, name: str | None) -> dict[str, str]:
    if name is None:
        return {}
    named: list[ImportProfile] = [one for one in store.profiles(db, kind) if one.name == name]
    if not named:
        raise NotFound("profile", name)
    return named[0].mapping
