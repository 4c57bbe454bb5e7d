"""Jobs as their users find them: asked for over HTTP, done by a real worker, killed, repeated."""

import asyncio
import hashlib
import json
import os
import signal
import threading
import time
import warnings
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import psycopg2
import pytest
import typer
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from api import jobs
from api.audit import trail
from api.commands import worker
from api.house import House
from api.serving.logs import logger
from api.tasks import heartbeat, perform
from api.worker_name import Noted, file_of
from gis.access import administration
from gis.access import service as access
from gis.access.model import State
from gis.access.rights import Action, Capability, Role
from gis.db.cluster.urls import libpq_url
from gis.db.session import User
from gis.errors import Forbidden, WholeDistrict
from gis.files import write_whole
from gis.jobs import service
from gis.jobs import store as queued
from gis.jobs.model import Job, JobKind, JobState
from gis.period import Period
from gis.settings import Settings

API = "/api/v1"
PLANNER = User.of(Role.PLANNER, id="planner", area_prefixes=("530102001",))
SUPERVISOR = User.of(Role.GRID_SUPERVISOR, id="supervisor", area_prefixes=("530102001",))


@pytest.fixture
def house(store, tmp_path):
    return House(
        Settings(
            _env_file=None, database_url=store.urls.app, owner_url=store.urls.owner,
            home=tmp_path, worker_silence_s=1,
        )
    )  # fmt: skip


def asked(store, house, kind=JobKind.RUN, user=None, **parameters):
    """The id of a new job."""
    with store.begin(user) as session:
        return service.ask(
            session, kind, parameters or {"analysis": "grids"}, district_code=house.district.code
        ).id


def signed_up(store, house, user):
    """The user, as an account of the same name."""
    with store.begin() as session:
        administration.add_without_password(
            session, user.id, district=house.district, role=user.role,
            area_prefixes=user.area_prefixes, now=datetime.now(UTC),
        )  # fmt: skip
    return user


def job_of(store, job_id):
    with store.begin() as session:
        return service.find(session, job_id)


@contextmanager
def task(monkeypatch, work, kind=JobKind.RUN):
    """Jobs of a kind do ``work``; it has no files and needs no data."""
    monkeypatch.setattr(perform, "TASKS", {kind: work})
    yield


def logged(capsys, job_id):
    """What the log says of a job."""
    lines = [json.loads(one) for one in capsys.readouterr().err.splitlines()]
    return [one for one in lines if one.get("job") == job_id]


def queue_entries(store):
    with store.begin() as session:
        return session.scalar(text("SELECT count(*) FROM procrastinate.procrastinate_jobs"))


# -- asking, looking, what came out -----------------------------------------------------------


def test_a_job_that_cannot_be_done_says_why_in_both_languages(serve, store, house, capsys):
    with serve(store.urls) as client:
        answer = client.post(f"{API}/runs", json={"analysis": "grids"})
        job = answer.json()
        assert (job["state"], job["progress"], job["kind"]) == ("queued", 0, "run")
        jobs.work(house, store.engine, wait=False)
        ended = client.get(f"{API}/jobs/{job['id']}").json()
    assert (ended["state"], ended["error_code"]) == ("failed", "no_data")
    assert ended["message_en"]
    assert ended["attempts"] == 1
    started, failed = logged(capsys, job["id"])
    assert (started["event"], failed["error_code"]) == ("job_started", "no_data")
    for line in (started, failed):
        assert line["request_id"] == answer.headers["x-request-id"]
        assert line["user"] == ended["asked_by"]
    assert queue_entries(store) == 0


STANDING = """
UPDATE jobs SET created_at = now() - interval '1 hour' WHERE id = :waiting;
UPDATE jobs SET state = 'running' WHERE id = :running;
UPDATE jobs SET state = 'failed', finished_at = now() - interval '1 minute' WHERE id = :failed;
UPDATE jobs SET state = 'failed', finished_at = now() - interval '2 days' WHERE id = :failed_once;
"""
ALIVE = """
INSERT INTO procrastinate.procrastinate_workers (last_heartbeat)
VALUES (now()), (now()), (now() - interval '1 hour')
"""


