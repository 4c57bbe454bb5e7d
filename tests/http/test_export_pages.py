"""The page that has files made: what is offered, what is refused, what the job is told."""

import csv
import io
import re
import subprocess
from contextlib import closing

import psycopg2
import pypdf
import pytest
from sqlalchemy import text

from api.house import House
from api.tasks.perform import perform
from api.web.paper import sheets
from gis.access.rights import Role
from gis.audit import store as trail
from gis.db.cluster.binaries import find
from gis.layers import service as layers
from gis.settings import Settings

HERE = {"Sec-Fetch-Site": "same-origin"}
SMALL = "530102001001"


def ask(client, **said):
    return client.post("/exports", data={"format": "gpkg", "purpose": "季度会"} | said,
                       headers=HERE, follow_redirects=False)  # fmt: skip


@pytest.fixture(scope="module")
def police(own_demo, serve):
    with serve(own_demo.urls, role=Role.POLICE_LIAISON) as client:
        yield client


def test_two_clicks_and_a_purpose_make_a_job_that_leads_to_the_file(police, own_demo, serve):
    answer = ask(police, layer="risk")
    assert answer.status_code == 303
    page = police.get(answer.headers["location"]).text
    for told in ("risk", "gpkg", "季度会"):
        assert told in page
    internal = police.get(ask(police, layer="cameras").headers["location"]).text
    assert "True" in internal  # an internal layer is asked for as one
    assert "data-job-cancel" in page
    with serve(own_demo.urls, role=Role.GRID_SUPERVISOR) as other:  # who reads jobs ends none
        seen = other.get(answer.headers["location"]).text
    assert "data-job=" in seen
    assert "data-job-cancel" not in seen


def test_without_a_purpose_or_off_the_lists_nothing_is_made(police):
    assert "请写明用途" in ask(police, layer="risk", purpose=" ").text
    for wrong in ({"layer": "risk", "format": "exe"}, {"layer": "../x"}):
        assert ask(police, **wrong).status_code == 422
    assert ask(police, layer="nothing").status_code == 404


def test_every_table_that_leaves_asks_what_for(police):
    page = police.get("/map").text
    assert re.search(r'<input name="purpose" required[^>]*>\s*</label>\s*<button[^>]*"csv"', page)
    assert "download=csv" not in page  # no way round the question


