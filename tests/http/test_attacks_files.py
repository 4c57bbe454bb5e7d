"""Attacks by whoever is inside: other people's files and jobs, members nobody offered, formulas."""

import csv
import io
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from serving import token_of
from waiting import until_blocked

from api import jobs
from api.files import outputs
from api.house import House
from data.export.model import Format
from gis.access import administration
from gis.access.model import State
from gis.access.rights import PERMISSIONS, Action, Capability, Role, spelled
from gis.access.rules import AccountRules
from gis.audit import store as trail
from gis.jobs import service as asked_for
from gis.jobs.model import JobKind
from gis.layers.service import Scope
from gis.privacy import PersonalText
from gis.settings import Settings
from gis.uploads import store as uploads

API = "/api/v1"
OWN = {"sec-fetch-site": "same-origin"}
FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(1)", '=HYPERLINK("http://x")', "\t=1", "|calc", "＝1")


@pytest.fixture
def office(serve, store, tmp_path):
    """(client, work): the service, and what lets a worker do all that waits."""
    house = House(
        Settings(
            _env_file=None, database_url=store.urls.app, owner_url=store.urls.owner, home=tmp_path
        )
    )
    with serve(store.urls, home=tmp_path, areas=["530102001"]) as client:
        yield client, lambda: jobs.work(house, store.engine, wait=False)


def facilities(names):
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["key", "name", "function", "area_m2", "lon", "lat"])
    rows.writerows([n, name, "shelter", 9, 102.7, 25.04] for n, name in enumerate(names))
    return table.getvalue()


def taken_in(client, content):
    """The address of an upload that is being taken in."""
    file = {"file": ("a.csv", content)}
    sent = client.post(f"{API}/imports", params={"kind": "facilities"}, files=file)
    here = f"{API}/imports/{sent.json()['id']}"
    assert client.put(f"{here}/mapping", json={"frame": "wgs84"}).status_code == 200
    assert client.post(f"{here}/commit").status_code == 202
    return here


def exported(client, form):
    asked = {"layer": "facilities", "format": form, "as_of": "2026-09-30"}
    return client.post(f"{API}/exports", json=asked).json()["id"]


def test_a_formula_goes_in_as_text_and_comes_out_as_text(serve, store, tmp_path):
    house = House(
        Settings(
            _env_file=None, database_url=store.urls.app, owner_url=store.urls.owner, home=tmp_path
        )
    )
    with serve(store.urls, home=tmp_path) as client:
        taken_in(client, facilities(FORMULAS))
        jobs.work(house, store.engine, wait=False)
        made = {form: exported(client, form) for form in ("csv", "xlsx")}
        jobs.work(house, store.engine, wait=False)
        files = {f: client.get(f"{API}/exports/{n}/file").content for f, n in made.items()}
    _, *rows = csv.reader(io.StringIO(files["csv"].decode("utf-8-sig")))
    names = [cell for row in rows for cell in row if "1" in cell or "calc" in cell]
    assert len(rows) == len(FORMULAS)
    assert [one for one in names if one.lstrip()[:1] in "=+-@＝"] == []
    cells = [
        cell for sheet in load_workbook(io.BytesIO(files["xlsx"]))
        for row in sheet.iter_rows() for cell in row
    ]  # fmt: skip
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert {cell.value for cell in cells} >= {"=1+1", "@SUM(1)", "|calc"}


WRITES = (  # what only whoever may write imports in that area does
    ("GET", "preview"), ("PUT", "mapping"), ("POST", "dry-run"), ("POST", "commit"),
    ("GET", "report"), ("GET", "report.xlsx"), ("POST", "undo/1"), ("DELETE", ""),
)  # fmt: skip
AREAS = {"own": ("530102001", True), "neighbour": ("530102002", False), "parent": ("530102", True)}


