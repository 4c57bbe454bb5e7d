"""QGIS' own OGC API provider reads a collection with a token, page by page, under row rights."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from gis.access import administration
from gis.access.rights import Role
from gis.legend import RATING

PYTHON = shutil.which("python3", path="/usr/bin") or "python3"  # the one that Debian's QGIS is for
WANGGE = str(Path(sys.executable).with_name("wangge"))
NAMES = ("rating", "facilities", "grids", "cameras")


@pytest.fixture(scope="module")
def address(demo_store, tmp_path_factory):
    """The service over the small demo, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    settings = {"WANGGE_DATABASE_URL": demo_store.urls.app, "WANGGE_PORT": str(port),
                "WANGGE_HOME": str(tmp_path_factory.mktemp("home"))}  # fmt: skip
    with subprocess.Popen([WANGGE, "serve"], env={**os.environ, **settings}) as service:
        url, end_s = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while not answers(url):
            assert service.poll() is None
            assert time.monotonic() < end_s, "the service did not start"
            time.sleep(0.2)
        yield f"{url}/ogc"
        service.terminate()


def answers(url):
    try:
        return httpx2.get(f"{url}/livez", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def street(demo_store):
    with demo_store.begin() as session:
        return session.scalar(text("SELECT min(left(area_code, 9)) FROM ratings"))


def token_of(store, role, area):
    at, now = store.house, datetime.now(UTC)
    with store.begin() as session:
        account = administration.add_without_password(
            session, f"q{role.value.replace('_', '-')}{area}", district=at.district, role=role,
            area_prefixes=[area], now=now,
        )  # fmt: skip
        return administration.issue_token(
            session, account, label="QGIS", days=1, rules=at.settings.accounts, now=now
        )


def in_qgis(address, token):
    """What QGIS says of each collection."""
    told = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": "", "WANGGE_TOKEN": token}
    if subprocess.run([PYTHON, "-c", "import qgis.core"], env=told, check=False).returncode:
        pytest.skip("no QGIS here: apt-get install --no-install-recommends python3-qgis")
    script = Path(__file__).with_name("qgis_loads.py")
    done = subprocess.run([PYTHON, str(script), address, *NAMES], env=told, capture_output=True,
                          text=True, check=False, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


HELD = {
    "rating": "SELECT compound_code FROM ratings WHERE run_id = :rating AND area_code ^@ :area",
    "facilities": "SELECT source_key FROM facilities WHERE area_code ^@ :area",
    "grids": "SELECT code FROM grids WHERE network = 'unified' AND valid_to IS NULL"
    " AND area_code ^@ :area",
    "cameras": "SELECT source_key FROM cameras WHERE area_code ^@ :area AND status <> 'removed'",
}


@pytest.mark.parametrize(("role", "whole"), [
    (Role.POLICE_LIAISON, True), (Role.POLICE_LIAISON, False), (Role.GRID_WORKER, False),
])  # fmt: skip
def test_qgis_counts_the_features_of_the_role_and_the_area(
    demo_store, address, street, role, whole
):
    area = "530102" if whole else street
    found = in_qgis(address, token_of(demo_store, role, area))
    for name in NAMES:
        if name == "cameras" and role is Role.GRID_WORKER:
            assert found[name] == {"opens": False}
            continue
        with demo_store.begin() as session:
            asked = {"area": area, "rating": demo_store.runs["rating"]}
            asked = {key: asked[key] for key in asked if f":{key}" in HELD[name]}
            held = sorted(session.scalars(text(HELD[name]), asked))
        assert held
        assert (found[name]["counted"], found[name]["keys"]) == (len(held), held), name
    with demo_store.begin() as session:
        given = "SELECT compound_code, colour FROM ratings WHERE run_id = :rating"
        words = dict(session.execute(text(given), {"rating": demo_store.runs["rating"]}).all())
    assert found["rating"]["colours"] == {
        code: RATING.entry(words[code]).fill.lower() for code in found["rating"]["keys"]
    }
    assert None not in found["grids"]["colours"].values()