def test_the_metrics_say_how_jobs_workers_and_the_trail_stand(serve, store, house):
    names = ("waiting", "running", "failed", "failed_once")
    ids = {name: asked(store, house) for name in names}
    with store.begin() as session:
        session.execute(text(STANDING), ids)
        session.execute(text(ALIVE))
        signed_at = trail.sign_head(session, house)["signed_at"]
    with serve(store.urls, home=house.settings.home) as client:
        lines = client.get("/metrics").text.splitlines()
    told = {
        name.removeprefix("wangge_"): float(value)
        for name, value in (line.rsplit(" ", 1) for line in lines if line.startswith("wangge_"))
    }
    assert (told["store_up"], told["store_migrated"], told["workers"]) == (1, 1, 2)
    by_state = [told[f'jobs{{state="{state}"}}'] for state in ("queued", "running", "failed")]
    assert by_state == [1, 1, 1]
    assert 3_600 <= told["oldest_queued_job_seconds"] < 3_700
    signed_s = datetime.fromisoformat(signed_at).timestamp()
    assert told["audit_head_signed_timestamp_seconds"] == pytest.approx(signed_s)


def test_a_check_of_the_worker_fails_where_it_gives_no_sign_of_life(store, house, monkeypatch):
    monkeypatch.setattr(worker, "house", lambda: house)
    with store.begin() as session:
        number = session.scalar(text(f"{ALIVE} RETURNING id"))
    with pytest.raises(typer.Exit):  # some worker lives, and it is not known to be this host's
        worker.worker(check=True)
    write_whole(file_of(house.settings.home, None), str(number))
    worker.worker(check=True)
    with store.begin() as session:
        session.execute(
            text("UPDATE procrastinate.procrastinate_workers SET last_heartbeat = '2026-01-01'")
        )
    with pytest.raises(typer.Exit) as ended:
        worker.worker(check=True)
    assert ended.value.exit_code == 1


def test_a_job_is_queued_with_its_transaction_or_not_at_all(store, house):
    with store.begin() as session:
        service.ask(session, JobKind.RUN, {}, district_code=house.district.code)
        session.rollback()
    assert queue_entries(store) == 0


def test_the_outcome_is_written_with_the_work(store, house, monkeypatch):
    def work(work, session):
        work.say(0.5, "一半", "half")
        return {"rows": 3}

    job_id = asked(store, house)
    with task(monkeypatch, work):
        jobs.work(house, store.engine, wait=False)
    job = job_of(store, job_id)
    assert (job.state, job.progress, job.result) == (JobState.DONE, 1, {"rows": 3})
    assert (job.message_zh, job.message_en) == ("完成", "done")


def test_unknown_fields_and_jobs_are_refused(serve, store):
    with serve(store.urls) as client:
        sly = client.post(f"{API}/runs", json={"analysis": "grids", "asked_by": "root"})
        assert sly.status_code == 422
        assert client.get(f"{API}/jobs/999").status_code == 404
        assert client.delete(f"{API}/jobs/999").status_code == 404
        assert client.get(f"{API}/jobs").json() == {"jobs": []}


