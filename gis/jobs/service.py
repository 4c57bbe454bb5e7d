"""Asking for jobs, looking at them, stopping them; what a worker does is the top floor's matter."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gis.access.rights import Action, Capability, spelled
from gis.audit import service as audit
from gis.db.session import User
from gis.errors import Forbidden, NotFound
from gis.jobs import store
from gis.jobs.model import Job, JobKind


def ask(
    session: Session,
    kind: JobKind,
    parameters: Mapping[str, Any],
    *,
    district_code: str,
    area_code: str | None = None,
) -> Job:
    """Put a job of the session's user into the queue; it exists once the transaction commits.

    It belongs to ``area_code``, else where the user works: whoever may read jobs there sees it.
    Raises Forbidden for somebody without any area.
    """
    return store.add(session, _made(session, kind, parameters, district_code, area_code))


def ask_once(
    session: Session,
    kind: JobKind,
    parameters: Mapping[str, Any],
    *,
    since: datetime,
    district_code: str,
) -> Job | None:
    """Ask for a job, unless the session's user has asked for the same ``since`` then."""
    job = _made(session, kind, parameters, district_code, None)
    return None if store.asked_since(session, job, since) else store.add(session, job)


def _made(
    session: Session,
    kind: JobKind,
    parameters: Mapping[str, Any],
    district_code: str,
    area_code: str | None,
) -> Job:
    user = _user(session)
    if not user.area_prefixes:
        raise Forbidden.right(Capability.JOBS, Action.WRITE)
    request = session.info.get("request")
    asked_as = {
        "role": user.role and user.role.value, "area_prefixes": list(user.area_prefixes),
        "rights": sorted(spelled(one) for one in user.rights),
        "request_id": request and request.request_id,
    }  # fmt: skip
    return Job(
        kind=kind.value, parameters=dict(parameters), asked_by=user.id, asked_as=asked_as,
        area_code=area_code or user.place(district_code),
    )  # fmt: skip


def find(session: Session, job_id: int) -> Job:
    """One job in the areas of the session's user; raises NotFound."""
    job = store.get(session, job_id)
    if job is None:
        raise NotFound("job", job_id)
    return job


def listed(
    session: Session,
    *,
    mine: bool = False,
    kind: JobKind | None = None,
    before: int | None = None,
    most: int = 50,
) -> list[Job]:
    """Jobs in the areas of the session's user, the newest first, from below ``before`` on."""
    asked_by = _user(session).id if mine else None
    return store.listed(session, asked_by=asked_by, kind=kind, before=before, most=most)


def cancel(session: Session, job_id: int) -> Job:
    """Ask a job to stop: one's own, or another's with the right to write jobs.

    A job that has ended stays as it is. Whoever stops another's leaves a line in the trail. Raises
    NotFound and Forbidden.
    """
    job, user = find(session, job_id), _user(session)
    if job.asked_by != user.id:
        if not user.may(Capability.JOBS, Action.WRITE):
            raise Forbidden.right(Capability.JOBS, Action.WRITE)
        audit.note(session, event="job_cancelled", target=job.kind, area_code=job.area_code,
                   detail={"job": job.id, "asked_by": job.asked_by})  # fmt: skip
    store.cancel(session, job_id)
    return find(session, job_id)


def requeue_lost(session: Session) -> int:
    """Queue the jobs again that the queue has lost; returns how many."""
    lost = store.unqueued(session)
    for job_id, kind in lost:
        store.queue(session, job_id, kind)
    return len(lost)


def _user(session: Session) -> User:
    user = session.info["user"]
    assert isinstance(user, User)
    return user
