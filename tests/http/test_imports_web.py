"""Files over the web, as a browser or curl sends them: in, looked at, taken in, undone; and out."""

import hashlib
import io
import time
import zipfile

import pytest
from sqlalchemy import text

from api import jobs
from api.house import House
from api.tasks.imports import CAPABILITY as IMPORTED
from api.uploads.uploading import safe_name
from data.ingest.preview import preview
from data.ingest.types import Kind
from gis.access.rights import Role
from gis.settings import Settings

API = "/api/v1"
AREAS = "代码,名称,联系电话\n530102,五华区,13812345678\n530102001,华山街道,13812345678\n"


@pytest.fixture
def office(serve, store, tmp_path):
    """(client, work): the service, and what lets a worker do all that waits."""
    house = House(
        Settings(
            _env_file=None, database_url=store.urls.app, owner_url=store.urls.owner, home=tmp_path
        )
    )
    with serve(store.urls, home=tmp_path, upload_max_bytes=100_000) as client:
        yield client, lambda: jobs.work(house, store.engine, wait=False)


def send(client, kind, content, name="名单.csv"):
    return client.post(f"{API}/imports", params={"kind": kind}, files={"file": (name, content)})


def scalar(store, query):
    with store.begin() as session:
        return session.scalar(text(query))


def test_a_file_walks_from_upload_to_undo(office, store, tmp_path):
    client, work = office
    sent = send(client, "areas", AREAS.encode("gb18030")).json()
    assert sent["sha256"] == hashlib.sha256(AREAS.encode("gb18030")).hexdigest()
    here = f"{API}/imports/{sent['id']}"
    seen = client.get(f"{here}/preview").json()["preview"]
    assert (seen["format"], seen["personal"], seen["problem"]) == ("CSV", 1, None)
    assert seen["encoding"].lower().startswith("gb")
    assert {"name": "名称", "code": "代码"}.items() <= {
        one["name"]: one["column"] for one in seen["fields"]
    }.items()
    assert seen["rows"][0]["name"] == "五华区"
    assert "13812345" not in str(seen)
    assert client.post(f"{here}/dry-run").json()["state"] == "queued"
    work()
    tried = client.get(f"{here}/report").json()["result"]["report"]
    assert (tried["dry_run"], tried["inserted"]) == (True, 2)
    assert scalar(store, "SELECT count(*) FROM areas") == 0
    client.post(f"{here}/commit")
    work()
    done = client.get(f"{here}/report").json()
    assert (done["state"], done["result"]["report"]["inserted"]) == ("done", 2)
    assert zipfile.is_zipfile(io.BytesIO(client.get(f"{here}/report.xlsx").content))
    assert client.post(f"{here}/commit").status_code == 422  # only once
    import_id = done["result"]["import_id"]
    assert client.post(f"{here}/undo/{import_id + 1}").status_code == 409
    assert client.post(f"{here}/undo/{import_id}").json()["removed"] == 2
    assert scalar(store, "SELECT count(*) FROM areas") == 0
    assert client.delete(here).status_code == 200
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_mapping_is_said_saved_and_used_again(office):
    client, _ = office
    odd = "甲,乙\n530102,五华区\n"
    first = send(client, "areas", odd).json()["id"]
    problem = client.get(f"{API}/imports/{first}/preview").json()["preview"]["problem"]
    assert problem["code"] == "column_missing"
    said = {"mapping": {"code": "甲", "name": "乙"}, "save_as": "民政"}
    seen = client.put(f"{API}/imports/{first}/mapping", json=said).json()["preview"]
    assert (seen["problem"], seen["rows"][0]["name"]) == (None, "五华区")
    second = send(client, "areas", odd).json()["id"]
    seen = client.put(f"{API}/imports/{second}/mapping", json={"profile": "民政"}).json()
    assert seen["preview"]["problem"] is None
    profiles = client.get(f"{API}/imports/profiles").json()["profiles"]
    assert profiles == {"areas": {"民政": {"code": "甲", "name": "乙"}}}