def test_a_bug_is_told_without_its_words(store, house, monkeypatch, capsys):
    def work(work, session):
        raise ValueError("13812345678")

    job_id = asked(store, house)
    with task(monkeypatch, work):
        jobs.work(house, store.engine, wait=False)
    job = job_of(store, job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")
    _, broken, _ = lines = logged(capsys, job_id)
    assert (broken["error"], broken["user"]) == ("builtins.ValueError", User.command().id)
    assert "13812345" not in f"{job.message_zh}{job.message_en}{lines}"


def test_a_job_works_as_whoever_asked(store, house, monkeypatch):
    seen = []

    def work(work, session):
        seen.append(session.info["user"])
        return {}

    asked(store, house, JobKind.EXPORT, signed_up(store, house, PLANNER))
    with task(monkeypatch, work, JobKind.EXPORT):
        jobs.work(house, store.engine, wait=False)
    assert seen == [PLANNER]


def test_a_run_is_asked_for_in_the_whole_district_and_works_on_every_row(store, house, monkeypatch):
    """Two planners: one has the district, the other a street of it."""
    seen = []

    def work(work, session):
        seen.append(session.info["user"])
        return {}

    whole = signed_up(store, house, User.of(Role.PLANNER, id="whole", area_prefixes=("530102",)))
    part = asked(store, house, user=signed_up(store, house, PLANNER))
    asked(store, house, user=whole)
    with task(monkeypatch, work):
        jobs.work(house, store.engine, wait=False)
    assert seen == [replace(User.command(), id="whole")]
    refused = job_of(store, part)
    assert (refused.state, refused.error_code) == (JobState.FAILED, "whole_district")


def test_another_policy_is_not_tried_for_a_part_though_the_job_lies_in_it(store, house):
    part = User.of(Role.SECURITY_ADMIN, id="part", area_prefixes=("530102001",))
    job = job_of(store, asked(store, house, JobKind.POLICY, signed_up(store, house, part)))
    with pytest.raises(WholeDistrict):
        perform.worker_of(part, job, district_code=house.district.code)


def test_a_run_of_a_part_is_refused_at_the_door(store, serve):
    with serve(store.urls, role=Role.POLICE_LIAISON, areas=["530102001"]) as client:
        answer = client.post(f"{API}/runs", json={"analysis": "rating"})
    assert (answer.status_code, answer.json()["code"]) == (403, "whole_district")


def test_a_job_has_no_right_that_was_missing_when_it_was_asked_for(store, house):
    signed_up(store, house, PLANNER)
    token = replace(PLANNER, rights=frozenset({(Capability.JOBS, Action.READ)}))
    job = job_of(store, asked(store, house, user=token))
    with store.begin() as session:
        assert perform.asker(session, job) == token


def test_a_job_has_no_right_or_area_that_the_account_has_lost_since(store, house):
    signed_up(store, house, PLANNER)
    job = job_of(store, asked(store, house, user=PLANNER))
    with store.begin() as session:
        administration.set_role(
            session, "planner", Role.VIEWER, ["530102001001"], district=house.district
        )
        now = perform.asker(session, job)
    assert now == User.of(Role.VIEWER, id="planner", area_prefixes=("530102001001",))


def test_a_job_of_an_account_that_was_locked_since_is_not_done(store, house, monkeypatch):
    job_id = asked(store, house, user=signed_up(store, house, PLANNER))
    with store.begin() as session:
        administration.set_state(session, "planner", State.LOCKED)
    with task(monkeypatch, lambda work, session: {}):
        jobs.work(house, store.engine, wait=False)
    job = job_of(store, job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, "account_closed")
    assert "已锁定" in job.message_zh


def test_wrong_passwords_of_a_stranger_stop_no_job(store, house):
    signed_up(store, house, PLANNER)
    job = job_of(store, asked(store, house, user=PLANNER))
    rules, now = house.settings.accounts, datetime.now(UTC)
    with store.begin() as session:
        for _ in range(rules.max_failures):
            access.note_failure(
                session, administration.known(session, "planner"), rules=rules, now=now
            )
        assert administration.known(session, "planner").locked_until > now
        assert perform.asker(session, job) == PLANNER


def test_nobody_without_an_area_asks(store, house):
    nobody = User.of(Role.PLANNER, id="nowhere", area_prefixes=())
    with pytest.raises(Forbidden):
        asked(store, house, user=nobody)


# -- an end before the end --------------------------------------------------------------------


def test_a_waiting_job_ends_at_once(serve, store, house):
    job_id = asked(store, house)
    with serve(store.urls) as client:
        assert client.delete(f"{API}/jobs/{job_id}").json()["state"] == "cancelled"
        again = client.delete(f"{API}/jobs/{job_id}").json()
    assert again["state"] == "cancelled"
    jobs.work(house, store.engine, wait=False)
    assert job_of(store, job_id).attempts == 0


def test_a_long_statement_is_cancelled_and_leaves_nothing(store, house, monkeypatch):
    def work(work, session):
        session.execute(text("INSERT INTO store_facts VALUES ('half', '530102', 'done')"))
        session.execute(text("SELECT count(*) FROM generate_series(1, 10000000000)"))
        return {}

    job_id = asked(store, house)
    with task(monkeypatch, work):
        worker = threading.Thread(target=perform.perform, args=(house, store.engine, job_id))
        worker.start()
        wait_for(lambda: job_of(store, job_id).state == JobState.RUNNING)
        with store.begin() as session:
            service.cancel(session, job_id)
        worker.join(timeout=60)
    assert not worker.is_alive()
    assert job_of(store, job_id).state == JobState.CANCELLED
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM store_facts")) == 0


def test_a_cancel_is_seen_between_steps(store, house, monkeypatch):
    def work(work, session):
        for _ in range(600):
            work.say(0.1, "步", "step")
            time.sleep(0.05)
        return {}

    job_id = asked(store, house)
    with task(monkeypatch, work):
        worker = threading.Thread(target=perform.perform, args=(house, store.engine, job_id))
        worker.start()
        wait_for(lambda: job_of(store, job_id).message_en == "step")
        with store.begin() as session:
            service.cancel(session, job_id)
        worker.join(timeout=60)
    assert job_of(store, job_id).state == JobState.CANCELLED


def test_the_end_of_a_job_cancels_no_statement_of_another(store, house, monkeypatch):
    """The connection is the pool's again, and somebody else's, when the end is heard of."""
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.05)
    job_id = asked(store, house)
    with store.begin() as session:
        queued.start(session, job_id)
    with heartbeat.Heartbeat(store.engine, job_id, logger()) as beat:
        with store.begin() as session, beat.watching(session):
            worked = session.connection().connection.driver_connection
            assert queued.finish(session, job_id, JobState.DONE, said=("完成", "done"))
        with ExitStack() as taken:
            while True:
                other = taken.enter_context(store.engine.connect())
                if other.connection.driver_connection is worked:
                    break
            rows = "SELECT count(*) FROM generate_series(1, 5000000)"
            assert other.scalar(text(rows)) == 5_000_000
        assert beat.stopped, "it was heard of meanwhile"


