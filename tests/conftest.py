"""One private PostGIS for the whole run, shared by all workers; each test has its place in it.

``db`` is a session that is rolled back, ``store`` a database of the test's own, ``home`` an empty
``WANGGE_HOME``. Nothing here is faked, and a machine without PostGIS fails.
"""

import fcntl
import gc
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import psycopg2
import pytest
from psycopg2 import sql
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine

from api import analyses
from api.house import House
from data.demo.build import DemoFiles, generate
from data.ingest.service import import_file
from data.ingest.types import Options
from gis.access import passwords
from gis.db import migrate
from gis.db.cluster import Cluster, Urls
from gis.db.cluster.urls import libpq_url
from gis.db.engine import make_engine
from gis.db.session import User, WanggeSession, sessions
from gis.errors import StoreUnavailable
from gis.facts import service as facts
from gis.settings import Settings

hypothesis.settings.register_profile("any machine", deadline=None)  # a busy one is no error
hypothesis.settings.load_profile("any machine")

_PREFIX = "wangge-test-"
_MEMORY = Path("/dev/shm")  # a file system in memory, where Linux has one
_RUN_BYTES, _MACHINE_BYTES = 4 << 30, 12 << 30  # a run takes some 500 MiB
_FAST = {  # a test store need not survive a power cut
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
}
_REAL_PASSWORDS = {name: getattr(passwords, name) for name in ("_HASHER", "_NOBODY")}
_RUN = pytest.StashKey[Path]()
_NUMBER = count()


@dataclass(frozen=True)
class Store:
    """A migrated, empty database that lives as long as the test."""

    urls: Urls
    engine: Engine

    def begin(self, user: User | None = None) -> AbstractContextManager[WanggeSession]:
        """A session that commits at the end of its block."""
        return sessions(self.engine).begin(info={"user": user or User.command()})


# -- the run: the process that started pytest makes its directory and clears it away ------------


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        run = Path(config.workerinput["wangge_run"])
    else:
        _sweep()
        run = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_grounds()[0]))
        run.chmod(0o755)  # root's server runs as postgres and must get in
    config.stash[_RUN] = run
    _own_settings_only(run)


def _own_settings_only(run: Path) -> None:
    """No test sees the developer's own settings, or what lies in the checkout's own home."""
    for name in list(os.environ):
        if name.startswith("WANGGE_"):
            del os.environ[name]
    os.environ["WANGGE_HOME"] = str(run / "nobodys-home")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["wangge_run"] = str(node.config.stash[_RUN])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long modules first and those of `unit` last, so that no worker waits long for another.

    One has work without the demo that all share while another makes it, and compiles for the
    command's own what that finds in the cache. It is the order of the folders otherwise: xdist
    would begin with the modules of most tests.
    """
    first = ("test_cluster_places.py", "test_cells.py", "test_command.py")
    ranks = {name: rank for rank, name in enumerate(first)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(first)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk it again and again."""
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and _RUN in config.stash:
        _clear(config.stash[_RUN])


def _grounds() -> list[Path]:
    """Where runs may live, the best first: in memory, unless ``TMPDIR`` says where or it is small.

    A run makes and drops some hundred databases of 800 files each.
    """
    temporary = Path(tempfile.gettempdir())
    machine_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if "TMPDIR" in os.environ or machine_bytes < _MACHINE_BYTES or not _MEMORY.is_dir():
        return [temporary]
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _RUN_BYTES
    return [_MEMORY, temporary] if roomy else [temporary]


def _sweep() -> None:
    """Clear up after runs that were killed; one sweeps at a time."""
    lock = Path(tempfile.gettempdir()) / f"wangge-sweep-{os.geteuid()}.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for run in [run for ground in _grounds() for run in ground.glob(f"{_PREFIX}*")]:
            starter = int(run.name.removeprefix(_PREFIX).split("-")[0])
            with suppress(FileNotFoundError):  # a run that ends clears itself away meanwhile
                if run.stat().st_uid == os.geteuid() and not _is_process(starter):
                    _clear(run)


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clear(run: Path) -> None:
    for home in run.iterdir():
        if home.is_dir():
            with suppress(
                StoreUnavailable, OSError
            ):  # half cleared away by a process that was killed
                Cluster(home).remove()
    shutil.rmtree(run, ignore_errors=True)


