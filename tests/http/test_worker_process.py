"""Worker processes: one beside a service over a private store, as in test_command.py, or alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from processes import lives, wait_for, workers_of
from sqlalchemy import text
from waiting import until_blocked

from api.cli import main
from gis.jobs import service as jobs
from gis.jobs.model import JobKind, JobState

COMMAND = [sys.executable, "-c", "from api.cli import main; main()"]


@contextmanager
def serving(home, **more):
    """(process, its worker's id) of ``wangge serve`` once its worker is there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    environment = os.environ | {"WANGGE_HOME": str(home), "WANGGE_PORT": str(port)} | more
    with subprocess.Popen(
        [*COMMAND, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as service:
        try:
            yield service, port
        finally:
            service.kill()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_service_over_a_new_private_store_has_a_worker_that_ends_with_it(home, how):
    with serving(home) as (service, _):
        (worker,) = wait_for(lambda: workers_of(service.pid), "no worker was started")
        time.sleep(0.5)
        assert lives(worker)
        service.send_signal(how)
        service.wait(timeout=120)
        wait_for(lambda: not lives(worker), "the worker outlived its service")


def test_a_service_over_a_server_of_its_own_leaves_the_work_to_others(home, store):
    urls = {"WANGGE_DATABASE_URL": store.urls.app, "WANGGE_OWNER_URL": store.urls.owner}
    with serving(home, **urls) as (service, port):
        wait_for(lambda: answers(port), "the service did not start")
        assert workers_of(service.pid) == []


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def environment(home, store):
    """Of a command over a server of its own, where a worker is dead after three seconds."""
    return os.environ | {
        "WANGGE_HOME": str(home), "WANGGE_DATABASE_URL": store.urls.app,
        "WANGGE_OWNER_URL": store.urls.owner, "WANGGE_WORKER_SILENCE_S": "3",
    }  # fmt: skip


@pytest.fixture
def begin(environment):
    """Start a worker of a name and wait until it is at work."""
    begun = []

    def worker(*words):
        begun.append(
            subprocess.Popen(
                [*COMMAND, "worker", *words], env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip
        return begun[-1]

    yield worker
    for one in begun:
        one.kill()
        one.wait()


@pytest.mark.slow
def test_the_check_asks_for_the_worker_of_its_host_or_name_alone(begin, environment, home):
    def alive(*words):
        asked = [*COMMAND, "worker", "--check", *words]
        done = subprocess.run(asked, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode in {0, 1}, done.stderr
        return done.returncode == 0

    def begins(name):
        wait_for((home / "workers" / name).exists, f"{name} did not begin")

    host, other = begin(), begin("--name", "other")
    begins(socket.gethostname())
    begins("other")
    assert alive()
    assert alive("--name", "other")
    assert not alive("--name", "nobody")  # two others live
    host.send_signal(signal.SIGSTOP)  # it hangs: there, and without a sign of life
    wait_for(lambda: not alive(), "a worker that hangs is said to live")
    assert alive("--name", "other")
    host.kill()
    host.wait()
    begin()  # its successor, as a container begins again
    wait_for(alive, "the successor is not known")
    other.terminate()
    other.wait(timeout=60)
    assert not (home / "workers" / "other").exists()
    assert not alive("--name", "other")


@pytest.mark.slow
def test_a_worker_that_was_struck_off_while_it_rested_is_known_again(begin, store, home):
    """As a machine that slept: the next worker strikes it off, the night forgets its name."""

    def numbers():
        with store.begin() as session:
            return set(session.scalars(text("SELECT id FROM procrastinate.procrastinate_workers")))

    file = home / "workers" / "one"
    one = begin("--name", "one")
    wait_for(file.exists, "one did not begin")
    own = int(file.read_text())
    one.send_signal(signal.SIGSTOP)
    time.sleep(3.2)
    begin("--name", "two")
    wait_for(lambda: own not in numbers(), "the next worker did not strike one off")
    file.unlink()
    one.send_signal(signal.SIGCONT)
    wait_for(lambda: own in numbers(), "one did not enter itself again", seconds=20)
    wait_for(file.exists, "one is not known by its name")
    assert (int(file.read_text()), one.poll()) == (own, None)


def test_a_worker_that_was_struck_off_takes_the_next_job(begin, store, home):
    file = home / "workers" / "one"
    one = begin("--name", "one")
    wait_for(file.exists, "one did not begin")
    one.send_signal(signal.SIGSTOP)
    with store.begin() as session:
        session.execute(text("DELETE FROM procrastinate.procrastinate_workers"))
        job_id = jobs.ask(session, JobKind.AUDIT, {}, district_code="530102").id
    one.send_signal(signal.SIGCONT)  # the job waits already, before any sign of life

    def ended():
        with store.begin() as session:
            return JobState(jobs.find(session, job_id).state).ended

    wait_for(ended, "nobody did the job", seconds=60)
    assert one.poll() is None


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x", "a" * 65])
@pytest.mark.parametrize("words", [("--check",), ()])
def test_a_workers_name_is_no_way_out_of_its_folder(
    environment, home, monkeypatch, capsys, name, words
):
    for setting, value in environment.items():
        monkeypatch.setenv(setting, value)
    monkeypatch.setattr(sys, "argv", ["wangge", "worker", *words, "--name", name])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as left:
        main()
    signal.signal(signal.SIGTERM, before)
    assert left.value.code == 1
    assert "--name" in capsys.readouterr().err
    assert not (home / "x").exists()


@pytest.mark.slow
def test_an_attached_worker_that_is_told_to_stop_ends_in_order(environment):
    with subprocess.Popen(
        [*COMMAND, "worker", "--attached"], env=environment, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as worker:  # fmt: skip
        assert b"worker_started" in worker.stderr.readline()
        worker.terminate()
        assert b"Fatal" not in worker.stderr.read()
        assert worker.wait(timeout=60) != -signal.SIGABRT


def test_a_worker_that_is_told_to_stop_before_it_works_ends_in_order(environment, store):
    """An exception amid the opening of the queue may leave its connections waiting for ever."""
    with store.begin() as session:
        session.execute(text("LOCK TABLE procrastinate.procrastinate_jobs"))
        with subprocess.Popen(
            [*COMMAND, "worker"], env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as worker:  # fmt: skip
            until_blocked(session, lambda: worker.poll() is not None, seconds=120)
            worker.terminate()
            time.sleep(0.5)
            session.rollback()
            try:
                assert worker.wait(timeout=30) == 0
            finally:
                worker.kill()
    with store.begin() as session:
        entered = text("SELECT count(*) FROM procrastinate.procrastinate_workers")
        assert session.scalar(entered) == 0


def test_an_attached_worker_works_until_its_input_closes(environment):
    with subprocess.Popen(
        [*COMMAND, "worker", "--attached"], env=environment, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as worker:  # fmt: skip
        assert b"worker_started" in worker.stderr.readline()
        time.sleep(1)
        assert worker.poll() is None
        worker.stdin.close()
        assert worker.wait(timeout=60) in {0, 128 + signal.SIGTERM, -signal.SIGTERM}