def test_another_ones_job_is_stopped_only_with_the_right_to(store, house):
    job_id = asked(store, house, user=PLANNER)
    with pytest.raises(Forbidden), store.begin(SUPERVISOR) as session:
        service.cancel(session, job_id)
    assert job_of(store, job_id).state == JobState.QUEUED
    steward = User.of(Role.DATA_STEWARD, id="steward", area_prefixes=("530102",))
    with store.begin(steward) as session:
        service.cancel(session, job_id)
    with store.begin() as session:
        (line,) = trail.store.page(session, trail.store.Asked(event="job_cancelled"), limit=9)
    assert (line["user_id"], line["target"], line["area_code"]) == ("steward", "run", "530102001")
    assert line["detail"] == {"job": job_id, "asked_by": PLANNER.id}


def wait_for(true, seconds=60):
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.05)


# -- events -----------------------------------------------------------------------------------


def test_events_tell_each_change_and_end_with_the_job(serve, store, house, monkeypatch):
    def work(work, session):
        return {"rows": 1}

    job_id = asked(store, house)
    states = []
    with (
        task(monkeypatch, work),
        serve(store.urls, pool_max_size=1) as client,
        client.stream("GET", f"{API}/jobs/{job_id}/events") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if not line.startswith("data: "):
                continue
            states.append(json.loads(line.removeprefix("data: "))["state"])
            if states == ["queued"]:  # the one connection is free while the page waits
                assert client.get("/readyz").status_code == 200
                jobs.work(house, store.engine, wait=False)
    assert (states[0], states[-1]) == ("queued", "done")


def followed(client, job_id):
    return client.stream("GET", f"{API}/jobs/{job_id}/events")


def test_a_page_that_follows_a_job_does_not_keep_its_session_open(serve, store, house, account):
    """It is left alone for a minute; then a job is followed, and then somebody clicks."""
    job_id = asked(store, house)
    login, password = account(store.urls, Role.DATA_STEWARD)
    with serve(store.urls, role=None) as browser, closing(owner_of(store)) as owner:
        signed_in = browser.post(f"{API}/auth/sign-in", json={"login": login, "password": password})
        assert signed_in.status_code == 200
        owner.execute("UPDATE wangge.web_sessions SET seen_at = now() - interval '1 minute'")
        with followed(browser, job_id) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            assert json.loads(next(lines).removeprefix("data: "))["state"] == "queued"
            with store.begin() as session:
                service.cancel(session, job_id)
            assert json.loads(next(lines).removeprefix("data: "))["state"] == "cancelled"
        assert idle_s(owner) > 59
        assert browser.get(f"{API}/jobs/{job_id}").status_code == 200
        assert idle_s(owner) < 30


def owner_of(store):
    """A cursor that reads sessions, which the application cannot."""
    connection = psycopg2.connect(libpq_url(store.urls.owner))
    connection.autocommit = True
    return connection.cursor()


def idle_s(owner):
    owner.execute("SELECT extract(epoch FROM now() - seen_at) FROM wangge.web_sessions")
    return owner.fetchone()[0]


def test_one_user_follows_a_few_jobs_at_once_and_again_when_one_is_closed(serve, store, house):
    job_id = asked(store, house)
    with serve(store.urls, streams_per_user=2) as client:
        with followed(client, job_id) as one, followed(client, job_id) as other:
            assert (one.status_code, other.status_code) == (200, 200)
            with followed(client, job_id) as third:
                third.read()
            assert (third.status_code, third.json()["code"]) == (429, "too_many")
            assert int(third.headers["retry-after"]) >= 1
        wait_for(lambda: opens(client, job_id))
        for _ in range(4):  # the head of a stream that would go on is no open stream
            wait_for(lambda: client.head(f"{API}/jobs/{job_id}/events").status_code == 200)
        wait_for(lambda: opens(client, job_id))


def opens(client, job_id):
    with followed(client, job_id) as stream:
        return stream.status_code == 200


def test_a_process_keeps_no_more_streams_open_than_it_has_places(serve, store, house, token_for):
    job_id = asked(store, house)
    other = {"authorization": f"Bearer {token_for(store.urls, Role.DATA_STEWARD)}"}
    with serve(store.urls, streams_max=1) as client, followed(client, job_id) as one:
        assert one.status_code == 200
        over = client.get(f"{API}/jobs/{job_id}/events", headers=other)
        assert (over.status_code, over.json()["code"]) == (503, "busy")
        assert int(over.headers["retry-after"]) >= 1
        assert client.get(f"{API}/jobs/{job_id}").status_code == 200


# -- death ------------------------------------------------------------------------------------


def died(house, work):
    """The signal that ended a worker process of its own doing ``work``; 0 when it ended well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            perform.TASKS = {JobKind.RUN: work}
            with house.store() as engine:
                jobs.work(house, engine, wait=False)
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def deadly(work, session):
    """Writes, and dies of the first attempt."""
    session.execute(text("INSERT INTO store_facts VALUES ('half', '530102', 'done')"))
    if work.job.attempts == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"attempts": work.job.attempts}


def test_a_job_whose_worker_was_killed_is_done_once_by_the_next(store, house):
    job_id = asked(store, house)
    assert died(house, deadly) == -signal.SIGKILL
    job = job_of(store, job_id)
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM store_facts")) == 0
    time.sleep(1.1)  # the dead worker's silence
    assert died(house, deadly) == 0
    job = job_of(store, job_id)
    assert (job.state, job.result) == (JobState.DONE, {"attempts": 2})
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM store_facts")) == 1


def test_a_job_that_workers_die_of_is_given_up(store, house):
    job_id = asked(store, house)
    with store.begin() as session:
        session.get_one(Job, job_id).attempts = perform.MOST_ATTEMPTS
    perform.perform(house, store.engine, job_id)
    job = job_of(store, job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, "gave_up")


def test_a_job_that_the_queue_has_lost_is_queued_again(store, house, monkeypatch):
    job_id = asked(store, house)
    with store.begin() as session:  # a restored store knows its jobs, the queue does not
        session.execute(text("SET LOCAL search_path TO procrastinate"))
        session.execute(text("DELETE FROM procrastinate_jobs"))
    with task(monkeypatch, lambda work, session: {}):
        jobs.work(house, store.engine, wait=False)
    assert job_of(store, job_id).state == JobState.DONE


def test_a_look_that_fails_is_not_the_last_one(store, house):
    """A worker mends on after a moment without the store."""
    asked(store, house)

    def owner(statement):
        url = libpq_url(store.urls.owner)
        with closing(psycopg2.connect(url)) as there, there, there.cursor() as cursor:
            cursor.execute(f"SET search_path TO procrastinate; {statement}")

    async def mended():
        app = jobs.queue(house, store.engine)
        async with app.open_async():
            keeping = asyncio.create_task(jobs._keep_mending(app, store.engine, 0.2))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(owner, "ALTER TABLE away RENAME TO procrastinate_workers")
            for _ in range(600):
                if await asyncio.to_thread(queue_entries, store):
                    return keeping.cancel()
                await asyncio.sleep(0.05)
        return False

    owner("DELETE FROM procrastinate_jobs")
    owner("ALTER TABLE procrastinate_workers RENAME TO away")
    assert asyncio.run(mended())


def test_a_worker_whose_machine_slept_does_not_take_its_own_job_for_a_dead_ones(store, house):
    asked(store, house)

    async def states():
        app = jobs.queue(house, store.engine)
        async with app.open_async():
            own = await app.job_manager.register_worker()
            dead = await Noted(
                app.connector, file_of(house.settings.home, "dead")
            ).register_worker()
            return [await looked_at(app, number) for number in (own, dead)]

    async def looked_at(app, number):
        """The queue's entry, held by a worker, after an hour without a sign of life."""
        with store.begin() as session:
            session.execute(text("SET LOCAL search_path TO procrastinate"))
            session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = '2026-01-01'"))
            session.execute(
                text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :number"),
                {"number": number},
            )
        await jobs._mend(app, store.engine, 30)
        with store.begin() as session:
            return session.scalar(text("SELECT status FROM procrastinate.procrastinate_jobs"))

    assert asyncio.run(states()) == ["doing", "todo"]


def test_a_worker_struck_off_between_its_sign_of_life_and_its_next_job_takes_it(store, house):
    asked(store, house)

    async def taken():
        app = jobs.queue(house, store.engine)
        async with app.open_async():
            manager, lives = app.job_manager, app.job_manager.update_heartbeat
            own, struck = await manager.register_worker(), []

            async def lives_and_rests(number):
                await lives(number)
                if not struck:
                    struck.append(number)
                    with store.begin() as session:
                        session.execute(text("DELETE FROM procrastinate.procrastinate_workers"))

            manager.update_heartbeat = lives_and_rests
            job = await manager.fetch_job([jobs.QUEUE], own)
            return job, struck == [own]

    job, was_struck = asyncio.run(taken())
    assert was_struck
    assert job is not None


def test_of_two_workers_on_one_job_one_wins(store, house, monkeypatch):
    job_id = asked(store, house)

    def work(work, session):
        with store.begin() as other:  # the other one was faster
            other.execute(text("UPDATE jobs SET state = 'done', finished_at = now()"))
        session.execute(text("INSERT INTO store_facts VALUES ('twice', '530102', 'done')"))
        return {}

    with task(monkeypatch, work):
        perform.perform(house, store.engine, job_id)
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM store_facts")) == 0


# -- the calendar -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "timestamp", "period"),
    [
        ("monthly_preview", 1_790_965_800, "2026-09"),  # 2026-10-02 18:30 UTC
        ("quarterly_rating", 1_791_226_800, "2026Q3"),  # 2026-10-05 19:00 UTC
    ],
)
def test_the_calendar_asks_for_the_period_before(store, house, name, timestamp, period):
    app = jobs.queue(house, store.engine)
    app.tasks[f"wangge.{name}"].func(timestamp)
    app.tasks[f"wangge.{name}"].func(timestamp)  # its worker had died: nothing is asked for twice
    with store.begin() as session:
        (job,) = service.listed(session)
    assert (job.asked_by, job.parameters) == ("calendar", {"analysis": "rating", "period": period})
    assert Period.parse(period)


def test_the_nightly_look_at_the_trail_signs_its_head(store, house):
    job_id = asked(store, house, kind=JobKind.AUDIT, since=None)
    jobs.work(house, store.engine, wait=False)
    job = job_of(store, job_id)
    assert (job.state, job.result["head"]["number"] >= 0) == (JobState.DONE, True)
    assert (house.settings.home / "audit-heads.jsonl").exists()


# -- the queue's own schema -------------------------------------------------------------------


def test_the_library_still_has_the_schema_that_the_migration_made():
    """An upgrade that changes it needs a migration of ours."""
    made = hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()
    assert made == "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"
