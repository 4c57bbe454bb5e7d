"""The import wizard: file, preview, mapping, trial, commit, report, undo."""

import shutil
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.deps import At, Caller, Db, RowId, needs
from api.job_shown import may_cancel
from api.tasks.imports import CAPABILITY, path_of
from api.uploads import previews, steps
from api.uploads.uploading import receive
from api.web import tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Sent
from api.web.table_files import MEDIA
from data.ingest.preview import Preview
from data.ingest.template import workbook
from data.ingest.types import Kind
from gis.access.rights import Action, Capability
from gis.errors import BadInput
from gis.jobs import service as jobs
from gis.jobs.model import Job, JobState
from gis.privacy import hidden
from gis.uploads import store
from gis.uploads.model import Upload

router = APIRouter(dependencies=[needs(Capability.IMPORTS)])
WRITES = [needs(Capability.IMPORTS, Action.WRITE)]
FRAMES = ("wgs84", "cgcs2000", "gcj02", "bd09")
ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16")
SHEETS = (Kind.CAMERAS, Kind.CAMERA_STATUS)
_MOST = 200  # uploads in the list


@router.get("/imports")
def read_imports(desk: AtDesk, db: Db, kind: Kind | None = None) -> Response:
    """What was uploaded, and how to begin."""
    mine = [one for one in Kind if desk.user and desk.user.may(CAPABILITY[one], Action.WRITE)]
    opens = set(mine) if desk.opens("/imports", "POST") else set()
    rows = [_row(db, one) for one in store.listed(db, before=None, most=_MOST)]
    shown = tables.view(
        desk, rows, _columns(desk), name="uploads", title=desk.t("imports.uploads"), key="id",
        capability=Capability.IMPORTS, search=("file_name", "asked_by"),
        href=lambda row: f"/imports/{row['id']}" if row["kind"] in opens else "",
    )  # fmt: skip
    kinds = [(one.value, desk.t(f"imports.kind_{one}")) for one in mine]
    return desk.page(
        "imports.html", table=shown, any=bool(rows), kinds=kinds, chosen=kind,
        sheets=[one for one in SHEETS if one in mine],
    )  # fmt: skip


def _row(db: Session, one: Upload) -> dict[str, Any]:
    return {
        "id": one.id, "file_name": hidden(one.file_name), "kind": one.kind, "size": one.size_bytes,
        "asked_by": one.asked_by, "created_at": one.created_at, "state": _state(db, one),
    }  # fmt: skip


def _state(db: Session, one: Upload) -> str:
    """How far an upload is: new, tried, asked, done, failed or undone."""
    if one.commit_job is None or one.commit_job != one.newest_job:
        return "tried" if one.trial_job else "new"
    job = jobs.find(db, one.commit_job)
    if (job.result or {}).get("undone"):
        return "undone"
    ended = {JobState.DONE: "done", JobState.FAILED: "failed", JobState.CANCELLED: "failed"}
    return ended.get(JobState(job.state), "asked")


def _columns(desk: Desk) -> list[tables.Column]:
    t = desk.t
    return [
        tables.Column("file_name", t("imports.file"), link=True),
        tables.Column("kind", t("imports.kind"), lambda row: t(f"imports.kind_{row['kind']}")),
        tables.Column("state", t("imports.state"), lambda row: t(f"imports.state_{row['state']}")),
        tables.Column("asked_by", t("imports.sent_by")),
        tables.Column("created_at", t("imports.sent_at"),
                      lambda row: desk.moment(row["created_at"])),
        tables.Column("size", t("imports.size"), lambda row: desk.n(row["size"] / 1_000, 1),
                      number=True, at_first=False),
    ]  # fmt: skip


@router.get("/imports/templates/{kind}.xlsx")
def read_template(kind: Kind) -> Response:
    """An empty workbook with headings that are recognised."""
    headers = {"Content-Disposition": f'attachment; filename="{kind}.xlsx"'}
    return Response(workbook(kind), media_type=MEDIA["xlsx"], headers=headers)


