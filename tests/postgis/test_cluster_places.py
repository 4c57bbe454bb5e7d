"""Where a private cluster can live, and as whom: any path, root's closed folder, ordinary users."""

import os
import pickle
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from gis.db.cluster import Cluster, binaries
from gis.db.cluster.layout import ELSEWHERE
from gis.errors import StoreUnavailable

FAST = {"fsync": "off"}
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts and mount")


def run(url, statement):
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return connection.scalar(text(statement))


def as_account(name, act):
    """What ``act`` returns or raises when the account ``name`` does it."""
    entry = pwd.getpwnam(name)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        try:
            result = act()
        except BaseException as error:
            result = error
        with open(write, "wb") as file:
            pickle.dump(result, file)
        os._exit(0)
    os.close(write)
    with open(read, "rb") as file:
        result = pickle.load(file)
    os.waitpid(child, 0)
    if isinstance(result, BaseException):
        raise result
    return result


def server_account(cluster):
    lock = cluster.status().data_directory / "postmaster.pid"
    process = Path("/proc", lock.read_text().split()[0])
    return pwd.getpwuid(process.stat().st_uid).pw_name


@pytest.mark.parametrize(
    "name",
    [
        "网格管理  五华区",
        'it\'s $HOME `id` "100%" a,b;c\\d & @x',
        "/".join(["a-rather-deep-path-to-the-home"] * 6),
    ],
)
def test_any_home_path_will_do(home, name):
    cluster = Cluster(home / name, FAST)
    urls = cluster.up()
    assert run(urls.app, "SELECT current_user") == "wangge_app"
    socket_dir = Path(make_url(urls.app).query["host"])
    assert len(os.fsencode(socket_dir / ".s.PGSQL.5432")) < 100
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    cluster.down()
    assert run(cluster.up().app, "SELECT 1") == 1
    cluster.remove()
    assert not any(path.name.startswith("pg") for path in (home / name).iterdir())
    assert home in socket_dir.parents or not socket_dir.exists()


def test_a_relative_home_is_the_same_store_from_everywhere(home, monkeypatch):
    monkeypatch.chdir(home)
    urls = Cluster(Path("store")).up()
    monkeypatch.chdir("/")
    assert Cluster(home / "store").up() == urls
    Cluster(home / "store").remove()


def test_a_moved_home_starts_again(private, home):
    """`private` is itself a copy; its passwords and data belong together wherever they lie."""
    moved = home / "moved"
    moved.mkdir()
    for path in (private.home / "pg", private.home / "passwords.json"):
        path.rename(moved / path.name)
    cluster = Cluster(moved)
    assert run(cluster.up().app, "SELECT 1") == 1
    cluster.remove()


def test_a_place_taken_by_somebody_else_is_refused(home):
    (home / "run").write_text("not a directory")
    with pytest.raises(StoreUnavailable, match="remove what is in its place"):
        Cluster(home).up()