def test_nobody_reaches_files_and_jobs_of_another_area_or_without_the_right(office, store):
    client, work = office
    here = taken_in(client, facilities(["一"]))
    job = exported(client, "csv")
    work()
    for role in Role:
        for where, (area, covers) in AREAS.items():
            headers = {"authorization": f"Bearer {token_of(store.urls, role, [area])}"}
            cell = (role, where)

            def status(method, path, headers=headers):
                return client.request(method, path, headers=headers, json=None).status_code

            def may(capability, action=Action.READ, role=role):
                return (capability, action) in PERMISSIONS[role]

            writes = may(Capability.IMPORTS, Action.WRITE)
            owns = may(Capability.FACILITIES, Action.WRITE)
            for method, step in WRITES:
                if writes and covers and owns:
                    continue  # who may do all that
                wanted = (403 if not writes or covers else 404,)
                found = status(method, f"{here}/{step}".rstrip("/"))
                assert found in (*wanted, 422), (*cell, method, step)
                assert found != 422 or step == "mapping", (*cell, method, step)
            listed = client.get(f"{API}/imports", headers=headers)
            if may(Capability.IMPORTS):
                assert len(listed.json()["uploads"]) == covers, cell
            else:
                assert listed.status_code == 403, cell
            reads = may(Capability.JOBS)
            assert status("GET", f"{API}/jobs/{job}") == (
                403 if not reads else 200 if covers else 404
            ), cell
            if reads:
                assert bool(client.get(f"{API}/jobs", headers=headers).json()["jobs"]) == covers
            stops = may(Capability.JOBS, Action.WRITE)
            assert status("DELETE", f"{API}/jobs/{job}") == (
                403 if not reads or (covers and not stops) else 200 if covers else 404
            ), cell
            for part in ("file", "manifest"):  # for whoever asked and nobody else
                assert status("GET", f"{API}/exports/{job}/{part}") == (404 if reads else 403), cell


def test_ids_that_do_not_exist_look_like_those_of_others(office, store):
    client, _ = office
    here = taken_in(client, facilities(["一"]))
    stranger = {"authorization": f"Bearer {token_of(store.urls, Role.DATA_STEWARD, ['530102002'])}"}
    theirs, nobodys = (
        client.get(path, headers=stranger)
        for path in (f"{here}/preview", f"{API}/imports/99/preview")
    )
    assert theirs.status_code == nobodys.status_code == 404
    number = here.rpartition("/")[2]
    assert theirs.json()["detail"].replace(number, "") == nobodys.json()["detail"].replace("99", "")


def test_no_body_takes_a_member_that_it_does_not_offer(office, store):
    client, _ = office
    tokens = [token_of(store.urls, role) for role in Role]
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    bodies = [
        (verb, path) for path, verbs in paths.items() for verb, one in verbs.items()
        if "application/json" in one.get("requestBody", {}).get("content", {})
    ]  # fmt: skip
    assert len(bodies) >= 5
    for verb, path in bodies:
        address = path.replace("{step}", "commit")
        while "{" in address:
            address = f"{address.partition('{')[0]}1{address.partition('}')[2]}"
        answers = [
            client.request(
                verb, address, json={"id": 1, "area_code": "", "nobody_offers_this": True},
                headers={"authorization": f"Bearer {token}"},
            )
            for token in tokens
        ]  # fmt: skip
        assert not any(answer.is_success for answer in answers), path
        named = [one for one in answers if "nobody_offers_this" in one.text]
        assert any(one.status_code == 422 for one in named) or "auth" in path, path


@contextmanager
def tile_server():
    """(address, connections): a listener in place of a tile server, and who connected."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        over = threading.Event()

        def listen():
            while not over.is_set():
                try:
                    connections.append(listening.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", connections
        over.set()
        thread.join()


def test_the_service_never_asks_the_base_maps_server_itself(serve, demo_store):
    with tile_server() as (address, connections):
        tiles = f"{address}/{{z}}/{{x}}/{{y}}.png"
        with serve(demo_store.urls, basemap_url=tiles, basemap_attribution="测绘院") as client:
            for page in ("combined", "rating", "coverage"):
                answer = client.get(f"/maps/{page}")
                assert address in answer.text + answer.headers["content-security-policy"]
                assert "测绘院" in answer.text
            client.get("/tiles/rating/12/3217/1755.mvt")
            client.get(f"{API}/layers")
        assert connections == []


# -- a file holds what the account might when it asked ------------------------------------------


def moved(store, client, role, area):
    """The client's account works in another role or area from now on."""
    login = client.get(f"{API}/auth/me").json()["login"]
    district = House(Settings(_env_file=None)).district
    with store.begin() as session:
        administration.set_role(session, login, role, [area], district=district)


