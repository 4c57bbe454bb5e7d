"""A job as somebody is shown it: at one moment, or followed to its end."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Self

from fastapi import Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.analyses import NEEDED
from api.auth.identity import identified, user_of
from api.deps import allow
from api.house import transaction
from api.serving.streams import Events
from api.tasks.imports import CAPABILITY
from data.ingest.types import Kind
from gis.access.rights import Action, Capability, Right
from gis.db.session import User
from gis.errors import Forbidden, NotFound, SignInNeeded
from gis.jobs import service
from gis.jobs.model import Job, JobKind, JobState
from gis.period import Period
from gis.runs.model import Analysis

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
    def of(cls, job: Job, user: User) -> Self:
        """As ``user`` is shown it: a file's rows are for those who may write its kind, what another
        policy would turn for those who may set one, a run's totals for those who may read them.
        """
        shown = cls.model_validate(job, from_attributes=True)
        result = job.result or {}
        if job.kind == JobKind.POLICY and not user.may(Capability.POLICY, Action.PUBLISH):
            return shown.model_copy(update={"result": {}})
        if job.kind == JobKind.RUN:
            return shown.model_copy(update={"result": _runs(result, user)})
        report = result.get("report", {})
        kind = report.get("kind", result.get("kind"))
        if kind is None or user.may(CAPABILITY[Kind(kind)], Action.WRITE):
            return shown
        return shown.model_copy(update={"result": {"rows": report["kept"]} if report else {}})


def _runs(result: dict[str, Any], user: User) -> dict[str, Any]:
    """The result of runs; a rating may be a draft, and a month's is for who reads incidents."""
    told = []
    for run in result.get("runs", []):
        needed = {NEEDED[Analysis(run["analysis"])]}
        if run["analysis"] == Analysis.RATING:
            whole = Period.parse(run["period"]).is_quarter
            needed.add(Capability.DRAFTS if whole else Capability.INCIDENTS)
        seen = all(user.may(one) for one in needed)
        told.append(run if seen else {**run, "totals": {}})
    return {**result, "runs": told} if told else result


def may_cancel(user: User | None, job: Job) -> bool:
    """Whoever asked for a job ends it, and whoever looks after all jobs."""
    return user is not None and (job.asked_by == user.id or user.may(Capability.JOBS, Action.WRITE))


def followed(request: Request, db: Session, user: User, job_id: int, *, needed: Right) -> Events:
    """The events of a job that ``user`` may see, for as long as there is the right ``needed``."""
    service.find(db, job_id)
    return Events(request, user.id, _events(request, job_id, needed))


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
