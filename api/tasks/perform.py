"""One job from start to end: as whoever asked, in one transaction, its outcome in the same one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.house import House, transaction
from api.serving.logs import described, logger
from api.tasks import audits, exports, imports, plaques, policies, previews, runs, sheets
from api.tasks.heartbeat import Heartbeat
from api.tasks.runs import NOT_A_PART
from api.tasks.work import Failed, Task, Work
from gis.access import store as accounts
from gis.access.model import State
from gis.access.rights import Action, Capability, Right
from gis.access.service import narrowed
from gis.db.session import User
from gis.errors import AccountClosed, Forbidden, GisError, Stopped, WholeDistrict, halves
from gis.jobs import store
from gis.jobs.model import Job, JobKind, JobState

TASKS: Mapping[JobKind, Task] = {
    JobKind.IMPORT: imports.run,
    JobKind.RUN: runs.run,
    JobKind.EXPORT: exports.run,
    JobKind.AUDIT: audits.run,
    JobKind.PREVIEW: previews.run,
    JobKind.POLICY: policies.run,
    JobKind.PLAQUES: plaques.run,
    JobKind.SHEET: sheets.run,
}
_ON_EVERY_ROW: Mapping[JobKind, Right] = {
    JobKind.RUN: (Capability.RUNS, Action.WRITE),
    JobKind.POLICY: (Capability.POLICY, Action.PUBLISH),
}
MOST_ATTEMPTS = 3  # a job whose worker died three times is what they die of
_BUG = "意外错误，详见服务日志 / an unexpected error; the log has it"


def perform(house: House, engine: Engine, job_id: int) -> None:
    """Do a job that waits, or that a worker left when it died; its row says what came of it."""
    with transaction(engine) as session:
        job = store.start(session, job_id)
    if job is None:  # cancelled while it waited
        return
    if job.attempts > MOST_ATTEMPTS:
        _end(engine, job, JobState.FAILED, "gave_up", f"{MOST_ATTEMPTS} attempts came to no end")
        return
    log = _log(job)
    log.info("job_started", attempts=job.attempts)
    with Heartbeat(engine, job_id, log) as beat:
        try:
            _do(house, engine, job, beat)
        except Stopped:
            _end(engine, job, JobState.CANCELLED, None, "已取消 / cancelled")
        except Failed as exc:
            _end(engine, job, JobState.FAILED, exc.code, str(exc), exc)
        except Exception as exc:
            if beat.stopped:  # the statement under way was cancelled
                _end(engine, job, JobState.CANCELLED, None, "已取消 / cancelled")
                return
            known = isinstance(exc, GisError)
            if not known:
                log.error("job_broken", **described(exc))
            code = exc.code if isinstance(exc, GisError) else "internal_error"
            _end(engine, job, JobState.FAILED, code, str(exc) if known else _BUG)


def _do(house: House, engine: Engine, job: Job, beat: Heartbeat) -> None:
    """The work and its outcome commit together, so that a death in between undoes both."""
    with transaction(engine) as session:
        user = worker_of(asker(session, job), job, district_code=house.district.code)
    with transaction(engine, user=user) as session, beat.watching(session):
        result = TASKS[JobKind(job.kind)](Work(house, job, beat.say), session)
        said = ("完成", "done")
        if not store.finish(session, job.id, JobState.DONE, result=result, said=said):
            raise Stopped
    _log(job).info("job_ended", state=JobState.DONE)


def asker(session: Session, job: Job) -> User:
    """Whoever asked for the job: what the account may today, and no more than when it asked.

    A lock after wrong passwords does not count, or a stranger could stop other people's work.
    Raises AccountClosed for an account that an administrator has locked, or that is gone.
    """
    asked = job.asked_as
    if asked["role"] is None:  # the calendar or the command; accounts that may ask have a role
        user = replace(User.command(), id=job.asked_by)
    else:
        account = accounts.by_login(session, job.asked_by)
        if account is None or account.state is State.LOCKED:
            raise AccountClosed(job.asked_by)
        user = account.user()
    return narrowed(user, asked["rights"], asked["area_prefixes"])


def worker_of(user: User, job: Job, *, district_code: str) -> User:
    """As whom a job works: as whoever asked, except for what reads every row of the district.

    A run, and another policy that is tried, work with all rights under the asker's name, for
    whoever has the right to ask and the whole district. Raises Forbidden, WholeDistrict.
    """
    needed = _ON_EVERY_ROW.get(JobKind(job.kind))
    if needed is None:
        return user
    if not user.may(*needed):
        raise Forbidden.right(*needed)
    if not user.reaches(district_code):
        raise WholeDistrict(NOT_A_PART)
    return replace(User.command(), id=user.id)


def _end(
    engine: Engine,
    job: Job,
    state: JobState,
    code: str | None,
    message: str,
    failed: Failed | None = None,
) -> None:
    result = None if failed is None else failed.result
    with transaction(engine) as session:
        store.finish(session, job.id, state, result=result, error_code=code, said=halves(message))
    _log(job).info("job_ended", state=state, error_code=code)


def _log(job: Job) -> Any:
    """The log with whose job it is and the id of the request that asked for it, if one did."""
    return logger().bind(
        job=job.id, kind=job.kind, user=job.asked_by, request_id=job.asked_as.get("request_id")
    )