@router.post("/imports", dependencies=WRITES)
async def upload(
    request: Request, at: At, user: Caller, kind: Annotated[Kind, Query()] = Kind.AREAS
) -> Response:
    """Take a file to disk; the form's own field ``kind`` wins over the address."""
    received = await receive(
        request, at.settings.home / "uploads", most_bytes=at.settings.upload_max_bytes
    )
    try:
        what = _kind(received.fields.get("kind", kind))
        steps.may(user, what)
        made = await run_in_threadpool(steps.keep, request, at, user, what, received)
    except BaseException:
        shutil.rmtree(received.path.parent, ignore_errors=True)
        raise
    return RedirectResponse(f"/imports/{made.id}", 303)


def _kind(word: str) -> Kind:
    if word not in set(Kind):
        raise BadInput.at("kind", "没有这种数据", "there is no such kind of file")
    return Kind(word)


@router.get("/imports/{upload_id}", dependencies=WRITES)
def read_upload(desk: AtDesk, db: Db, user: Caller, upload_id: RowId) -> Response:
    """One file: preview, mapping, what a trial or the import found."""
    one = steps.found(db, user, upload_id)
    state = _state(db, one)
    job = None if one.newest_job is None else jobs.find(db, one.newest_job)
    working = job is not None and not JobState(job.state).ended
    looks = state in {"new", "tried", "failed"} and not working
    looks = looks and path_of(desk.house, one).is_file()
    look = previews.look(db, desk.house, one) if looks else previews.Look(Preview())
    seen = look.seen or Preview()
    return desk.page(
        "one_import.html", one=one, name=hidden(one.file_name), state=state, seen=seen, job=job,
        working=working, may_cancel=job is not None and may_cancel(desk.user, job),
        report=_report(job),
        bounds=desk.house.district.bounds, frames=FRAMES, encodings=ENCODINGS,
        profiles=[p.name for p in store.profiles(db, one.kind)],
        looks=looks and look.seen is not None, looking=None if look.seen else look.job,
        labels={f.name: desk.either(f.zh, f.en) for f in seen.fields},
    )  # fmt: skip


def _report(job: Job | None) -> Mapping[str, Any] | None:
    return None if job is None else (job.result or {}).get("report")


@router.post("/imports/{upload_id}/mapping", dependencies=WRITES)
def say(db: Db, at: At, user: Caller, upload_id: RowId, data: Sent) -> Response:
    """Say frame, encoding, layer and which column feeds which field."""
    said = {name: str(value).strip() for name, value in data.items()}
    mapping = {
        name.removeprefix("field-"): column
        for name, column in said.items()
        if name.startswith("field-") and column
    }
    names = ("frame", "encoding", "layer", "profile", "save_as")
    try:
        options = steps.OptionsIn(
            mapping={} if said.get("profile") else mapping,
            **{name: said.get(name) or None for name in names},
        )
    except ValidationError as exc:
        where = str(exc.errors()[0]["loc"][0])
        raise BadInput.at(where, "取值不可用", "this value cannot be used") from exc
    steps.say(db, at, user, upload_id, options)
    return RedirectResponse(f"/imports/{upload_id}", 303)


@router.post("/imports/{upload_id}/{step}", dependencies=WRITES)
def ask(
    db: Db, at: At, user: Caller, upload_id: RowId, step: Literal["dry-run", "commit"]
) -> Response:
    """Read the whole file as a job: on trial or for good."""
    steps.ask(db, at, user, upload_id, trial=step == "dry-run")
    return RedirectResponse(f"/imports/{upload_id}", 303)


@router.get("/imports/{upload_id}/report.xlsx", dependencies=WRITES)
def read_workbook(db: Db, at: At, user: Caller, upload_id: RowId) -> FileResponse:
    """Row errors for the office that sent the file."""
    path = steps.workbook(db, at, user, upload_id)
    return FileResponse(path, filename=path.name, content_disposition_type="attachment")


@router.post("/imports/{upload_id}/undo/{import_id}", dependencies=WRITES)
def undo(db: Db, at: At, user: Caller, upload_id: RowId, import_id: RowId) -> Response:
    """Undo the import of this file, while it is the last of its kind."""
    steps.undo(db, at, user, upload_id, import_id)
    return RedirectResponse(f"/imports/{upload_id}", 303)


@router.post("/imports/{upload_id}/remove/now", dependencies=WRITES)
def remove(db: Db, at: At, user: Caller, upload_id: RowId) -> Response:
    """Remove an uploaded file; what was taken in stays."""
    steps.forget(db, at, user, upload_id)
    return RedirectResponse("/imports", 303)
