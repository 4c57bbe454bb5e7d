"""A store started on demand ends with its last user; one that is kept does not."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import psycopg2
import pytest

from gis.db.cluster.lease import keep, lease, stop
from gis.db.cluster.urls import libpq_url
from gis.errors import StoreUnavailable
from gis.settings import Settings

HOLD = """
import sys, time
from pathlib import Path
from gis.db.cluster.lease import lease
from gis.settings import Settings
with lease(Settings(_env_file=None, home=Path(sys.argv[1]))):
    print("in", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(private):
    return Settings(_env_file=None, home=private.home)


def state(private):
    return private.status().state


def answers(urls):
    with psycopg2.connect(libpq_url(urls.app)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


@pytest.fixture
def other_user(private):
    """Another process that works in the store until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(private.home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "in\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_only_user_starts_and_stops_the_store(private, settings):
    assert state(private) == "stopped"
    with lease(settings) as urls:
        assert answers(urls)
    assert state(private) == "stopped"


def test_an_error_stops_it_as_well(private, settings):
    with pytest.raises(ZeroDivisionError), lease(settings):
        1 / 0  # noqa: B018
    assert state(private) == "stopped"


def test_of_two_users_the_last_stops_it(private, settings):
    with ExitStack() as first:
        urls = first.enter_context(lease(settings))
        with ExitStack() as second:
            second.enter_context(lease(settings))
            first.close()
            assert answers(urls)
        assert state(private) == "stopped"


def test_what_is_kept_goes_on_until_it_is_stopped(private, settings):
    urls = keep(settings)
    with lease(settings):
        pass
    assert answers(urls)
    stop(settings)
    assert state(private) == "stopped"
    with lease(settings):
        pass
    assert state(private) == "stopped"


def test_a_store_in_use_can_be_kept(private, settings):
    with lease(settings):
        keep(settings)
    assert state(private) == "running"
    stop(settings)


def test_a_killed_user_leaves_a_store_that_the_next_one_uses_and_stops(
    private, settings, other_user
):
    other_user.send_signal(signal.SIGKILL)
    other_user.wait()
    assert state(private) == "running"
    with lease(settings) as urls:
        assert answers(urls)
    assert state(private) == "stopped"


def test_another_process_keeps_it_running(private, settings, other_user):
    with lease(settings):
        pass
    assert state(private) == "running"


def test_users_that_come_and_go_together_leave_nothing_behind(private, settings):
    """Eight at once, again and again: each finds a store that answers, nobody leaves it running."""
    failures = []

    def use(number):
        try:
            for turn in range(3):
                time.sleep(0.01 * ((number * 7 + turn * 3) % 5))
                with lease(settings) as urls:
                    assert answers(urls)
        except BaseException as error:
            failures.append(error)

    users = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert not failures
    assert state(private) == "stopped"


def test_a_server_of_ones_own_is_neither_started_nor_stopped(store, home):
    settings = Settings(_env_file=None, home=home, database_url=store.urls.app)
    with lease(settings) as urls:
        assert answers(urls)
    assert answers(store.urls)
    assert os.listdir(home) == []


@pytest.mark.parametrize("use", [keep, lambda settings: lease(settings).__enter__()])
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/none"])
def test_a_home_that_cannot_be_is_one_clear_error_and_leaves_nothing(home, place, use):
    (home / "file").write_text("kept")
    with pytest.raises(StoreUnavailable, match="换一个可写的文件夹 / WANGGE_HOME="):
        use(Settings(_env_file=None, home=home / place))
    assert (home / "file").read_text() == "kept"


def test_a_server_that_does_not_answer_is_one_clear_error(home):
    settings = Settings(
        _env_file=None, home=home, database_url=f"postgresql://wangge_app@/wangge?host={home}"
    )
    with (
        pytest.raises(StoreUnavailable, match="WANGGE_DATABASE_URL cannot be used"),
        lease(settings),
    ):
        pass
