"""Plaques of a whole area are printed by a job: followed, cancelled, killed, fetched."""

import io
import re
import signal
import subprocess
import sys
import threading
import time
from html import unescape
from zipfile import ZipFile

import pypdf
import pytest
from sqlalchemy import text

from api import jobs
from api.house import House
from api.tasks.perform import perform
from api.web.paper import plaques as printing
from gis.access.rights import Role
from gis.audit import store as trail
from gis.publication import seal
from gis.publication import service as publication
from gis.settings import Settings

HERE = {"Sec-Fetch-Site": "same-origin"}
DOORS = text("""
UPDATE compounds
SET entrances = ST_Multi(ST_Collect(array_fill(ST_PointOnSurface(geom), ARRAY[110])))
WHERE code = (SELECT min(compound_code) FROM published_ratings WHERE colour = 'green')
""")


@pytest.fixture(scope="module")
def published(own_demo, demo_store):
    """The demo with its quarter published; one green compound has a great many entrances."""
    with own_demo.begin() as session:
        cycle = publication.open_cycle(session, district=demo_store.house.district, period="2026Q3")
        publication.confirm(session, cycle.id, publication.changes(session, cycle)["code"].tolist())
        publication.publish(session, cycle.id, issuer="综治中心")
        session.execute(DOORS)
    return own_demo


@pytest.fixture
def house(published, tmp_path):
    urls = {"database_url": published.urls.app, "owner_url": published.urls.owner}
    return House(Settings(_env_file=None, home=tmp_path, worker_silence_s=1, **urls))


@pytest.fixture
def liaison(published, serve, house):
    with serve(published.urls, role=Role.POLICE_LIAISON, home=house.settings.home) as client:
        yield client


def ask(client, **said) -> str:
    """The address of a new job's page."""
    data = {"period": "2026Q3", "paper": "a4", "purpose": "上墙", "colour": "green"} | said
    answer = client.post("/plaques/print", data=data, headers=HERE)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def lines(store) -> list:
    with store.begin() as session:
        found = trail.page(session, trail.Asked(event="export"), limit=100)
    mine = [one for one in found if one["target"] == "plaques 2026Q3"]
    return [one for one in mine if one["result"] == "done"]  # what failed is told too


def sheets(client, job: str) -> pypdf.PdfReader:
    file = client.get(f"/api/v1/exports/{job.rpartition('/')[2]}/file")
    assert file.status_code == 200, file.text
    return pypdf.PdfReader(io.BytesIO(file.content))


def test_the_page_asks_a_job_for_many_and_the_file_is_its_askers(
    liaison, published, house, serve, token_for
):
    page = liaison.get("/plaques?colour=green").text
    (count,) = re.findall(r"打印下表所列小区的标牌（([\d,]+) 张）", page)
    form = page.split('action="/plaques/print"')[1].split("</form>")[0]
    told = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    noted = len(lines(published))
    at = ask(liaison, **told)
    assert "data-job-cancel" in liaison.get(at).text
    jobs.work(house, published.engine, wait=False)
    number = at.rpartition("/")[2]
    assert f'href="/api/v1/exports/{number}/file"' in liaison.get(at).text
    reader = sheets(liaison, at)
    login = liaison.get("/api/v1/auth/me").json()["login"]
    assert (len(reader.pages), reader.metadata["/Author"]) == (int(count), login)
    assert all("绿牌" in one.extract_text().replace(" ", "") for one in reader.pages)
    (line,) = lines(published)[: len(lines(published)) - noted]
    assert (line["user_id"], line["purpose"], line["rows"]) == (login, "上墙", int(count))
    assert liaison.get(f"/api/v1/exports/{number}/manifest").status_code == 404
    for role, status in ((Role.POLICE_LIAISON, 404), (Role.GRID_SUPERVISOR, 404),
                         (Role.PLANNER, 404), (Role.VIEWER, 403)):  # fmt: skip
        with serve(published.urls, role=role, home=house.settings.home) as other:
            assert other.get(f"/api/v1/exports/{number}/file").status_code == status
    with serve(published.urls, role=Role.PLANNER, home=house.settings.home) as planner:
        assert planner.post("/plaques/print", data=told, headers=HERE).status_code == 403


