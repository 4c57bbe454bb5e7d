"""The city the benches work on: generated once, imported once through the command, then kept."""

import json
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from measure import run_command
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api import analyses
from api.analyses import Asked
from api.house import House, transaction
from data.demo.build import DemoFiles, generate
from data.demo.sizes import Size
from gis.db.cluster import Cluster
from gis.db.cluster.urls import libpq_url
from gis.facts import service as facts
from gis.runs.model import Analysis
from gis.runs.store import latest_run
from gis.settings import Settings
from gis.timeline import service as timeline

SEED = 1


@dataclass(frozen=True)
class City:
    """A store that runs, and what it cost to fill it: one entry per file."""

    house: House
    engine: Engine
    postmaster: int
    environment: dict[str, str]
    folder: Path
    imports: list[dict[str, Any]]

    @property
    def admin(self) -> str:
        """URL of the superuser for the bare driver: row rights bind everybody else."""
        return libpq_url(Cluster(self.house.settings.home).url("postgres"))

    def versions(self) -> dict[str, str]:
        """Of the server, as it names itself."""
        with psycopg2.connect(self.admin) as admin, admin.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), postgis_lib_version()")
            postgresql, postgis = cursor.fetchone()
        return {"postgresql": postgresql.split()[0], "postgis": postgis}

    @contextmanager
    def runs_forgotten(self) -> Iterator[None]:
        """What commands store in the block is deleted afterwards, view fields with it: the next
        run is a first one. The ids are used again.
        """
        with psycopg2.connect(self.admin) as admin, admin.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM wangge.runs")
            newest = cursor.fetchone()[0]
        try:
            yield
        finally:
            with psycopg2.connect(self.admin) as admin, admin.cursor() as cursor:
                cursor.execute("DELETE FROM wangge.runs WHERE id > %s", [newest])
                cursor.execute("TRUNCATE wangge.view_fields")
                cursor.execute("SELECT setval('wangge.runs_id_seq', %s)", [newest])


class Undone(Exception):
    """Raised at the end of a block whose changes are not to stay."""


@contextmanager
def undone(city: City) -> Iterator[Session]:
    """A session whose transaction is rolled back by raising `Undone`; the store stays as it was."""
    try:
        with transaction(city.engine) as session:
            yield session
    except Undone:
        return


@contextmanager
def opened(cache: Path, size: Size) -> Iterator[City]:
    """The store of ``size`` in ``cache``, filled first where it is missing; stopped afterwards."""
    folder = (cache / size).absolute()
    files = _files(folder / "files", size)
    settings = Settings(
        _env_file=None, home=folder / "home", database_url=None, district_file=files.district_file
    )
    os.environ.pop("WANGGE_DATABASE_URL", None)
    environment = {
        "WANGGE_HOME": str(settings.home),
        "WANGGE_DISTRICT_FILE": str(files.district_file),
    }
    house = House(settings)
    with house.store() as engine:
        postmaster = _postmaster(Cluster(settings.home))
        imports = _filled(engine, house, files, environment, postmaster)
        yield City(house, engine, postmaster, environment, folder, imports)


def _files(folder: Path, size: Size) -> DemoFiles:
    """The generated files; kept ones are not drawn again."""
    kept = folder.with_name("files.pickle")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(generate(folder, size=size, seed=SEED)))
    found = pickle.loads(kept.read_bytes())
    assert isinstance(found, DemoFiles)
    return found


def _postmaster(cluster: Cluster) -> int:
    """Process id of the server's first process."""
    lock = cluster.status().data_directory / "postmaster.pid"
    return int(lock.read_text(encoding="utf-8").split("\n", 1)[0])


def _filled(
    engine: Engine, house: House, files: DemoFiles, environment: dict[str, str], postmaster: int
) -> list[dict[str, Any]]:
    """Import what is not in yet, each file by a command of its own; the costs are kept."""
    kept = house.settings.home / "bench-imports.json"
    done = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else []
    if not done:
        with transaction(engine) as session:
            facts.claim_demo(session, house.district, f"bench, seed {SEED}", files=[])
            facts.claim(session, house.district)
    for one in files.files[len(done) :]:
        frame = ["--frame", one.frame] if one.frame else []
        arguments = ["import", one.kind.value, str(one.path), *frame, "--json"]
        cost = run_command(arguments, environment=environment, postmaster=postmaster)
        report = json.loads(cost.pop("output"))
        done.append({"kind": one.kind.value, "file": one.path.name, "report": report, **cost})
        kept.write_text(json.dumps(done, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _rate_before(engine, house)
    return done


def _rate_before(engine: Engine, house: House) -> None:
    """Rate the quarter before, so that colours have a past and the reference is frozen."""
    with transaction(engine) as session:
        if latest_run(session, Analysis.RATING) is None:
            before = timeline.default_period(session, house.district).previous()
            analyses.run(session, house, Analysis.RATING, Asked(before, before.last_day))