def test_a_refused_file_shows_its_rows_and_changes_nothing(office, store):
    client, work = office
    sent = send(client, "grids", "code,name,geometry\n1,a,POINT(1 1)").json()
    here = f"{API}/imports/{sent['id']}"
    client.put(f"{here}/mapping", json={"frame": "wgs84"})
    client.post(f"{here}/commit")
    work()
    job = client.get(f"{here}/report").json()
    assert (job["state"], scalar(store, "SELECT count(*) FROM imports")) == ("failed", 0)
    assert job["error_code"] in {"frame_implausible", "nothing_kept"}
    assert job["result"]["report"]["refusal"]["code"] == job["error_code"]


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [(b"", "a.csv", 422), (b"x" * 100_001, "a.csv", 413), (b"x" * 300_000, "a.csv", 413)],
)
def test_empty_and_large_files_leave_nothing_behind(office, tmp_path, content, name, status):
    client, _ = office
    assert send(client, "areas", content, name).status_code == status
    uploads = tmp_path / "uploads"
    assert not uploads.exists() or list(uploads.iterdir()) == []


def test_a_form_without_a_file_or_with_two_is_refused(office):
    client, _ = office
    to = f"{API}/imports?kind=areas"
    two = [("file", ("a.csv", b"1")), ("file", ("b.csv", b"2"))]
    assert client.post(to, files=two).status_code == 422
    assert client.post(to, content=b"a,b", headers={"content-type": "text/csv"}).status_code == 422
    assert client.post(to, data={"file": "text"}).status_code == 422
    torn = {"content-type": "multipart/form-data; boundary=x"}
    half = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nabc'
    assert client.post(to, content=half, headers=torn).status_code == 422


def test_nobody_assigns_what_the_form_does_not_have(office):
    client, _ = office
    one = send(client, "areas", AREAS).json()
    sly = {"asked_by": "root", "commit_job": 1, "folder": "../../etc"}
    assert client.put(f"{API}/imports/{one['id']}/mapping", json=sly).status_code == 422
    export = {"layer": "rating", "format": "csv", "out": "/etc/passwd"}
    assert client.post(f"{API}/exports", json=export).status_code == 422


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\temp\\网格.gpkg", "网格.gpkg"), ("..", "file"),
        ("a\x00b\r\n.csv", "a_b__.csv"), ("", "file"), (".htaccess", "htaccess"),
    ],
)  # fmt: skip
def test_a_sent_name_stays_in_its_folder(sent, kept):
    assert safe_name(sent) == kept
    assert len(safe_name("长" * 300 + ".geojson").encode()) <= 120


def packed(*members):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return body.getvalue()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
BOMB = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'
PLACE = (
    "<Placemark><name>&l11;</name><Point><coordinates>102.7,25</coordinates></Point></Placemark>"
)
KML = f'{BOMB}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{PLACE}</Document></kml>'
NODE = '<node id="1" lat="25" lon="102.7"><tag k="name" v="&l11;"/></node>'
OSM = f'{BOMB}<osm version="0.6">{NODE}</osm>'
GML = f'{BOMB}<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml">&l11;</gml:FeatureCollection>'
BOOK = packed(("[Content_Types].xml", f"{BOMB}<Types>&l11;</Types>"), ("xl/workbook.xml", KML))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.zip", packed(("a.csv", b"0" * (70 << 20)))),
        ("nested.zip", packed(("b.zip", packed(("a.csv", "code,name\n1,a"))))),
        ("out.zip", packed(("../../a.csv", "code,name\n1,a"))),
        ("bomb.kml", KML), ("bomb.osm", OSM), ("bomb.gml", GML), ("bomb.xlsx", BOOK),
        ("page.csv", b"%PDF-1.7\n<html><script>alert(1)</script>"),
        ("wide.csv", "," * 90_000),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_at_the_preview_and_change_nothing(office, store, name, content):
    client, work = office
    sent = send(client, "areas", content, name)
    assert sent.status_code == 201
    here, begin_s = f"{API}/imports/{sent.json()['id']}", time.monotonic()
    seen = client.get(f"{here}/preview")
    assert seen.status_code == 200
    assert seen.json()["preview"]["problem"] is not None
    client.post(f"{here}/commit")
    work()
    job = client.get(f"{here}/report").json()
    assert (job["state"], job["error_code"] == "internal_error") == ("failed", False)
    assert time.monotonic() - begin_s < 20
    assert scalar(store, "SELECT count(*) FROM areas") == 0


