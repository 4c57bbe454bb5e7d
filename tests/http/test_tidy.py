"""What the night removes: uploads, folders nobody owns, expired photos; and what it leaves."""

import os
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from api import jobs
from api.house import House
from api.tasks import exports
from gis.settings import Settings
from gis.uploads import store as uploads

API = "/api/v1"
OLD_S = time.time() - 40 * 86_400
PHOTOS = """
WITH danger AS (
    INSERT INTO dangers (area_code, key, kind, severity, what, state, handler, found_at, due_at,
                         due_known, geom)
    VALUES ('530102001001', 'a-danger', 'fire', 'urgent', '出口被堵', 'found', 'community',
            now() - interval '200 days', now(), true, 'SRID=4326;POINT(102.71 25.04)')
    RETURNING id, area_code
)
INSERT INTO danger_photos (danger_id, area_code, added_at, expires_at, jpeg)
SELECT danger.id, danger.area_code, now() - interval '180 days', now() + one.left_at,
       convert_to(rpad(one.name, 100), 'UTF8')
FROM danger, (VALUES ('expired', interval '-1 second'), ('young', interval '1 day'))
    AS one (name, left_at)
"""


@pytest.fixture
def house(store, tmp_path):
    return House(
        Settings(
            _env_file=None, database_url=store.urls.app, owner_url=store.urls.owner, home=tmp_path
        )
    )


@pytest.fixture
def night(serve, house, store, tmp_path):
    """(client, tidy): the service, and what happens by night."""

    def tidy():
        jobs.queue(house, store.engine).tasks["wangge.file_tidy"].func(int(time.time()))

    with serve(store.urls, home=tmp_path) as client:
        yield client, tidy


def test_an_export_that_another_worker_removes_meanwhile_stops_nobody(house):
    folder = exports.folder_of(house)
    (folder / "old").mkdir(parents=True)
    os.utime(folder / "old", (OLD_S, OLD_S))
    (folder / "going").symlink_to("gone")  # listed, and not there when it is looked at
    exports.forget(house)
    assert [one.name for one in folder.iterdir()] == ["going"]


def sent(client, store, *, days):
    """The id of an upload that is so many days old."""
    file = {"file": ("a.csv", b"code,name\n530102,a\n")}
    answer = client.post(f"{API}/imports", params={"kind": "areas"}, files=file).json()
    with store.begin() as session:
        older = (
            "UPDATE uploads SET created_at = now() - make_interval(days => :days) WHERE id = :id"
        )
        session.execute(text(older), {"days": days, "id": answer["id"]})
    return answer["id"]


def test_an_upload_leaves_after_its_days_with_its_file(night, store, tmp_path):
    client, tidy = night
    old, young = sent(client, store, days=31), sent(client, store, days=29)
    tidy()
    assert [one["id"] for one in client.get(f"{API}/imports").json()["uploads"]] == [young]
    assert client.get(f"{API}/imports/{old}/preview").status_code == 404
    assert len(list((tmp_path / "uploads").iterdir())) == 1


def test_an_upload_that_a_job_still_reads_stays(night, store):
    client, _ = night
    old, now = sent(client, store, days=31), datetime.now(UTC)
    client.post(f"{API}/imports/{old}/commit")
    with store.begin() as session:
        assert uploads.expired(session, before=now) == []
        session.execute(text("UPDATE jobs SET state = 'failed', finished_at = now()"))
        assert [one.id for one in uploads.expired(session, before=now)] == [old]


def test_what_a_killed_service_was_receiving_leaves_after_a_day(night, store, tmp_path):
    client, tidy = night
    sent(client, store, days=0)
    for name, changed_s in (("torn", OLD_S), ("arriving", time.time())):
        (tmp_path / "uploads" / name).mkdir()
        (tmp_path / "uploads" / name / "half.gpkg").write_bytes(b"1")
        os.utime(tmp_path / "uploads" / name, (changed_s, changed_s))
    tidy()
    left = {one.name for one in (tmp_path / "uploads").iterdir()}
    assert "torn" not in left
    assert "arriving" in left
    assert len(left) == 2


def test_a_report_leaves_that_a_killed_worker_wrote_of_an_import_without_end(
    night, house, store, tmp_path
):
    client, tidy = night
    client.post(f"{API}/imports/{sent(client, store, days=0)}/commit")
    jobs.work(house, store.engine, wait=False)
    (report,) = (tmp_path / "reports").iterdir()
    tidy()
    assert report.exists(), "a job names it"
    with store.begin() as session:
        session.execute(
            text("UPDATE jobs SET state = 'failed', result = NULL, finished_at = now()")
        )
    os.utime(report, (time.time() + 60, time.time() + 60))
    tidy()
    assert report.exists(), "the command wrote it since"
    os.utime(report, (OLD_S, OLD_S))
    tidy()
    assert not report.exists()


def test_a_photo_leaves_the_store_when_its_days_are_over_though_nothing_new_is_reported(
    night, store
):
    _, tidy = night
    with store.begin() as session:
        session.execute(text(PHOTOS))
    tidy()
    with store.begin() as session:
        left = session.execute(text("SELECT jpeg FROM danger_photos")).scalars().all()
    assert [bytes(one).strip() for one in left] == [b"young"]


def test_the_name_of_a_killed_worker_leaves_and_that_of_a_living_one_stays(night, store, tmp_path):
    _, tidy = night
    entered = (
        "INSERT INTO procrastinate.procrastinate_workers (last_heartbeat)"
        " VALUES (now() - make_interval(secs => :silent_s)) RETURNING id"
    )
    names = tmp_path / "workers"
    names.mkdir(exist_ok=True)
    with store.begin() as session:
        for name, silent_s in (("killed", 86_400), ("alive", 0)):
            number = session.scalar(text(entered), {"silent_s": silent_s})
            (names / name).write_text(f"{number}\n")
    (names / "struck-off").write_text("999999999\n")
    tidy()
    assert [one.name for one in names.iterdir()] == ["alive"]