def test_a_narrower_token_does_not_fetch_the_file_of_a_wider_one(office, store):
    client, work = office
    taken_in(client, facilities(["一"]))
    job = exported(client, "csv")
    work()
    whole, reads = client.headers["authorization"], (Capability.JOBS, Action.READ)
    who = client.get(f"{API}/auth/me").json()["login"]
    with store.begin() as session:
        narrow = administration.issue_token(
            session, administration.known(session, who), label="jobs", days=1, rights=[reads],
            rules=AccountRules(), now=datetime.now(UTC),
        )  # fmt: skip
    for part in ("file", "manifest"):
        there = f"{API}/exports/{job}/{part}"
        bearer = {"authorization": f"Bearer {narrow}"}
        assert client.get(there, headers=bearer).status_code == 403
        assert client.get(there, headers={"authorization": whole}).status_code == 200


@pytest.mark.parametrize(
    ("layer", "lacking"),
    [("risk", "rental:read"), ("risk", "drafts:read"), ("risk", "rating:read"),
     ("cameras", "rental:read"), ("combined", "rental:read"), ("combined", "coverage:read")],
)  # fmt: skip
def test_a_token_fetches_no_file_with_more_than_it_may_read(
    serve, own_demo, tmp_path, layer, lacking
):
    """The file was made with a right beside the layer's own that the token lacks."""
    house = House(Settings(_env_file=None, database_url=own_demo.urls.app, home=tmp_path))
    with serve(own_demo.urls, home=tmp_path, role=Role.POLICE_LIAISON) as client:
        asked = {"layer": layer, "format": "csv" if layer != "combined" else "gpkg",
                 "internal": layer == "cameras", "purpose": "test"}  # fmt: skip
        job = client.post(f"{API}/exports", json=asked).json()["id"]
        jobs.work(house, own_demo.engine, wait=False)
        there, rights = f"{API}/exports/{job}/file", PERMISSIONS[Role.POLICE_LIAISON]
        assert client.get(there).status_code == 200
        who = client.get(f"{API}/auth/me").json()["login"]
        with own_demo.begin() as session:
            narrow = administration.issue_token(
                session, administration.known(session, who), label="x", days=1,
                rights=[one for one in rights if spelled(one) != lacking], rules=AccountRules(),
                now=datetime.now(UTC),
            )  # fmt: skip
        refused = client.get(there, headers={"authorization": f"Bearer {narrow}"})
        assert refused.status_code == 403, refused.text


def test_a_file_stays_behind_when_its_asker_moves_on(office, store):
    client, work = office
    taken_in(client, facilities(["一"]))
    job = exported(client, "csv")
    work()
    moved(store, client, Role.DATA_STEWARD, "530102002")
    assert client.get(f"{API}/exports/{job}/file").status_code == 404


def test_an_export_is_not_made_for_whoever_may_no_more(office, store):
    client, work = office
    taken_in(client, facilities(["一"]))
    work()
    job = exported(client, "csv")
    moved(store, client, Role.VIEWER, "530102001")
    work()
    with store.begin() as session:
        told = asked_for.find(session, job)
    assert (told.state, told.error_code) == ("failed", "forbidden")


def test_a_purpose_that_names_a_person_is_refused_and_kept_nowhere(office, store):
    client, _ = office
    told = {"layer": "facilities", "format": "csv", "purpose": "交给 13812345678"}
    assert client.post(f"{API}/exports", json=told).json()["code"] == "personal_text"
    with pytest.raises(PersonalText), store.begin() as session:
        outputs.write_export(
            session, House(Settings(_env_file=None)), "facilities", Scope(), Format.CSV, Path("x"),
            purpose=told["purpose"],
        )  # fmt: skip
    auditor = {"authorization": f"Bearer {token_of(store.urls, Role.AUDITOR)}"}
    asked = {"purpose": told["purpose"]}
    answer = client.get(f"{API}/audit/lines.csv", params=asked, headers=auditor)
    assert answer.status_code == 422
    with store.begin() as session:
        lines = trail.page(session, trail.Asked(), limit=100)
    assert "13812345" not in str([(one["purpose"], one["detail"]) for one in lines])


# -- two at once, and what a colleague sees -----------------------------------------------------


def test_the_rows_of_a_file_are_not_told_to_whoever_only_reads_jobs(office, store):
    client, work = office
    here = taken_in(client, facilities(["一", "二"]))
    work()
    own = client.get(f"{here}/report").json()
    there = f"{API}/jobs/{own['id']}"
    assert own["result"]["report"]["rows"] == client.get(there).json()["result"]["report"]["rows"]
    supervisor = token_of(store.urls, Role.GRID_SUPERVISOR, ["530102001"])
    seen = client.get(there, headers={"authorization": f"Bearer {supervisor}"}).json()
    assert seen["result"] == {"rows": own["result"]["report"]["kept"]}