@contextmanager
def _alone(run: Path, what: str) -> Iterator[None]:
    """One worker at a time makes ``what`` all of them use."""
    with (run / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# -- the server and its template database --------------------


@pytest.fixture(scope="session")
def run_directory(pytestconfig: pytest.Config) -> Path:
    """The run's own short directory below the temporary one; everybody may enter it."""
    return pytestconfig.stash[_RUN]


@pytest.fixture(scope="session")
def cluster(run_directory: Path) -> Cluster:
    """The run's server; its database ``wangge`` is migrated and serves as template alone."""
    cluster = Cluster(run_directory / "shared", _FAST)
    with _alone(run_directory, "server"):
        urls = cluster.up()
        migrated = run_directory / "migrated"
        if not migrated.exists():
            migrate.upgrade(urls.owner)
            migrated.touch()
    return cluster


@contextmanager
def _database(cluster: Cluster, name: str, template: str = "wangge") -> Iterator[Store]:
    """A clone of the template with the rights of a real store, dropped afterwards."""
    _clone(cluster, name, template)
    with _opened(cluster, name) as store:
        try:
            yield store
        finally:
            store.engine.dispose()
            _as_superuser(cluster, "DROP DATABASE {} WITH (FORCE)", name)


def _clone(cluster: Cluster, name: str, template: str) -> None:
    # Copying its files takes a fifth of the time that PostgreSQL 15 takes to log its pages.
    copied = " STRATEGY FILE_COPY" if cluster.status().postgresql >= 15 else ""
    for statement in (
        "CREATE DATABASE {} TEMPLATE {template} OWNER wangge_owner" + copied,
        "REVOKE ALL ON DATABASE {} FROM PUBLIC",
        "GRANT CONNECT, TEMPORARY ON DATABASE {} TO wangge_app",
    ):
        _as_superuser(cluster, statement, name, template=template)


@contextmanager
def _opened(cluster: Cluster, name: str) -> Iterator[Store]:
    urls = Urls(app=cluster.url("wangge_app", name), owner=cluster.url("wangge_owner", name))
    engine = make_engine(urls.app, Settings(_env_file=None))
    try:
        yield Store(urls, engine)
    finally:
        engine.dispose()


def _as_superuser(cluster: Cluster, statement: str, *names: str, **named: str) -> None:
    words = [sql.Identifier(name) for name in names]
    more = {key: sql.Identifier(name) for key, name in named.items()}
    with _superuser(cluster).cursor() as server:
        server.execute(sql.SQL(statement).format(*words, **more))


@cache
def _superuser(cluster: Cluster) -> psycopg2.extensions.connection:
    """One connection for the whole run: proving a password takes as long as cloning a store."""
    server = psycopg2.connect(libpq_url(cluster.url("postgres", "postgres")))
    server.autocommit = True
    return server


@pytest.fixture(scope="session")
def _worker_store(cluster: Cluster) -> Iterator[Store]:
    with _database(cluster, f"worker_{os.getpid()}") as store:
        yield store


@dataclass(frozen=True)
class DemoStore(Store):
    """The small demo district, imported and analysed; read only, all tests share it.

    ``truth`` is what was planted, ``runs`` the run ids that ``wangge run all`` stored, ``files``
    the folder of the generated files.
    """

    house: House
    truth: dict[str, Any]
    runs: dict[str, int]
    files: Path


@pytest.fixture(scope="session")
def demo_store(cluster: Cluster, run_directory: Path) -> Iterator[DemoStore]:
    """The demo of size small, seed 1; the first worker makes it, the others find it."""
    files = run_directory / "demo-files"
    house = House(Settings(_env_file=None, home=run_directory / "demo-home"))
    stored = run_directory / "demo-runs.json"
    with _alone(run_directory, "demo"):
        if not stored.exists():
            made = generate(files, size="small", seed=1)
            _clone(cluster, "demo", "wangge")
            with _opened(cluster, "demo") as store:
                runs = _filled(store, house, made)
            _clone(cluster, "demo_kept", "demo")  # nobody connects to it, so that it can be cloned
            stored.write_text(json.dumps(runs))
    with _opened(cluster, "demo") as store:
        truth = json.loads((files / "truth.json").read_text("utf-8"))
        yield DemoStore(
            store.urls, store.engine, house, truth, json.loads(stored.read_text()), files
        )


@pytest.fixture(scope="session")
def demo_copy(
    demo_store: DemoStore, cluster: Cluster
) -> Callable[[], AbstractContextManager[Store]]:
    """``with demo_copy() as store:`` the small demo once more, to be written into."""
    return lambda: _database(cluster, f"demo_{os.getpid()}_{next(_NUMBER)}", "demo_kept")


@pytest.fixture(scope="module")
def own_demo(demo_copy: Callable[[], AbstractContextManager[Store]]) -> Iterator[Store]:
    """The same for a module that writes into it."""
    with demo_copy() as store:
        yield store


def _filled(store: Store, house: House, made: DemoFiles) -> dict[str, int]:
    """Import every file and run every analysis; run ids by analysis."""
    with store.begin() as session:
        facts.claim_demo(session, house.district, "small, seed 1", files=[])
        facts.claim(session, house.district)
    for one in made.files:
        with store.begin() as session:
            import_file(session, one.path, one.kind, Options(frame=one.frame), house.district)
    with store.begin() as session:
        when = analyses.asked(session, house, period=None, as_of=None)
        found = [analyses.run(session, house, one, when) for one in analyses.chosen("all")]
    return {one.analysis.value: one.run_id for one in found}


# -- what tests ask for --------------------


@pytest.fixture(autouse=True, scope="session")
def _light_passwords() -> Iterator[None]:
    """Hashing one takes no fifth of a second; `real_passwords` is for tests of just that."""
    light = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", light)
        patch.setattr(passwords, "_NOBODY", light.hash("nobody"))
        yield


@pytest.fixture
def real_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost the work that they cost in use."""
    for name, value in _REAL_PASSWORDS.items():
        monkeypatch.setattr(passwords, name, value)


@pytest.fixture
def db(_worker_store: Store) -> Iterator[WanggeSession]:
    """A session of ``wangge_app`` on an empty, migrated store; rolled back after the test."""
    with sessions(_worker_store.engine)(info={"user": User.command()}) as session:
        yield session
        session.rollback()


@pytest.fixture(scope="session")
def own_store(cluster: Cluster) -> Callable[[], AbstractContextManager[Store]]:
    """``with own_store() as store:`` for fixtures that tests of a module share."""
    return lambda: _database(cluster, f"test_{os.getpid()}_{next(_NUMBER)}")


@pytest.fixture(scope="session")
def own_office(cluster: Cluster) -> Callable[[], AbstractContextManager[str]]:
    """``with own_office() as url:`` a new database with PostGIS and nothing of wangge."""
    return lambda: _office(cluster, f"office_{os.getpid()}_{next(_NUMBER)}")


@contextmanager
def _office(cluster: Cluster, name: str) -> Iterator[str]:
    """The address for its owner, who is no superuser."""
    _as_superuser(cluster, "CREATE DATABASE {} TEMPLATE template0 OWNER wangge_owner", name)
    try:
        with closing(psycopg2.connect(libpq_url(cluster.url("postgres", name)))) as server, server:
            server.cursor().execute("CREATE EXTENSION postgis")
        yield libpq_url(cluster.url("wangge_owner", name))
    finally:
        _as_superuser(cluster, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def store(own_store: Callable[[], AbstractContextManager[Store]]) -> Iterator[Store]:
    """A store of the test's own, for code that commits; dropped after the test."""
    with own_store() as store:
        yield store


@pytest.fixture
def home(run_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty ``WANGGE_HOME``; a private cluster that the test starts there ends with it."""
    path = run_directory / f"home-{os.getpid()}-{next(_NUMBER)}"
    path.mkdir()
    monkeypatch.setenv("WANGGE_HOME", str(path))
    yield path
    Cluster(path).remove()
    shutil.rmtree(path)
