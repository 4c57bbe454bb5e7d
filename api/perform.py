"""One job from start to end: as whoever asked, in one transaction, its outcome in the same one."""

from collections.abc import Mapping

from sqlalchemy import Engine

from api.heartbeat import Heartbeat
from api.house import House, transaction
from api.logs import described, logger
from api.tasks import audits, exports, imports, runs
from api.tasks.work import Failed, Stopped, Task, Work
from gis.access.rights import EVERYTHING, PERMISSIONS, Role
from gis.db.session import User
from gis.errors import GisError
from gis.jobs import store
from gis.jobs.model import Job, JobKind, JobState

TASKS: Mapping[JobKind, Task] = {
    JobKind.IMPORT: imports.run,
    JobKind.RUN: runs.run,
    JobKind.EXPORT: exports.run,
    JobKind.AUDIT: audits.run,
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
    with Heartbeat(engine, job_id) as beat:
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
                logger().error("job", job=job_id, kind=job.kind, **described(exc))
            code = exc.code if isinstance(exc, GisError) else "internal_error"
            _end(engine, job, JobState.FAILED, code, str(exc) if known else _BUG)


def _do(house: House, engine: Engine, job: Job, beat: Heartbeat) -> None:
    """The work and its outcome commit together, so that a death in between undoes both."""
    with transaction(engine, user=asker(job)) as session:
        beat.watch(session)
        result = TASKS[JobKind(job.kind)](Work(house, job, beat.say), session)
        said = ("完成", "done")
        if not store.finish(session, job.id, JobState.DONE, result=result, said=said):
            raise Stopped


def asker(job: Job) -> User:
    """Whoever asked for the job: never more than then, and never more than the role has today."""
    asked, role = job.asked_as, job.asked_as["role"]
    then = {tuple(right.split(":")) for right in asked["rights"]}
    today = EVERYTHING if role is None else PERMISSIONS[Role(role)]
    return User(
        id=job.asked_by, area_prefixes=tuple(asked["area_prefixes"]),
        rights=frozenset(right for right in today if right in then),
        role=None if role is None else Role(role),
    )  # fmt: skip


def _end(
    engine: Engine,
    job: Job,
    state: JobState,
    code: str | None,
    message: str,
    failed: Failed | None = None,
) -> None:
    zh, _, en = message.partition(" / ")
    result = None if failed is None else failed.result
    with transaction(engine) as session:
        store.finish(session, job.id, state, result=result, error_code=code, said=(zh, en or zh))