def test_a_home_that_is_a_file_is_refused(home):
    (home / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be kept in"):
        Cluster(home / "file").up()


@root
def test_root_steps_down_to_postgres(private):
    private.up()
    assert server_account(private) == "postgres"
    assert private.status().data_directory == private.home / "pg"


@root
def test_a_home_closed_to_postgres_keeps_its_data_elsewhere(home):
    """Root's own folder is closed: everything but the data stays in the home, the data go out."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / "home", FAST)
    urls = cluster.up()
    data = cluster.status().data_directory
    assert data.is_relative_to(ELSEWHERE)
    assert (data.parent / "home").read_text() == f"{closed}/home\n"
    assert (closed / "home" / "pg.location").read_text() == f"{data}\n"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert run(urls.app, "SELECT 1") == 1
    cluster.down()
    assert Cluster(closed / "home").up() == urls
    cluster.remove()
    assert not data.parent.exists()
    assert cluster.status().state == "absent"


@root
def test_a_strict_umask_does_not_matter(home):
    before = os.umask(0o077)
    try:
        cluster = Cluster(home / "strict", FAST)
        assert run(cluster.up().app, "SELECT 1") == 1
        cluster.remove()
    finally:
        os.umask(before)


@root
def test_an_ordinary_user_runs_the_store_as_themselves(home):
    """And `sudo wangge up` in their home neither fails nor locks them out."""
    shutil.chown(home, "nobody")
    cluster = Cluster(home, FAST)
    urls = as_account("nobody", cluster.up)
    assert server_account(cluster) == "nobody"
    assert as_account("nobody", lambda: run(urls.app, "SELECT current_user")) == "wangge_app"
    as_account("nobody", cluster.down)
    assert cluster.status().state == "stopped"

    cluster.log.unlink()
    assert cluster.up() == urls
    assert server_account(cluster) == "nobody"
    cluster.down()
    assert as_account("nobody", cluster.up) == urls


@root
@pytest.mark.parametrize("act", [Cluster.up, Cluster.down, Cluster.status])
def test_somebody_elses_store_is_refused(private, act):
    with pytest.raises(StoreUnavailable, match="belongs to the account postgres"):
        as_account("nobody", lambda: act(private))


@root
def test_somebody_elses_closed_home_is_refused(home):
    home.chmod(0o700)
    for act in (Cluster.up, Cluster.down, Cluster.status):
        with pytest.raises(StoreUnavailable, match="Permission denied"):
            as_account("nobody", lambda act=act: act(Cluster(home)))


@root
def test_somebody_elses_socket_directory_is_refused(home):
    """Among the temporary files anybody can make a directory before we do."""
    cluster = Cluster(home / ("d" * 90), FAST)
    socket_dir = Path(make_url(cluster.up().app).query["host"])
    assert socket_dir.parent == Path(tempfile.gettempdir())
    cluster.down()
    shutil.chown(socket_dir, "nobody")
    with pytest.raises(StoreUnavailable, match="not a directory of the account postgres"):
        cluster.up()
    shutil.chown(socket_dir, "postgres")
    cluster.remove()
    assert not socket_dir.exists()


def test_postgresql_without_postgis_is_refused_with_the_remedy(home):
    """A real PostgreSQL, moved: it looks for its extensions beside itself and finds none."""
    real = binaries.find()
    bare = home / "usr" / "lib" / "postgresql" / str(real.major) / "bin"
    bare.mkdir(parents=True)
    for name in ("initdb", "pg_config", "pg_ctl", "postgres"):
        shutil.copy2(real.program(name), bare)
    remedy = f"apt-get install postgresql-{real.major} postgresql-{real.major}-postgis-3"
    with pytest.raises(StoreUnavailable, match=remedy):
        binaries.find(directories=[bare])
    assert binaries.find(directories=[bare, real.directory]) == real


def test_no_postgresql_at_all_is_refused_with_the_remedy(home):
    with pytest.raises(StoreUnavailable, match="apt-get install postgresql postgresql-postgis"):
        binaries.find(directories=[home])


@pytest.fixture
def small_disk(home):
    """A disk of its own; mounts what size it is told."""
    disk = home / "disk"
    disk.mkdir()

    def mount(size):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", str(disk)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        return disk

    yield mount
    Cluster(disk / "home").remove()
    subprocess.run(["umount", str(disk)], check=False, capture_output=True)


@root
def test_a_disk_too_small_for_a_store_is_refused_before_anything_is_made(small_disk):
    disk = small_disk("100m")
    with pytest.raises(StoreUnavailable, match=r"105 MB are free, a new store needs 256 MB") as e:
        Cluster(disk / "home").up()
    assert f"the disk mounted at {disk} is full" in str(e.value)
    assert Cluster(disk / "home").status().state == "absent"
    assert not list(disk.rglob("pg*"))


@root
def test_a_disk_that_fills_up_breaks_nothing(small_disk):
    from gis.db.engine import make_engine
    from gis.settings import Settings

    disk = small_disk("300m")
    cluster = Cluster(disk / "home", {"max_wal_size": "64MB"})
    urls = cluster.up()
    owner = make_engine(urls.owner, Settings(_env_file=None))
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE wangge.kept AS SELECT 42 AS answer"))
        connection.execute(text("GRANT SELECT ON wangge.kept TO wangge_app"))
    filler = disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes(shutil.disk_usage(disk).free - 3_000_000))
    grow = text("INSERT INTO wangge.kept SELECT generate_series(1, 2000000)")
    with pytest.raises(StoreUnavailable), owner.begin() as connection:
        connection.execute(grow)
    owner.dispose()
    filler.unlink()
    urls = cluster.up()
    assert run(urls.app, "SELECT sum(answer) FROM wangge.kept") == 42
    cluster.down()

    with filler.open("wb") as file:
        file.write(bytes(shutil.disk_usage(disk).free))
    with pytest.raises(StoreUnavailable, match=f"the disk mounted at {disk} is full: 0 MB"):
        cluster.up()
    filler.unlink()
    assert run(cluster.up().app, "SELECT sum(answer) FROM wangge.kept") == 42