def test_every_kind_belongs_to_a_right():
    assert set(IMPORTED) == set(Kind)


def test_an_export_is_a_job_and_its_file_is_private(office, store, tmp_path):
    client, work = office
    here = f"{API}/imports/{send(client, 'areas', AREAS).json()['id']}"
    client.post(f"{here}/commit")
    rows = "key,name,function,area_m2,lon,lat\n1,<b>站</b>,service_centre,9,102.70,25.04\n"
    rows += "2,二,shelter,9,102.70,25.04\n"
    there = f"{API}/imports/{send(client, 'facilities', rows).json()['id']}"
    client.put(f"{there}/mapping", json={"frame": "wgs84"})
    client.post(f"{there}/commit")
    work()
    asked = {
        "layer": "facilities",
        "format": "csv",
        "column": "function",
        "value": "shelter",
        "as_of": "2026-09-30",
    }
    job = client.post(f"{API}/exports", json=asked).json()
    assert client.get(f"{API}/exports/{job['id']}/file").status_code == 404
    work()
    done = client.get(f"{API}/jobs/{job['id']}").json()
    assert (done["state"], done["result"]["rows"]) == ("done", 1)
    file = client.get(f"{API}/exports/{job['id']}/file")
    assert "attachment" in file.headers["content-disposition"]
    assert "二" in file.content.decode("utf-8-sig")
    sha256 = client.get(f"{API}/exports/{job['id']}/manifest").text
    assert hashlib.sha256(file.content).hexdigest() in sha256
    (path,) = (tmp_path / "exports").glob("*/*.csv")
    assert path.stat().st_mode & 0o777 == 0o600
    assert client.post(f"{API}/exports", json=asked | {"column": "geom"}).status_code == 422
    assert client.post(f"{API}/exports", json=asked | {"layer": "cameras"}).status_code == 403


def test_a_large_file_is_looked_at_by_a_job(store, serve, home):
    house = House(Settings(_env_file=None, database_url=store.urls.app, home=home))
    with serve(store.urls, home=home, preview_job_bytes=len(AREAS.encode()) - 1) as client:
        sent = send(client, "areas", AREAS).json()
        here, page = f"{API}/imports/{sent['id']}", f"/imports/{sent['id']}"
        waits = client.get(f"{here}/preview")
        assert (waits.status_code, waits.json()["preview"]) == (202, None)
        job = waits.json()["job"]
        assert (job["kind"], job["id"]) == ("preview", sent["preview_job"])
        shown = client.get(page).text
        assert f'data-job="{job["id"]}"' in shown
        assert "华山街道" not in shown
        jobs.work(house, store.engine, wait=False)
        done = client.get(f"{here}/preview")
        assert (done.status_code, done.json()["job"]["state"]) == (200, "done")
        assert done.json()["preview"]["rows"][0]["name"] == "五华区"
        assert "华山街道" in client.get(page).text
        with serve(store.urls, home=home, role=Role.GRID_SUPERVISOR) as other:
            told = other.get(f"{API}/jobs/{job['id']}").json()
            assert told["result"] == {}  # rows of a file are for those who write its kind
        assert client.put(f"{here}/mapping", json={"encoding": "utf-8"}).status_code == 202
        again = client.get(f"{here}/preview").json()["job"]["id"]
        client.delete(f"{API}/jobs/{again}")
        ended = client.get(f"{here}/preview").json()["preview"]
        assert ended["problem"]["code"] == "cancelled"


