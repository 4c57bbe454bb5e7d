"""Pages and files of a district's demo are written by two processes at the same time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.demo import stamps
from api.demo.apart import apart
from api.demo.clock import Clock
from api.demo.files import Made, by_two, in_turn
from api.demo.make import shown
from api.files import outputs
from api.house import House
from gis.errors import BadInput
from gis.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def one(own_demo, demo_store, tmp_path_factory):
    """What one process writes, one after the other."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings(
        _env_file=None, home=home, database_url=own_demo.urls.app, owner_url=own_demo.urls.owner
    )
    made = Made(House(settings), home / "one", demo_store.runs)
    return made, *in_turn(own_demo.engine, made, Clock())


def _beside(made, name):
    return Made(made.house, made.out.parent / name, made.runs)


def test_two_processes_write_what_one_does(own_demo, one, capfd):
    alone, maps, exports = one
    two, clock = _beside(alone, "two"), Clock()
    capfd.readouterr()
    found = by_two(own_demo.engine, two, clock)
    for paths, expected in zip(found, (maps, exports), strict=True):
        assert [path.name for path in paths] == [path.name for path in expected]
        assert all(path.is_file() for path in paths)
    assert [page.read_bytes() for page in found[0]] == [page.read_bytes() for page in maps]
    assert two.stands()
    assert list(clock.seconds) == ["exports", "maps"]
    said = capfd.readouterr()
    assert [line.split()[0] for line in said.err.splitlines()] == ["exports", "maps"]


def test_what_the_other_process_cannot_write_is_said_and_the_files_are_whole(own_demo, one):
    two = _beside(one[0], "three")
    (two.out / "maps" / "combined.html").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"combined\.html: cannot be written"):
        by_two(own_demo.engine, two, Clock())
    assert not two.stands()
    assert stamps.holds(two.out / "exports", dict(two.runs))
    assert [*two.out.rglob("*.part")] == []


def test_steps_taken_apart_write_the_same_and_each_has_a_process_of_its_own(own_demo, one):
    """A city's: this process would keep what each of them took."""
    alone, maps, exports = one
    apartly = _beside(alone, "apart")
    found = shown(apartly.house, None, apart, apartly.out, apartly.runs, Clock())
    assert [[path.name for path in paths] for paths in found] == [
        [path.name for path in paths] for paths in (maps, exports)
    ]
    assert [page.read_bytes() for page in found[0]] == [page.read_bytes() for page in maps]
    assert len({os.getpid(), apart(os.getpid), apart(os.getpid)}) == 3


WAITING = """
import json, sys
from pathlib import Path
import api.commands.demo  # what the command itself loads
from api.demo.apart import apart
from api.demo.make import make
from api.house import House
from gis.settings import Settings

made = make(House(Settings()), size="small", seed=1, out=Path(sys.argv[1]), do=apart)
status = Path("/proc/self/status").read_text()
peak_mib = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"summary": made.summary, "loaded": sorted(sys.modules), "peak_mib": peak_mib}))
"""
HEAVY = {
    "pandas", "geopandas", "shapely", "pyogrio", "pyarrow", "scipy", "numba", "folium", "h3",
    "alembic", "geoalchemy2",
}  # fmt: skip


def test_the_command_that_waits_for_a_citys_steps_holds_little(own_demo, tmp_path):
    """A city's demo is made by processes one after the other; none of their loads is its own."""
    done = subprocess.run(
        [sys.executable, "-c", WAITING, str(tmp_path / "out")],
        env={
            **os.environ, "WANGGE_HOME": str(tmp_path), "WANGGE_DATABASE_URL": own_demo.urls.app,
            "WANGGE_OWNER_URL": own_demo.urls.owner,
        },
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert sorted(HEAVY & set(found["loaded"])) == []
    assert found["peak_mib"] < 150
    summary = found["summary"]
    assert list(summary["seconds"]) == ["generate", "import", "run", "maps", "exports", "accounts"]
    assert len(summary["maps"]) == len(outputs.pages("all", internal=True))
    assert all((tmp_path / "out" / name).is_file() for name in summary["maps"])
    assert summary["counts"]["compounds"] > 0
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == summary


CHILD = """
import os, threading, time
from api.demo.apart import end_with
threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
print(os.getpid(), flush=True)
time.sleep(120)
"""


def test_the_other_process_ends_with_a_command_that_was_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c",
         f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    end_s = time.monotonic() + 10
    while (works := _works(child)) and time.monotonic() < end_s:
        time.sleep(0.1)
    if works:
        os.kill(child, signal.SIGKILL)
    assert not works


def _works(process: int) -> bool:
    """Whether a process is there and no mere entry that nobody has asked after."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
