"""The queue: procrastinate on the store's own PostgreSQL, and what happens by the calendar."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from procrastinate import App, PsycopgConnector
from sqlalchemy import Engine, make_url

from api.house import House, transaction
from api.serving.logs import described, logger
from api.tasks import tidy
from api.tasks.perform import perform
from api.worker_name import Noted, file_of
from gis.db.session import User
from gis.jobs import service
from gis.jobs.model import JobKind
from gis.period import month_of, quarter_of
from gis.runs.model import Analysis

QUEUE = "wangge"
CALENDAR = User(id="calendar", area_prefixes=("",), rights=User.command().rights)
_TIDY, _TIDY_CRON = "file_tidy", "10 17 * * *"  # in UTC
_BEAT_S = 5.0  # how often a worker says that it lives


@dataclass(frozen=True)
class Recurring:
    """What is asked for by the calendar; ``cron`` is in UTC."""

    name: str
    cron: str
    kind: JobKind
    parameters: Callable[[date], Mapping[str, Any]]


def _last_month(day: date) -> Mapping[str, Any]:
    return {"analysis": Analysis.RATING, "period": month_of(day).previous().label}


def _nothing(_day: date) -> Mapping[str, Any]:
    return {}


def _last_quarter(day: date) -> Mapping[str, Any]:
    return {"analysis": Analysis.RATING, "period": quarter_of(day).previous().label}


RECURRING = (
    Recurring("monthly_preview", "30 18 2 * *", JobKind.RUN, _last_month),
    Recurring("audit_check", "30 17 * * *", JobKind.AUDIT, _nothing),
    Recurring("quarterly_rating", "0 19 5 1,4,7,10 *", JobKind.RUN, _last_quarter),
)


def queue(house: House, engine: Engine, *, name: str | None = None) -> App:
    """procrastinate's application: one task per kind of job, and the calendar.

    Its worker is known by ``name``, else by the host's.
    """
    url = make_url(engine.url).set(drivername="postgresql")
    connector = PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False), min_size=1, max_size=4,
        kwargs={"options": "-c search_path=procrastinate", "application_name": "wangge jobs"},
    )  # fmt: skip
    app = App(connector=connector)
    app.job_manager = Noted(connector, file_of(house.settings.home, name))
    for kind in JobKind:
        app.task(name=f"{QUEUE}.{kind}", queue=QUEUE)(_performer(house, engine))
    for one in RECURRING:
        task = app.task(name=f"{QUEUE}.{one.name}", queue=QUEUE, queueing_lock=one.name)
        app.periodic(cron=one.cron)(task(_asker(house, engine, one)))
    task = app.task(name=f"{QUEUE}.{_TIDY}", queue=QUEUE, queueing_lock=_TIDY)
    app.periodic(cron=_TIDY_CRON)(task(_tidier(house, engine)))
    return app


def _performer(house: House, engine: Engine) -> Callable[[int], None]:
    def performer(job_id: int) -> None:
        perform(house, engine, job_id)

    return performer


def _asker(house: House, engine: Engine, one: Recurring) -> Callable[[int], None]:
    def asker(timestamp: int) -> None:
        due = datetime.fromtimestamp(timestamp, UTC)
        day = due.astimezone(house.district.zone).date()
        with transaction(engine, user=CALENDAR) as session:  # again, where a worker died after it
            service.ask_once(
                session, one.kind, one.parameters(day), since=due, district_code=house.district.code
            )

    return asker


def _tidier(house: House, engine: Engine) -> Callable[[int], None]:
    def tidier(timestamp: int) -> None:
        with transaction(engine, user=CALENDAR) as session:
            removed = tidy.run(house, session, now=datetime.fromtimestamp(timestamp, UTC))
        logger().info("file_tidy", **removed)

    return tidier


def work(house: House, engine: Engine, *, wait: bool = True, name: str | None = None) -> None:
    """Work on the queue until told to end (SIGINT, SIGTERM); without ``wait`` until it is empty.

    Jobs of workers that died are taken up again after ``worker_silence_s``.
    """
    asyncio.run(_work(house, engine, wait=wait, name=name))


async def _work(house: House, engine: Engine, *, wait: bool, name: str | None) -> None:
    app, silence_s = queue(house, engine, name=name), house.settings.worker_silence_s
    with _told(wait=wait) as told:
        async with app.open_async():
            await _mend(app, engine, silence_s)
            mending = asyncio.create_task(_keep_mending(app, engine, silence_s))
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE], wait=wait, install_signal_handlers=False,
                    concurrency=house.settings.worker_jobs, delete_jobs="always",
                    update_heartbeat_interval=min(_BEAT_S, silence_s / 3),
                    stalled_worker_timeout=silence_s,
                )
            )  # fmt: skip
            ending = asyncio.create_task(told.wait())
            await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
            mending.cancel()
            if not ending.cancel():
                working.cancel()  # it ends the jobs under way, and then itself
            await asyncio.wait({working})
    if not working.cancelled():
        working.result()


@contextmanager
def _told(*, wait: bool) -> Iterator[asyncio.Event]:
    """Set by the first SIGINT or SIGTERM; a second one ends the process, as elsewhere.

    Already while the queue is opened: what a handler raises amid that leaves its pool waiting.
    """
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM) if wait}

    def forget() -> None:
        for one, handler in before.items():
            loop.remove_signal_handler(one)
            signal.signal(one, handler)

    def tell() -> None:
        forget()
        told.set()

    for one in before:
        loop.add_signal_handler(one, tell)
    try:
        yield told
    finally:
        forget()


async def _keep_mending(app: App, engine: Engine, silence_s: float) -> None:
    while True:
        await asyncio.sleep(silence_s / 2)
        try:
            await _mend(app, engine, silence_s)
        except Exception as exc:  # the store was away for a moment: the next look mends
            logger().warning("mending_missed", **described(exc))


async def _mend(app: App, engine: Engine, silence_s: float) -> None:
    """Queue again what a dead worker held and what the queue has lost.

    After a machine has slept, every worker of it looks dead: this one is not.
    """
    manager = app.job_manager
    assert isinstance(manager, Noted), "of `queue`"
    await manager.alive()
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=silence_s):
        await manager.retry_job(stalled)
    await asyncio.to_thread(_requeue, engine)


def _requeue(engine: Engine) -> None:
    with transaction(engine) as session:
        service.requeue_lost(session)
