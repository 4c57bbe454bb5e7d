"""The only SQL about jobs."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gis.db import sql
from gis.jobs.model import Job, JobKind, JobState

_SQL = sql.load("gis.jobs")


def add(session: Session, job: Job) -> Job:
    """Write a new job and put it into the queue, both in this transaction."""
    session.add(job)
    session.flush()
    queue(session, job.id, job.kind)
    session.refresh(job)
    return job


def asked_since(session: Session, job: Job, since: datetime) -> bool:
    """Whether somebody has asked for the same as ``job`` since then."""
    values = {
        "asked_by": job.asked_by, "kind": job.kind, "since": since,
        "parameters": json.dumps(job.parameters, ensure_ascii=False),
    }  # fmt: skip
    return bool(session.execute(_SQL["asked_since"], values).scalar_one())


def queue(session: Session, job_id: int, kind: str) -> None:
    """Put a job into the queue."""
    session.execute(_SQL["queue"], {"id": job_id, "kind": kind})


def start(session: Session, job_id: int) -> Job | None:
    """The job, now running; None where it has ended or does not exist."""
    if session.execute(_SQL["start"], {"id": job_id}).scalar_one_or_none() is None:
        return None
    return session.get_one(Job, job_id, populate_existing=True)


def beat(session: Session, job_id: int, *, progress: float, said: tuple[str, str]) -> bool:
    """Say how far a running job is; whether it is to stop."""
    zh, en = said
    values = {"id": job_id, "progress": progress, "message_zh": zh, "message_en": en}
    cancel_asked = session.execute(_SQL["beat"], values).scalar_one_or_none()
    return cancel_asked is None or bool(cancel_asked)


def hold(session: Session, job_id: int) -> bool:
    """Keep others from ending a running job before this transaction; False where one has."""
    return session.execute(_SQL["hold"], {"id": job_id}).scalar_one_or_none() is not None


def finish(
    session: Session,
    job_id: int,
    state: JobState,
    *,
    result: Mapping[str, Any] | None = None,
    error_code: str | None = None,
    said: tuple[str, str],
) -> bool:
    """End a running job; False where it has ended already."""
    zh, en = said
    values = {
        "id": job_id, "state": state.value, "error_code": error_code,
        "message_zh": zh, "message_en": en,
        "result": None if result is None else json.dumps(result, ensure_ascii=False),
    }  # fmt: skip
    return session.execute(_SQL["finish"], values).scalar_one_or_none() is not None


def cancel(session: Session, job_id: int) -> bool:
    """Ask a job to stop; False where it has ended already."""
    return session.execute(_SQL["cancel"], {"id": job_id}).scalar_one_or_none() is not None


def get(session: Session, job_id: int) -> Job | None:
    """The job as it stands now."""
    return session.get(Job, job_id, populate_existing=True)


def listed(
    session: Session,
    *,
    asked_by: str | None,
    kind: JobKind | None,
    before: int | None,
    most: int,
) -> list[Job]:
    """Jobs, the newest first; of one user or, with None, of everybody."""
    values = {"asked_by": asked_by, "kind": kind, "before": before}
    ids = session.execute(_SQL["listed"], {**values, "most": most}).scalars()
    return [session.get_one(Job, id_) for id_ in ids]


def unqueued(session: Session) -> list[tuple[int, str]]:
    """Ids and kinds of jobs that have not ended and that the queue does not know."""
    return [(id_, kind) for id_, kind in session.execute(_SQL["unqueued"])]