def test_a_file_is_taken_in_once_however_often_it_is_asked_for(office, store):
    client, _ = office
    sent = client.post(f"{API}/imports", params={"kind": "facilities"},
                       files={"file": ("a.csv", facilities(["一"]))}).json()["id"]  # fmt: skip
    with ThreadPoolExecutor() as pool:
        with store.begin() as session:  # somebody is asking at this moment
            one = uploads.get(session, sent, locked=True)
            job = asked_for.ask(session, JobKind.IMPORT, {}, district_code="530102001")
            one.commit_job = job.id
            session.flush()
            second = pool.submit(client.post, f"{API}/imports/{sent}/commit")
            until_blocked(session, second.done)
        assert second.result().status_code == 422


def test_what_is_said_of_a_file_stands_from_the_moment_it_is_taken_in(office, store):
    client, _ = office
    here = taken_in(client, facilities(["一"]))
    other = {"frame": "gcj02"}  # a colleague thinks better of it: 360 m elsewhere
    assert client.put(f"{here}/mapping", json=other).status_code == 422
    form = {**other, "field-name": "name"}
    page = client.post(here.removeprefix(API) + "/mapping", data=form, headers=OWN)
    assert page.status_code == 422
    with store.begin() as session:
        assert uploads.get(session, int(here.rpartition("/")[2])).options["frame"] == "wgs84"


def test_what_is_said_at_the_moment_of_taking_in_waits_and_is_refused(office, store):
    client, _ = office
    sent = client.post(f"{API}/imports", params={"kind": "facilities"},
                       files={"file": ("a.csv", facilities(["一"]))}).json()["id"]  # fmt: skip
    here = f"{API}/imports/{sent}/mapping"
    assert client.put(here, json={"frame": "wgs84"}).status_code == 200
    with ThreadPoolExecutor() as pool:
        with store.begin() as session:  # somebody has it taken in at this moment
            one = uploads.get(session, sent, locked=True)
            job = asked_for.ask(session, JobKind.IMPORT, {}, district_code="530102001")
            one.commit_job = job.id
            session.flush()
            second = pool.submit(client.put, here, json={"frame": "gcj02"})
            until_blocked(session, second.done)
        assert second.result().status_code == 422
    with store.begin() as session:
        assert uploads.get(session, sent).options["frame"] == "wgs84"


def test_a_stream_ends_with_the_token_that_opened_it(office, store):
    client, _ = office
    taken_in(client, facilities(["一"]))
    job = exported(client, "csv")
    who = client.get(f"{API}/auth/me").json()["login"]
    begun = time.monotonic()
    with client.stream("GET", f"{API}/jobs/{job}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == f"id: {job}"
        with store.begin() as session:
            administration.set_state(session, who, State.LOCKED)
        assert [line for line in lines if line.startswith("id:")] == []
    assert time.monotonic() - begun < 60


def test_what_stands_beside_a_file_is_little_and_its_name_names_nobody(office, store, tmp_path):
    client, _ = office
    file = {"file": ("名单13812345678.csv", b"a")}
    many = {f"field{n}": "x" * 900 for n in range(80)}
    crowded = client.post(f"{API}/imports", params={"kind": "facilities"}, files=file, data=many)
    assert (crowded.status_code, list((tmp_path / "uploads").iterdir())) == (422, [])
    sent = client.post(f"{API}/imports", params={"kind": "facilities"}, files=file).json()
    assert "13812345" not in str([*(tmp_path / "uploads").glob("*/*")])
    assert client.delete(f"{API}/imports/{sent['id']}").status_code == 200
    with store.begin() as session:
        (line,) = trail.page(session, trail.Asked(event="import_forget"), limit=9)
    assert line["detail"] == {"upload": sent["id"]}


def test_a_file_that_the_district_takes_in_stays_in_its_senders_sight(office, store):
    client, _ = office
    file = {"file": ("a.csv", facilities(["一"]))}
    sent = client.post(f"{API}/imports", params={"kind": "facilities"}, files=file).json()["id"]
    above = {"authorization": f"Bearer {token_of(store.urls, Role.DATA_STEWARD)}"}
    assert client.post(f"{API}/imports/{sent}/commit", headers=above).status_code == 202
    assert client.get(f"{API}/imports/{sent}/report").json()["state"] == "queued"
    assert client.get("/imports").status_code == 200
