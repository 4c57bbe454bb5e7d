"""Jobs: what was asked for, how far it is, what came out; and an end to it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.deps import At, Caller, Db, RowId, needs, said
from api.job_shown import JobOut, followed
from api.serving.streams import Events
from api.tasks import runs
from gis.access.rights import Action, Capability
from gis.jobs import service
from gis.jobs.model import JobKind
from gis.runs.model import Analysis

router = APIRouter(prefix="/api/v1", tags=["jobs"])


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


@router.post("/runs", status_code=202, dependencies=[needs(Capability.RUNS, Action.WRITE)])
def ask_run(db: Db, at: At, user: Caller, asked: RunIn) -> JobOut:
    """Run one analysis, or all, as a job; for whoever has the whole district."""
    job = runs.ask(db, at.district, analysis=asked.analysis, period=asked.period)
    return JobOut.of(job, user)
