"""What tests of the store share: the rules, the district, rows to add, a cluster of one's own."""

import os
import subprocess
from importlib.resources import files
from itertools import count
from pathlib import Path

import pytest

from gis import district as districts
from gis import policy as policies
from gis.db.cluster import Cluster
from gis.runs.model import Import

COMMUNITY = "530102001001"


@pytest.fixture(scope="session")
def policy():
    """The built-in rules."""
    return policies.load(files("data.reference") / "policy.toml")


@pytest.fixture(scope="session")
def wuhua():
    """The built-in district."""
    return districts.load(files("data.reference") / "wuhua.toml")


@pytest.fixture
def add(db):
    """``add(Model, name=...)`` writes a row of one import in the community ``COMMUNITY``."""
    record = Import(
        area_code="530102", kind="x", file_name="x", file_sha256="0", read=0, kept=0, repaired=0,
        flagged=0, refused=0, summary={},
    )  # fmt: skip
    db.add(record)
    db.flush()
    number = count()

    def one(model, **values):
        plain = {"area_code": COMMUNITY, "source_key": f"k{next(number)}", "import_id": record.id}
        db.add(model(**(plain | values)))
        db.flush()

    return one


@pytest.fixture(scope="session")
def _ready_made(run_directory: Path) -> Path:
    """Copied instead of made: making one takes over a second."""
    cluster = Cluster(run_directory / f"ready-made-{os.getpid()}", {"fsync": "off"})
    cluster.up()
    cluster.down()
    return cluster.home


@pytest.fixture
def private(home: Path, _ready_made: Path) -> Cluster:
    """The cluster of ``home``, complete and stopped."""
    subprocess.run(["cp", "-a", f"{_ready_made}/.", str(home)], check=True)
    return Cluster(home)