def test_so_many_are_not_printed_while_somebody_waits(liaison):
    at_once = liaison.get("/plaques/2026Q3.pdf?colour=green")
    assert at_once.status_code == 422
    assert "/plaques" in at_once.json()["detail"]
    (some,) = re.findall(r"/plaques/2026Q3/([^/]+)\.png", liaison.get("/plaques").text)
    assert liaison.get(f"/plaques/2026Q3.pdf?code={some}").content.startswith(b"%PDF")


KEPT = text("SELECT label FROM wangge.plaque_labels")


def labels(store) -> set[str]:
    with store.begin() as session:
        return set(session.scalars(KEPT))


@pytest.fixture
def signed(monkeypatch):
    """The compounds whose plaques are signed."""
    codes, real = [], seal.text
    monkeypatch.setattr(
        seal, "text", lambda one, signer: codes.append(one.compound_code) or real(one, signer)
    )
    return codes


def test_nothing_is_signed_of_what_is_refused(liaison, published, signed):
    before = labels(published)
    assert liaison.get("/plaques/2026Q3.pdf?colour=green").status_code == 422
    assert (signed, labels(published)) == ([], before)


def test_more_than_a_file_holds_are_several_and_a_code_is_kept_of_every_sheet(
    liaison, published, house, signed, monkeypatch
):
    """Each code that is read off the sheets is in the store, and each listed compound has one."""
    page = liaison.get("/plaques?colour=green").text
    count = int(re.findall(r"打印下表所列小区的标牌（([\d,]+) 张）", page)[0].replace(",", ""))
    monkeypatch.setattr(printing, "IN_A_FILE", -(-count // 3))
    assert "共 3 个，装在一个压缩包里" in liaison.get("/plaques?colour=green").text
    assert "压缩包" not in page
    at = ask(liaison)
    perform(house, published.engine, int(at.rpartition("/")[2]))
    file = liaison.get(f"/api/v1/exports/{at.rpartition('/')[2]}/file")
    with ZipFile(io.BytesIO(file.content)) as packed:
        assert packed.namelist() == [f"plaques-2026Q3-a4-{n}-3.pdf" for n in (1, 2, 3)]
        books = [pypdf.PdfReader(io.BytesIO(packed.read(one))) for one in packed.namelist()]
    assert [len(one.pages) for one in books] == [*[-(-count // 3)] * 2, count - 2 * -(-count // 3)]
    login = liaison.get("/api/v1/auth/me").json()["login"]
    assert {one.metadata["/Author"] for one in books} == {login}
    text_of = str([page.extract_text() for one in books for page in one.pages])
    on_sheets = {"".join(one) for one in re.findall(r"\b([A-Z2-7]{4})-([A-Z2-7]{4})\b", text_of)}
    listed = liaison.get("/plaques?colour=green&download=csv&purpose=x&columns=code").text
    assert sorted(signed) == sorted(re.findall(r"^[^,\r\n]+", listed, re.MULTILINE)[1:])
    assert len(on_sheets) == len(signed)
    assert on_sheets <= labels(published)


def test_a_compound_with_very_many_entrances_leads_to_the_print_and_not_to_a_long_wait(liaison):
    page = liaison.get("/plaques?colour=green&sort=-entrances").text
    (row,) = re.findall(r'href="(/plaques\?period=2026Q3&amp;q=[^"]+)"', page)
    alone = liaison.get(unescape(row)).text
    assert 'action="/plaques/print"' in alone
    assert "（110 张）" in alone
    code = re.search("q=([^&]+)", row)[1]
    assert liaison.get(f"/plaques/2026Q3.pdf?code={code}").status_code == 422


def test_no_code_is_kept_of_a_picture_to_look_at(liaison, published):
    before = labels(published)
    (at,) = re.findall(r"/plaques/2026Q3/[^/]+\.png", liaison.get("/plaques").text)
    assert liaison.get(at).content.startswith(b"\x89PNG")
    assert labels(published) == before
    assert liaison.get("/plaques/2026Q3/nowhere.png").status_code == 404
    assert liaison.get(at.replace("2026Q3", "2020Q1")).status_code == 404
    assert liaison.get(at.replace("2026Q3", "soon")).status_code == 404


@pytest.mark.parametrize(
    ("said", "status"),
    [({"paper": "a0"}, 422), ({"area": "5301020010019"}, 404), ({"period": "2020Q1"}, 404),
     ({"q": "王先生 13912345678"}, 422)],
)  # fmt: skip
def test_what_cannot_be_printed_is_refused_at_the_door(liaison, said, status):
    data = {"period": "2026Q3", "paper": "a4", "purpose": "上墙"} | said
    assert liaison.post("/plaques/print", data=data, headers=HERE).status_code == status


def test_a_print_tells_how_far_it_is_and_is_cancelled_half_way(liaison, published, house):
    noted, at = len(lines(published)), ask(liaison)
    job = f"/api/v1{at}"
    working = threading.Thread(
        target=perform, args=(house, published.engine, int(at.rpartition("/")[2]))
    )
    working.start()
    end_at = time.monotonic() + 60
    while not (told := liaison.get(job).json())["message_en"] or "sheets" not in told["message_en"]:
        assert time.monotonic() < end_at
        assert told["state"] in {"queued", "running"}
        time.sleep(0.1)
    assert re.match(r"已排版 \d+/\d+ 张", told["message_zh"])
    assert 0 < told["progress"] < 1
    liaison.post(f"{at}/cancel", headers=HERE)
    working.join(timeout=30)
    assert not working.is_alive()
    assert liaison.get(job).json()["state"] == "cancelled"
    assert list((house.settings.home / "exports").glob("*")) == []
    assert len(lines(published)) == noted


WORKER = """
import os, signal, sys
from pathlib import Path
from api import jobs
from api.house import House
from gis.settings import Settings
from maps import plaque

home, app, owner, at_sheet = Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4])
real = plaque.book

def deadly(made, *, say, **how):
    def dying(done):
        say(done)
        if at_sheet and done >= at_sheet:
            os.kill(os.getpid(), signal.SIGKILL)
    return real(made, say=dying, **how)

plaque.book = deadly
urls = {"database_url": app, "owner_url": owner}
house = House(Settings(_env_file=None, home=home, worker_silence_s=1, **urls))
with house.store() as engine:
    jobs.work(house, engine, wait=False)
"""


def died(store, house, *, at_sheet: int = 0) -> int:
    """What ended a worker process, which kills itself once so many sheets are set (0: never)."""
    told = [house.settings.home, store.urls.app, store.urls.owner, at_sheet]
    command = [sys.executable, "-c", WORKER, *map(str, told)]
    return subprocess.run(command, check=False, timeout=120).returncode


@pytest.mark.slow
def test_a_print_whose_worker_was_killed_is_made_whole_by_the_next(liaison, published, house):
    noted, at = len(lines(published)), ask(liaison)
    assert died(published, house, at_sheet=50) == -signal.SIGKILL
    assert liaison.get(f"/api/v1{at}").json()["state"] == "running"
    (left,) = (house.settings.home / "exports").glob("*")
    assert list(left.iterdir()) == []  # no half a file
    assert len(lines(published)) == noted
    time.sleep(1.1)  # the dead worker's silence
    assert died(published, house) == 0
    ended = liaison.get(f"/api/v1{at}").json()
    assert (ended["state"], ended["attempts"]) == ("done", 2)
    assert len(sheets(liaison, at).pages) == ended["result"]["rows"]
    (folder,) = (house.settings.home / "exports").glob("*")
    assert folder != left
    assert len(lines(published)) == noted + 1
