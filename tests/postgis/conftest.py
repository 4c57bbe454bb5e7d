"""A private cluster of the test's own, copied instead of made: making one takes over a second."""

import os
import subprocess
from pathlib import Path

import pytest

from gis.db.cluster import Cluster


@pytest.fixture(scope="session")
def _ready_made(run_directory: Path) -> Path:
    cluster = Cluster(run_directory / f"ready-made-{os.getpid()}", {"fsync": "off"})
    cluster.up()
    cluster.down()
    return cluster.home


@pytest.fixture
def private(home: Path, _ready_made: Path) -> Cluster:
    """The cluster of ``home``, complete and stopped."""
    subprocess.run(["cp", "-a", f"{_ready_made}/.", str(home)], check=True)
    return Cluster(home)
