"""Jobs: what was asked for, how far it is, what came out; and an end to it."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.auth.identity import identified, user_of
from api.deps import At, Caller, Db, RowId, allow, needs, said
from api.house import transaction
from api.serving.streams import Events
from api.tasks.imports import CAPABILITY
from api.tasks.runs import NOT_A_PART
from data.ingest.types import Kind
from gis.access.rights import Action, Capability, Right
from gis.db.session import User
from gis.errors import Forbidden, NotFound, SignInNeeded, WholeDistrict
from gis.jobs import service
from gis.jobs.model import Job, JobKind, JobState
from gis.runs.model import Analysis

router = APIRouter(prefix="/api/v1", tags=["jobs"])
LOOK_S = 0.5  # how often a followed job is looked at
ALIVE_S = 15.0  # proxies cut a connection that is silent for a minute
LONGEST_S = 600.0  # then the page asks again


class JobOut(BaseModel):
    """One job."""

    id: int = Field(examples=[7])
    kind: JobKind
    state: JobState
    progress: float = Field(
        ge=0, le=1, examples=[0.5], description="share of the work that is done"
    )
    message_zh: str | None = Field(examples=["完成"])
    message_en: str | None = Field(examples=["done"])
    error_code: str | None = Field(examples=[None])
    result: dict[str, Any] | None = Field(examples=[{"rows": 412}])
    parameters: dict[str, Any] = Field(examples=[{"analysis": "coverage", "period": None}])
    asked_by: str = Field(examples=["planner"])
    area_code: str = Field(examples=["530102"])
    attempts: int = Field(examples=[1], description="how often a worker took it up")
    created_at: datetime = Field(examples=["2026-11-26T08:00:00Z"])
    started_at: datetime | None = Field(examples=["2026-11-26T08:00:01Z"])
    finished_at: datetime | None = Field(examples=["2026-11-26T08:00:04Z"])

    @classmethod
    def of(cls, job: Job, user: User) -> "JobOut":
        """As ``user`` is shown it: a file's rows are for those who may write its kind, what another
        policy would turn for those who may set one.
        """
        shown = cls.model_validate(job, from_attributes=True)
        result = job.result or {}
        if job.kind == JobKind.POLICY and not user.may(Capability.POLICY, Action.PUBLISH):
            return shown.model_copy(update={"result": {}})
        report = result.get("report", {})
        kind = report.get("kind", result.get("kind"))
        if kind is None or user.may(CAPABILITY[Kind(kind)], Action.WRITE):
            return shown
        return shown.model_copy(update={"result": {"rows": report["kept"]} if report else {}})


class JobsOut(BaseModel):
    """A page of jobs."""

    jobs: list[JobOut]


class RunIn(BaseModel, extra="forbid"):
    """An analysis to run."""

    analysis: Analysis | None = Field(default=None, description="none: all of them")
    period: str | None = Field(default=None, pattern=r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))$")


@router.get("/jobs", dependencies=[needs(Capability.JOBS)])
def read_jobs(
    db: Db,
    user: Caller,
    mine: bool = False,
    kind: JobKind | None = None,
    before: Annotated[
        int | None, Query(ge=1, le=2**62, description="only jobs with a lower id")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JobsOut:
    """Jobs in one's areas, the newest first."""
    found = service.listed(db, mine=mine, kind=kind, before=before, most=limit)
    return JobsOut(jobs=[JobOut.of(job, user) for job in found])


@router.get("/jobs/{job_id}", dependencies=[needs(Capability.JOBS)])
def read_job(db: Db, user: Caller, job_id: RowId) -> JobOut:
    """One job."""
    return JobOut.of(service.find(db, job_id), user)


@router.delete("/jobs/{job_id}", dependencies=[needs(Capability.JOBS)])
def cancel_job(db: Db, user: Caller, job_id: RowId) -> JobOut:
    """Stop a job: at once while it waits, soon when it runs; one that has ended stays as it is."""
    return JobOut.of(service.cancel(db, job_id), user)


@router.get(
    "/jobs/{job_id}/events",
    dependencies=[needs(Capability.JOBS)],
    response_class=StreamingResponse,
    responses=said('id: 7\nevent: job\ndata: {"id": 7, "state": "done"}', "text/event-stream"),
)
def follow_job(request: Request, db: Db, user: Caller, job_id: RowId) -> Events:
    """The job as server-sent events ``job``, one per change; ends with the job.

    It ends too when the session or the token of whoever follows does. 429 for whoever follows too
    many at once, 503 where too many follow: both with ``Retry-After``.
    """
    return followed(request, db, user, job_id, needed=(Capability.JOBS, Action.READ))


def followed(request: Request, db: Db, user: User, job_id: int, *, needed: Right) -> Events:
    """The events of a job that ``user`` may see, for as long as there is the right ``needed``."""
    service.find(db, job_id)
    return Events(request, user.id, _events(request, job_id, needed))


@router.post("/runs", status_code=202, dependencies=[needs(Capability.RUNS, Action.WRITE)])
def ask_run(db: Db, at: At, user: Caller, asked: RunIn) -> JobOut:
    """Run one analysis, or all, as a job; for whoever has the whole district."""
    if not user.reaches(at.district.code):
        raise WholeDistrict(NOT_A_PART)
    parameters = {"analysis": asked.analysis or "all", "period": asked.period}
    job = service.ask(db, JobKind.RUN, parameters, district_code=at.district.code)
    return JobOut.of(job, user)


async def _events(request: Request, job_id: int, needed: Right) -> AsyncIterator[str]:
    """Looks again and again, each time in a transaction of its own; none is open in between."""
    last, spoke_at, end_at = "", time.monotonic(), time.monotonic() + LONGEST_S
    while time.monotonic() < end_at:
        job = await run_in_threadpool(_look, request, job_id, needed)
        if job is None:
            return
        now = job.model_dump_json()
        if now != last:
            yield f"id: {job.id}\nevent: job\ndata: {now}\n\n"
            last, spoke_at = now, time.monotonic()
        if job.state.ended:
            return
        if time.monotonic() - spoke_at > ALIVE_S:
            yield ": alive\n\n"
            spoke_at = time.monotonic()
        await asyncio.sleep(LOOK_S)


def _look(request: Request, job_id: int, needed: Right) -> JobOut | None:
    """The job as whoever asks may see it at this moment; None where that is not at all."""
    try:
        user = user_of(identified(request))
        allow(user, *needed)
        with transaction(request.app.state.engine, user=user) as session:
            return JobOut.of(service.find(session, job_id), user)
    except (SignInNeeded, Forbidden, NotFound):
        return None