def test_a_map_sheet_is_asked_for_beside_the_file(police):
    assert 'action="/exports/sheet"' in police.get("/exports").text
    said = {
        "sheet_layer": "rating",
        "paper": "a3",
        "sheet_area": "530102001",
        "sheet_purpose": "上墙",
    }
    answer = police.post("/exports/sheet", data=said, headers=HERE)
    assert answer.headers["location"].startswith("/sheets/rating.pdf?paper=a3&area=530102001")
    assert police.get(answer.headers["location"]).content.startswith(b"%PDF")
    for wrong in ({"sheet_purpose": ""}, {"sheet_layer": "nothing"}, {"paper": "a0"}):
        refused = police.post("/exports/sheet", data=said | wrong, headers=HERE)
        assert (refused.status_code, "请" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("path", "entry", "written", "why"),
    [
        ("/exports/sheet", "title", "题" * 101, "最多 100 个字"),
        ("/exports/sheet", "maker", "站" * 101, "最多 100 个字"),
        ("/exports/sheet", "sheet_purpose", "用" * 201, "最多 200 个字"),
        ("/exports/sheet", "sheet_area", "530 102", "请从列表中选择"),
        ("/exports", "purpose", "用" * 201, "最多 200 个字"),
        ("/exports", "format", "exe", "请从列表中选择"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_own_entry(police, path, entry, written, why):
    said = {"layer": "risk", "format": "gpkg", "purpose": "季度会", "sheet_layer": "rating",
            "paper": "a4", "sheet_area": "530102001", "sheet_purpose": "上墙"}  # fmt: skip
    refused = police.post(path, data=said | {entry: written}, headers=HERE)
    assert refused.status_code == 422
    (wrong,) = re.findall(r'<(?:input|select)[^>]*aria-invalid="true"[^>]*>', refused.text)
    assert f'name="{entry}"' in wrong
    assert why in refused.text


def test_a_sheet_of_very_many_features_is_drawn_by_a_job(own_demo, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "AT_ONCE", 10)
    house = House(Settings(_env_file=None, database_url=own_demo.urls.app, home=tmp_path))
    said = {"sheet_layer": "rating", "paper": "a3", "sheet_purpose": "上墙", "title": "全区评级"}
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, home=tmp_path) as client:
        few = client.post("/exports/sheet", data=said | {"sheet_area": SMALL}, headers=HERE)
        assert few.headers["location"].startswith("/sheets/rating.pdf?")
        assert client.get(few.headers["location"]).content.startswith(b"%PDF")
        at = client.post("/exports/sheet", data=said, headers=HERE).headers["location"]
        assert "data-job-cancel" in client.get(at).text
        job = at.rpartition("/")[2]
        perform(house, own_demo.engine, int(job))
        assert f'href="/api/v1/exports/{job}/file"' in client.get(at).text
        (page,) = pypdf.PdfReader(
            io.BytesIO(client.get(f"/api/v1/exports/{job}/file").content)
        ).pages
        direct = client.get("/sheets/rating.pdf?purpose=x")
        login = client.get("/api/v1/auth/me").json()["login"]
    words = page.extract_text()
    with own_demo.begin() as session:
        held = dict(session.execute(text("SELECT colour, count(*) FROM ratings GROUP BY 1")).all())
        (line,) = trail.page(
            session, trail.Asked(event="export", user_id=login, result="done"), limit=1
        )
    assert {f"{count:,}" for count in held.values()} <= set(words.split())
    assert "全区评级" in words
    assert f"{login} · " in words
    assert (line["target"], line["rows"], line["purpose"]) == (
        "sheet rating", sum(held.values()), "上墙",
    )  # fmt: skip
    assert (direct.status_code, "/exports" in direct.json()["detail"]) == (422, True)
    with serve(own_demo.urls, role=Role.PLANNER, home=tmp_path) as other:
        assert other.get(f"/api/v1/exports/{job}/file").status_code == 404


def test_what_no_sheet_can_hold_is_refused_before_it_is_read(police, monkeypatch):
    monkeypatch.setattr(sheets, "MOST", 10)
    monkeypatch.setattr(layers, "read", lambda *_, **__: pytest.fail("read"))
    said = {"sheet_layer": "rating", "paper": "a4", "sheet_purpose": "上墙"}
    refused = police.post("/exports/sheet", data=said, headers=HERE)
    assert (refused.status_code, "一页画不下" in refused.text) == (422, True)
    assert police.get("/sheets/rating.pdf?purpose=x").status_code == 422


def test_only_what_one_may_export_is_offered(police, own_demo, serve):
    assert 'value="cameras"' in police.get("/exports").text
    with serve(own_demo.urls, role=Role.PLANNER) as planner:
        assert 'value="coverage"' in planner.get("/exports").text
        assert 'value="cameras"' not in planner.get("/exports").text
        assert planner.get("/sheets/incidents.pdf").status_code == 403  # counts are for police duty
        assert ask(planner, layer="cameras").status_code == 403
    with serve(own_demo.urls, role=Role.VIEWER) as viewer:
        assert viewer.get("/exports").status_code == 403


def test_gdal_opens_a_file_geodatabase_that_a_job_has_made(own_demo, serve, tmp_path):
    house = House(Settings(_env_file=None, database_url=own_demo.urls.app, home=tmp_path))
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, home=tmp_path) as client:
        job = ask(client, layer="rating", format="gdb").headers["location"].rpartition("/")[2]
        perform(house, own_demo.engine, int(job))
        file = tmp_path / "rating.gdb.zip"
        file.write_bytes(client.get(f"/api/v1/exports/{job}/file").content)
    with own_demo.begin() as session:
        held = dict(session.execute(text("SELECT colour, count(*) FROM ratings GROUP BY 1")).all())

    def told(*more):
        asked = ["ogrinfo", "-ro", "-so", *more, f"/vsizip/{file}", "rating"]
        return subprocess.check_output(asked, text=True)

    assert "using driver `OpenFileGDB'" in told()  # by Debian's GDAL, not the one that wrote it
    assert "Geometry: Multi Polygon" in told()
    assert f"Feature Count: {sum(held.values())}\n" in told()
    for colour, count in held.items():
        assert f"Feature Count: {count}\n" in told("-where", f"colour = '{colour}'")


def test_psql_loads_the_sql_that_a_job_has_made_with_its_style(
    own_demo, own_office, serve, tmp_path
):
    house = House(Settings(_env_file=None, database_url=own_demo.urls.app, home=tmp_path))
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, home=tmp_path) as client:
        assert 'value="pgsql"' in client.get("/exports").text
        job = ask(client, layer="rating", format="pgsql").headers["location"].rpartition("/")[2]
        perform(house, own_demo.engine, int(job))
        answer = client.get(f"/api/v1/exports/{job}/file")
    assert 'filename="rating.sql"' in answer.headers["content-disposition"]
    file = tmp_path / "rating.sql"
    file.write_bytes(answer.content)
    with own_demo.begin() as session:
        held = sorted(session.execute(text("SELECT compound_code, colour FROM ratings")).all())
    psql = [find().program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    with own_office() as url:
        subprocess.run([*psql, "-f", str(file), url], check=True)
        with closing(psycopg2.connect(url)) as office, office.cursor() as cursor:
            cursor.execute("SELECT code, colour FROM rating")
            assert sorted(cursor.fetchall()) == held != []
            cursor.execute("SELECT f_table_name, useasdefault FROM layer_styles")
            assert cursor.fetchall() == [("rating", True)]


EARLIER = """
INSERT INTO runs (area_code, analysis, period, as_of, policy_version, policy_digest,
                  input_digest, parameters, totals)
SELECT area_code, analysis, '2026Q2', '2026-06-30', 't', 't', 't', '{}', '{}'
FROM runs WHERE period = '2026Q3'
"""
COLOURS = """
INSERT INTO ratings (run_id, area_code, compound_code, compound_name, peer_group, colour, observed,
                     quality, rule, reason_zh, reason_en, counts)
SELECT earlier.id, area_code, compound_code, compound_name, peer_group,
       CASE WHEN row_number() OVER (PARTITION BY left(area_code, 9) ORDER BY compound_code) <= 2
            THEN 'yellow' ELSE 'unrated' END,
       observed, quality, rule, reason_zh, reason_en, '{}'
FROM ratings, (SELECT id FROM runs WHERE period = '2026Q2') AS earlier
RETURNING left(area_code, 9) AS street, compound_code, colour
"""


def test_area_period_and_class_are_what_the_file_holds(own_demo, serve, tmp_path):
    house = House(Settings(_env_file=None, database_url=own_demo.urls.app, home=tmp_path))
    with own_demo.begin() as session:
        session.execute(text(EARLIER))
        rated = session.execute(text(COLOURS)).all()
    of_street = {code: colour for street, code, colour in rated if street == "530102001"}
    assert len(rated) > len(of_street) > 2

    def made(client, job):
        perform(house, own_demo.engine, int(job))
        file = client.get(f"/api/v1/exports/{job}/file").content.decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(file))
        return {row["编码 / Code"]: row["颜色 / Colour"] for row in rows}

    said = {"layer": "rating", "format": "csv", "area": "530102001", "period": "2026Q2"}
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, home=tmp_path) as client:
        job = client.post("/api/v1/exports", json=said | {"purpose": "x"}).json()["id"]
        assert made(client, job) == of_street
        page = client.get("/exports").text
        for name, value in (said | {"class": "rating.colour=yellow"}).items():
            assert f'name="{name}"' in page
            assert f'<option value="{value}"' in page
        there = ask(client, **said, **{"class": "rating.colour=yellow"}).headers["location"]
        yellow = {code: colour for code, colour in of_street.items() if colour == "yellow"}
        assert made(client, there.rpartition("/")[2]) == yellow
        for wrong in ({"layer": "coverage"}, {"class": "risk.colour=red"}):
            assert ask(client, **said | wrong).status_code == 422
