"""The life of a private cluster: made, started, stopped, killed, started twice, interrupted."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from gis.db.cluster import Cluster
from gis.db.cluster.layout import Layout
from gis.errors import StoreUnavailable

UP = "import sys; from pathlib import Path; from gis.db.cluster import Cluster"
UP += "; print(Cluster(Path(sys.argv[1])).up().app)"


def run(url, statement):
    """Run one statement and commit; its first value, if it has one."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None


def keep_a_row(urls):
    run(urls.owner, "CREATE TABLE wangge.kept AS SELECT 42 AS answer")
    run(urls.owner, "GRANT SELECT ON wangge.kept TO wangge_app")


def kept_row(urls):
    return run(urls.app, "SELECT answer FROM wangge.kept")


def postmaster(cluster):
    lock = cluster.status().data_directory / "postmaster.pid"
    return int(lock.read_text().split()[0])


def test_from_nothing_to_postgis(home):
    cluster = Cluster(home / "new")
    assert cluster.status().state == "absent"
    urls = cluster.up()
    assert run(urls.app, "SELECT current_user") == "wangge_app"
    assert run(urls.owner, "SELECT current_user") == "wangge_owner"
    assert run(urls.app, "SELECT ST_AsText(ST_Point(102.7, 25.04))") == "POINT(102.7 25.04)"
    cluster.remove()


def test_status_is_the_same_twice_and_says_what_there_is(private):
    private.up()
    running = private.status()
    assert running == private.status()
    assert running.state == "running"
    assert running.postgresql >= 13
    private.down()
    assert private.status().state == "stopped"
    private.down()


def test_what_is_stored_survives_stop_and_start(private):
    urls = private.up()
    keep_a_row(urls)
    assert private.up() == urls
    private.down()
    assert private.up() == urls
    assert kept_row(urls) == 42


def test_nobody_gets_in_without_a_password(private):
    urls = private.up()
    password = urls.app.split(":")[2].split("@")[0]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(urls.app.replace("+psycopg2", "").replace(password, "guess"))
    assert run(private.url("postgres"), "SHOW listen_addresses") == ""
    secrets = private.home / "passwords.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert password in secrets.read_text()
    assert password not in repr(urls)
    socket_dir = Path(make_url(urls.app).query["host"])
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    assert run(
        private.url("postgres"),
        "SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules",
    )


def test_survives_kill_9(private):
    urls = private.up()
    keep_a_row(urls)
    os.kill(postmaster(private), signal.SIGKILL)
    urls = private.up()
    assert kept_row(urls) == 42


def test_survives_kill_9_while_a_session_works_on(private):
    """Without its postmaster a busy session runs on, and no new server may start beside it."""
    urls = private.up()
    keep_a_row(urls)
    connection = psycopg2.connect(urls.app.replace("+psycopg2", ""))

    def work():
        with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN LOOP END LOOP; END $$")

    busy = threading.Thread(target=work, daemon=True)
    busy.start()
    time.sleep(0.3)
    os.kill(postmaster(private), signal.SIGKILL)
    urls = private.up()
    busy.join(timeout=10)
    assert not busy.is_alive()
    assert kept_row(urls) == 42
    connection.close()


def test_a_crashed_session_is_waited_for(private):
    """One killed session restarts all of them; `up` answers when the store answers again."""
    urls = private.up()
    victim = psycopg2.connect(urls.app.replace("+psycopg2", ""))
    os.kill(victim.info.backend_pid, signal.SIGKILL)
    urls = private.up()
    victim.close()
    assert run(urls.app, "SELECT 1") == 1


@pytest.mark.parametrize("others", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_starts_at_once_share_one_server(home, others):
    commands = [sys.executable, "-c", UP, str(home)]
    running = [subprocess.Popen(commands, stdout=subprocess.PIPE, text=True) for _ in range(others)]
    said = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0] * others
    (url,) = said
    assert run(url, "SELECT current_user") == "wangge_app"


def test_a_start_that_takes_too_long_is_reported_to_the_others(home):
    with (
        Layout(home).locked(patience_s=1),
        pytest.raises(StoreUnavailable, match="another process"),
        Layout(home).locked(patience_s=0.1),
    ):
        pass


@pytest.mark.parametrize("left_behind", ["nobody", "a stranger", "another store", "rubbish", ""])
def test_survives_a_stale_lock(private, cluster, left_behind):
    """After a power cut the number in the lock files may belong to anybody."""
    keep_a_row(private.up())
    locks = (private.home / "pg" / "postmaster.pid", private.home / "run" / ".s.PGSQL.5432.lock")
    content = locks[0].read_text()
    private.down()
    pid = {
        "nobody": "4194303",
        "a stranger": str(os.getpid()),
        "another store": str(postmaster(cluster)),
    }.get(left_behind, left_behind)
    for lock in locks:
        lock.write_text("\n".join([pid, *content.splitlines()[1:]]) if pid.isdigit() else pid)
    assert private.status().state == "stopped"
    private.down()
    assert kept_row(private.up()) == 42
    assert cluster.status().state == "running"


def test_an_interrupted_birth_is_begun_anew(home):
    """What an interrupted first start leaves: half a data directory, or half a database."""
    (home / "pg.init").mkdir()
    (home / "pg.init" / "PG_VERSION").write_text("15\n")
    cluster = Cluster(home)
    cluster.up()
    assert not (home / "pg.init").exists()
    admin = psycopg2.connect(cluster.url("postgres", "postgres").replace("+psycopg2", ""))
    admin.autocommit = True
    admin.cursor().execute("ALTER DATABASE wangge RENAME TO wangge_unfinished")
    admin.close()
    cluster.down()
    assert run(cluster.up().app, "SELECT count(*) FROM pg_extension") == 3


def test_own_settings_win(private):
    with (private.status().data_directory / "postgresql.conf").open("a") as file:
        file.write("work_mem = '7MB'\n")
    urls = private.up()
    assert run(urls.app, "SHOW work_mem") == "7MB"
    assert run(urls.app, "SHOW jit") == "off"


def test_a_start_that_fails_says_what_the_server_said(private):
    settings = private.status().data_directory / "postgresql.conf"
    good = settings.read_text()
    settings.write_text(good + "work_mem = 'much'\n")
    with pytest.raises(StoreUnavailable, match=r"configuration file .* contains errors") as error:
        private.up()
    assert str(private.log) in str(error.value)
    settings.write_text(good)
    private.up()


def test_a_store_of_another_version_is_not_touched(private):
    version = private.status().data_directory / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(StoreUnavailable, match="apt-get install postgresql-9 "):
        private.up()


def test_lost_passwords_are_a_clear_error(private):
    private.up()
    (private.home / "passwords.json").rename(private.home / "elsewhere")
    with pytest.raises(StoreUnavailable, match=r"passwords\.json"):
        private.up()
    (private.home / "elsewhere").rename(private.home / "passwords.json")
    private.up()