@pytest.fixture
def large(store, serve, home):
    """(client, work, kept): a service for which every file is large, and the previews it keeps."""
    house = House(Settings(_env_file=None, database_url=store.urls.app, home=home))
    asked = text("SELECT id FROM jobs WHERE kind = 'preview' AND result IS NOT NULL")

    def kept():
        with store.begin() as session:
            return list(session.scalars(asked))

    with serve(store.urls, home=home, preview_job_bytes=1) as client:
        yield client, lambda: jobs.work(house, store.engine, wait=False), kept


def test_what_was_seen_goes_with_the_settings_and_with_the_upload(large):
    client, work, kept = large
    sent = send(client, "areas", AREAS).json()
    here = f"{API}/imports/{sent['id']}"
    work()
    assert kept() == [sent["preview_job"]]
    client.put(f"{here}/mapping", json={"encoding": "utf-8"})
    assert kept() == []
    work()
    assert len(kept()) == 1
    assert client.delete(here).status_code == 200
    assert kept() == []


@pytest.mark.parametrize("change", ["DELETE FROM uploads", "UPDATE uploads SET preview_job = NULL"])
def test_what_is_seen_too_late_is_not_kept(large, store, monkeypatch, change):
    client, work, kept = large
    job = send(client, "areas", AREAS).json()["preview_job"]

    def seen(*given, **more):
        with store.begin() as session:
            session.execute(text(change))
        return preview(*given, **more)

    monkeypatch.setattr("api.tasks.previews.preview", seen)
    work()
    assert client.get(f"{API}/jobs/{job}").json()["state"] == "cancelled"
    assert kept() == []


def test_what_a_job_saw_is_not_shown_of_other_settings(large, store, serve, home):
    client, work, _ = large
    here = f"{API}/imports/{send(client, 'areas', AREAS).json()['id']}"
    work()
    assert client.get(f"{here}/preview").json()["job"]["state"] == "done"
    with serve(store.urls, home=home) as patient:  # it looks at such a file at once
        assert patient.put(f"{here}/mapping", json={"encoding": "utf-8"}).status_code == 200
        seen = patient.get(f"{here}/preview").json()
    assert (seen["job"], seen["preview"]["encoding"]) == (None, "utf-8")


def test_a_small_file_is_looked_at_at_once(office):
    client, _ = office
    sent = send(client, "areas", AREAS).json()
    assert sent["preview_job"] is None
    seen = client.get(f"{API}/imports/{sent['id']}/preview")
    assert (seen.status_code, seen.json()["job"]) == (200, None)


def test_a_file_of_somebody_with_two_areas_is_not_shown_in_one_of_them(own_store, serve, home):
    first, second = "530102001", "530102002"
    with own_store() as store, serve(store.urls, home=home, areas=[first, second]) as both:
        sent = send(both, "areas", AREAS).json()
        here = f"{API}/imports/{sent['id']}"
        said = {"mapping": {"code": "代码"}, "save_as": "民政"}
        assert both.put(f"{here}/mapping", json=said).status_code == 200
        job = both.post(f"{here}/dry-run").json()
        assert (job["area_code"], both.get(f"{API}/jobs/{job['id']}").status_code) == (
            "530102", 200,
        )  # fmt: skip
        assert [one["id"] for one in both.get(f"{API}/imports").json()["uploads"]] == [sent["id"]]
        for area in (first, second):
            with serve(store.urls, home=home, areas=[area]) as one:
                assert one.get(f"{API}/imports").json()["uploads"] == []
                assert one.get(f"{here}/preview").status_code == 404
                assert one.get(f"{API}/jobs/{job['id']}").status_code == 404
        with serve(store.urls, home=home) as whole:
            assert whole.get(f"{here}/preview").status_code == 200
