"""Jobs: how far they are, an end to them, where their results are."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.deps import Db, RowId, needs
from api.job_shown import may_cancel
from api.tasks import runs as asked
from api.web import runs, tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Sent, form_of
from gis.access.rights import Action, Capability
from gis.errors import BadInput
from gis.jobs import service
from gis.jobs.model import FILES, Job, JobKind, JobState
from gis.period import Period
from gis.runs.model import TITLES, Analysis

router = APIRouter(dependencies=[needs(Capability.JOBS)])
_MOST = 500  # the newest ones


@router.get("/jobs")
def read_jobs(desk: AtDesk, db: Db, whose: str = "") -> Response:
    """Jobs in the reader's areas, the newest first; ``whose=mine`` shows one's own."""
    found = service.listed(db, mine=whose == "mine", most=_MOST)
    rows = [_row(desk, one) for one in found]
    shown = tables.view(
        desk, rows, _columns(desk), name="jobs", title=desk.t("jobs.title"), key="id",
        capability=Capability.JOBS, href=lambda row: f"/jobs/{row['id']}", filters=_filters(desk),
        search=("id", "asked_by"), kept=("whose",),
    )  # fmt: skip
    return desk.page(
        "jobs.html", table=shown, any=bool(rows), mine=whose == "mine",
        offer=runs.offered(desk, db), analyses=TITLES,
    )  # fmt: skip


def _row(desk: Desk, one: Job) -> dict[str, Any]:
    said = desk.either(one.message_zh or "", one.message_en or "")
    return {
        "id": one.id, "kind": one.kind, "state": one.state, "progress": one.progress,
        "asked_by": one.asked_by, "created_at": one.created_at, "message": said,
    }  # fmt: skip


def _columns(desk: Desk) -> list[tables.Column]:
    t = desk.t
    return [
        tables.Column("id", t("jobs.number"), lambda row: str(row["id"]), link=True),
        tables.Column("kind", t("jobs.kind"), lambda row: t(f"jobs.kind_{row['kind']}")),
        tables.Column("state", t("jobs.state"), lambda row: t(f"jobs.state_{row['state']}")),
        tables.Column("progress", t("jobs.progress"), lambda row: desk.share(row["progress"]),
                      number=True),
        tables.Column("message", t("jobs.message")),
        tables.Column("asked_by", t("jobs.by")),
        tables.Column("created_at", t("jobs.asked"), lambda row: desk.moment(row["created_at"])),
    ]  # fmt: skip


def _filters(desk: Desk) -> list[tables.Filter]:
    t = desk.t
    kinds = [(one.value, t(f"jobs.kind_{one}")) for one in JobKind]
    states = [(one.value, t(f"jobs.state_{one}")) for one in JobState]
    return [
        tables.Filter("kind", t("jobs.kind"), kinds, lambda row: row["kind"]),
        tables.Filter("state", t("jobs.state"), states, lambda row: row["state"]),
    ]


@router.post("/jobs/runs", dependencies=[needs(Capability.RUNS, Action.WRITE)])
def ask_run(desk: AtDesk, db: Db, data: Sent) -> Response:
    """Run an analysis, or all; the same job as the API's."""
    form = form_of(data)
    analysis, period = form.text("analysis"), form.text("period")
    if analysis not in ("", *Analysis):
        raise BadInput(f"没有分析 {analysis} / there is no analysis {analysis}")
    job = asked.ask(
        db, desk.house.district, analysis=Analysis(analysis) if analysis else None,
        period=Period.parse(period).label if period else None,
    )  # fmt: skip
    return RedirectResponse(f"/jobs/{job.id}", 303)


@router.get("/jobs/{job_id}")
def read_job(desk: AtDesk, db: Db, job_id: RowId) -> Response:
    """One job, its progress while it works, and where its result is."""
    job = service.find(db, job_id)
    return desk.page(
        "one_job.html", job=job, ended=JobState(job.state).ended,
        may_cancel=may_cancel(desk.user, job),
        links=links(desk, job), message=desk.either(job.message_zh or "", job.message_en or ""),
    )  # fmt: skip


def links(desk: Desk, job: Job) -> list[tuple[str, str]]:
    """Addresses and words of what a finished job made, as far as the reader may open them."""
    user, t = desk.user, desk.t
    if user is None or JobState(job.state) is JobState.QUEUED:
        return []
    if "upload_id" in job.parameters and user.may(Capability.IMPORTS, Action.WRITE):
        word = t("jobs.see_preview" if job.kind == JobKind.PREVIEW else "jobs.see_import")
        return [(f"/imports/{job.parameters['upload_id']}", word)]
    if job.state != JobState.DONE:
        return []
    if job.kind in FILES and job.asked_by == user.id:
        return [(f"/api/v1/exports/{job.id}/file", t("jobs.see_file"))]
    return _results(desk, job) if job.kind == JobKind.RUN else []


def _results(desk: Desk, job: Job) -> list[tuple[str, str]]:
    """The pages of what an analysis found: of a rated quarter its review, of a month the map."""
    analysis, period = str(job.parameters.get("analysis")), job.parameters.get("period")
    rated = analysis in (Analysis.RATING, "all")
    at = f"?period={period}" if period and rated else ""
    month = bool(period) and not Period.parse(str(period)).is_quarter
    boards = [
        (f"/ratings{at}", "jobs.see_rating", rated and not month),
        ("/sharp-eyes", "jobs.see_video", analysis in (Analysis.VIDEO, "all")),
        (f"/map{at}", "jobs.see_map", analysis != Analysis.VIDEO),
    ]
    return [(address, desk.t(word)) for address, word, made in boards
            if made and desk.opens(address)]  # fmt: skip


@router.post("/jobs/{job_id}/cancel")
def cancel(db: Db, job_id: RowId) -> Response:
    """Stop a job."""
    service.cancel(db, job_id)
    return RedirectResponse(f"/jobs/{job_id}", 303)
