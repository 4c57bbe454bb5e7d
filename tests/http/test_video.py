"""Observations over HTTP, and what follows from them; real service, real store."""

import json
import os
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.access.rights import Role
from gis.video.ground import service as ground

AT = "2026-09-30T08:00:00+08:00"


@pytest.fixture(scope="module")
def planted(demo_store):
    found = {}
    for fault in demo_store.truth["faults"]:
        found.setdefault(fault["kind"], set()).update(fault["keys"])
    return found


@pytest.fixture
def one_camera(store, demo_store, tmp_path):
    sheet = tmp_path / "cameras.csv"
    sheet.write_text("编号,经度,纬度,设备状态\nK1,102.7,25.05,在用\n", "utf-8")
    with store.begin() as session:
        import_file(session, sheet, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
    return store


def test_an_observation_is_noted_once_and_corrected_by_a_second_of_the_same_instant(
    serve, one_camera
):
    with serve(one_camera.urls) as client:
        send = {"camera": "K1", "observed_at": AT, "state": "down", "cause": "断电"}
        answers = [client.post("/api/v1/video/observations", json=send) for _ in range(2)]
        assert [(a.status_code, a.json()["changed"]) for a in answers] == [
            (201, True),
            (200, False),
        ]
        client.post("/api/v1/video/observations", json={**send, "state": "working"})
        asked = {"since": "2026-09-29", "until": "2026-09-30"}
        rows = client.get("/api/v1/video/working-rate", params=asked).json()["rows"]
    assert [(row["day"], row["known"], row["working"]) for row in rows] == [
        ("2026-09-29", 0, 0), ("2026-09-30", 1, 1),
    ]  # fmt: skip
    with one_camera.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM camera_observations")) == 1
        trail = session.execute(text(
            "SELECT event, target, rows FROM audit_entries WHERE target = 'camera_observation'"
            " ORDER BY number"
        )).all()  # fmt: skip
    assert [tuple(row) for row in trail] == [("write", "camera_observation", n) for n in (1, 0, 1)]


def test_a_sheet_and_a_post_of_the_same_instant_are_one_observation(
    serve, one_camera, demo_store, tmp_path
):
    with serve(one_camera.urls) as client:
        client.post(
            "/api/v1/video/observations",
            json={"camera": "K1", "observed_at": AT, "state": "down"},
        )
    sheet = tmp_path / "status.csv"
    sheet.write_text("设备编号,检测时间,状态\nK1,2026-09-30 08:00:00,故障\n", "utf-8")
    with one_camera.begin() as session:
        report = import_file(
            session, sheet, Kind.CAMERA_STATUS, Options(), demo_store.house.district
        )
    assert (report.inserted, report.unchanged) == (0, 1)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [({"camera": "nobody"}, 404, "not_found"),
     ({"observed_at": "2026-09-30T08:00:00"}, 422, "bad_request"),
     ({"state": "broken"}, 422, "bad_request"),
     ({"cause": "报修电话13800138000"}, 422, "personal_text")],
)  # fmt: skip
def test_what_cannot_be_noted_is_refused(client, change, status, code):
    send = {"camera": "SP000001", "observed_at": AT, "state": "down", **change}
    answer = client.post("/api/v1/video/observations", json=send)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_repairs_and_findings_name_what_was_planted(client, planted):
    asked = {"since": "2026-06-01", "until": "2026-09-30"}
    (row,) = client.get("/api/v1/video/repairs", params=asked).json()["rows"]
    assert (row["open"], row["overdue"]) == (len(planted["down"]), len(planted["repair_overdue"]))
    late = client.get("/api/v1/video/findings", params={"kind": "repair_overdue"}).json()
    assert {one["camera_key"] for one in late["rows"]} == planted["repair_overdue"]
    assert {one["since"][:7] for one in late["rows"]} == {"2026-06"}
    assert json.dumps(late, ensure_ascii=False).count("超过维修期限 3 天") == late["matched"]


def test_coverage_says_shares_and_names_no_point(client, demo_store):
    rows = client.get("/api/v1/video/coverage").json()["rows"]
    assert len(rows) == demo_store.truth["counts"]["compounds"]
    assert all(0 <= row["covered_share"] <= 1 for row in rows if row["answer"] == "measured")
    (district,) = client.get("/api/v1/video/coverage", params={"level": "district"}).json()["rows"]
    assert district["seen_m2"] == pytest.approx(sum(row["seen_m2"] or 0 for row in rows))
    assert "SP0" not in json.dumps(rows)
    seen = [row for row in rows if row["seen_m2"]]
    for row in seen:
        assert 0 <= row["twice_share"] <= row["covered_share"] + 1e-9
        rest = row["seen_m2"] - row["seen_measured_m2"]
        assert row["assumed_share"] == pytest.approx(rest / row["seen_m2"], abs=1e-9)
        by_k = row["depth_shares"]
        assert by_k[:2] == pytest.approx([row["covered_share"], row["twice_share"]])
        assert by_k == sorted(by_k, reverse=True)
    assert {len(row["depth_shares"]) for row in [*seen, district]} == {5}
    assert any(row["twice_share"] > 0 for row in seen)
    third_m2 = sum(row["depth_shares"][2] * row["public_m2"] for row in seen)
    assert 0 < third_m2 == pytest.approx(district["depth_shares"][2] * district["public_m2"])


def test_who_may_not_read_video_is_told_the_covered_share_and_nothing_blind(serve, demo_store):
    with serve(demo_store.urls, role=Role.VIEWER) as viewer:
        answers = [
            viewer.get("/api/v1/video/coverage", params={"level": level}).json()["rows"]
            for level in ("compound", "community", "district")
        ]
        layer = viewer.get("/api/v1/layers/video_coverage/features").json()["features"]
        hidden = [
            viewer.get(f"/api/v1/layers/{name}/features").status_code
            for name in (
                "view_fields",
                "blind_areas",
                "video_places",
                "video_findings",
                "cameras",
            )
        ]
    for rows in answers:
        assert any(row["covered_share"] for row in rows)
        assert not any(key.endswith("_m2") or "depth" in key for row in rows for key in row)
        assert not any(word in row["reason_zh"] for row in rows for word in ("m²", "盲区"))
    assert len(layer) == demo_store.truth["counts"]["compounds"]
    assert not any("blind" in key for one in layer for key in one["properties"])
    assert set(hidden) <= {403, 404}


def test_dark_places_and_weak_points_are_read_by_page(client, serve, demo_store):
    asked = {"kind": "entrance", "below": 1, "limit": 5}
    dark = client.get("/api/v1/video/places", params=asked).json()
    district = client.get("/api/v1/video/coverage", params={"level": "district"}).json()["rows"][0]
    assert dark["matched"] == district["entrances"] - district["entrances_seen"]
    assert len(dark["rows"]) == 5
    assert all(row["shares"][0] == row["points"] == 0 for row in dark["rows"])
    compound = dark["rows"][0]["compound_code"]
    own = client.get("/api/v1/video/places", params={"compound": compound}).json()["rows"]
    assert {row["compound_code"] for row in own} == {compound}
    weak = client.get("/api/v1/video/weak-points").json()
    lost = [row["lost_m2"] for row in weak["rows"]]
    assert lost
    assert lost == sorted(lost, reverse=True)
    assert all(0 < row["lost_share"] <= 1 for row in weak["rows"])
    beyond = {"offset": 100_000}
    for name, which, page in (("places", asked, dark), ("weak-points", {}, weak)):
        past = client.get(f"/api/v1/video/{name}", params=which | beyond).json()
        assert (past["rows"], past["matched"]) == ([], page["matched"])
    with serve(demo_store.urls, role=Role.VIEWER) as viewer:
        for name in ("places", "weak-points"):
            assert viewer.get(f"/api/v1/video/{name}").status_code == 403


def cpu_s(database):
    """Processor time so far of this process, which is client and service, and of the database's
    sessions: a busy machine lets an answer wait, but hardly work longer.
    """
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a process that has just ended
            if f" {database} ".encode() in (process / "cmdline").read_bytes():
                words = (process / "stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(words[11]) + int(words[12])  # utime and stime, proc(5)
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def spent_s(database, work, *, rounds):
    begin_s = cpu_s(database)
    for _ in range(rounds):
        work()
    return (cpu_s(database) - begin_s) / rounds


def test_a_planned_point_in_a_blind_area_adds_ground_and_is_answered_fast(
    demo_store, own_demo, serve
):
    """Below 0.2 s of work, and a small part of what measuring every compound takes here and now.

    In a store that no other test makes work.
    """
    query = (
        "SELECT compound_code, ST_X(ST_PointOnSurface(geom)) AS lon,"
        " ST_Y(ST_PointOnSurface(geom)) AS lat FROM video_blind_areas"
        " WHERE run_id = :run ORDER BY area_m2 DESC LIMIT 1"
    )
    with own_demo.begin() as session:
        spot = session.execute(text(query), {"run": demo_store.runs["video"]}).one()
    send = {"compound": spot.compound_code, "lon": spot.lon, "lat": spot.lat, "direction_deg": 90}
    house, database = demo_store.house, own_demo.engine.url.database
    asked = {"policy": house.policy, "district": house.district, "as_of": date(2026, 9, 30)}
    with serve(own_demo.urls) as client, own_demo.begin() as session:
        answer = client.post("/api/v1/video/what-if", json=send)
        one_s = spent_s(
            database, lambda: client.post("/api/v1/video/what-if", json=send), rounds=10
        )
        every_s = spent_s(
            database, lambda: ground.measure(session, previous=None, **asked), rounds=1
        )
    gains = {row["quality"]: row["gain_m2"] for row in answer.json()["by_quality"]}
    assert gains["detect"] > 10
    assert gains["detect"] >= gains["observe"] >= gains["recognise"] >= gains["identify"] >= 0
    assert answer.json()["assumed"]  # nothing but the direction was stated
    assert one_s < 0.2
    assert one_s < every_s / 3


def test_a_plan_is_ranked_and_says_how_good_it_is(client, demo_store):
    code = demo_store.truth["compounds"][0]["code"]
    found = client.get("/api/v1/video/plan", params={"compound": code, "budget": 3}).json()
    gains = [place["gain_m2"] for place in found["places"]]
    assert len(gains) == 3
    assert gains == sorted(gains, reverse=True)
    assert found["status"] in {"optimal", "greedy", "time_limit"}
    assert 0 <= found["gap"] < 1
    assert found["seen_m2"] + sum(gains) <= found["public_m2"] * 1.02


def test_the_inventory_is_read_by_page_with_the_parts_of_each_id(client, serve, demo_store):
    asked = {"point_class": "class_1", "limit": 5}
    first = client.get("/api/v1/video/points", params=asked).json()
    with demo_store.begin() as session:
        count = "SELECT count(*) FROM cameras WHERE point_class = 'class_1'"
        assert first["matched"] == session.scalar(text(count))
    second = client.get("/api/v1/video/points", params={**asked, "offset": 5}).json()
    assert len(first["rows"]) == len(second["rows"]) == 5
    assert first["rows"][-1]["camera"] < second["rows"][0]["camera"]
    every = client.get("/api/v1/video/points", params={"limit": 10_000}).json()["rows"]
    readable = [one for one in every if one["id_parts"]]
    assert all("".join(one["id_parts"].values()) == one["gb28181_id"] for one in readable)
    assert {"id_form"} <= {fault for one in every for fault in one["id_faults"]}
    with serve(demo_store.urls, role=Role.VIEWER) as viewer:
        assert viewer.get("/api/v1/video/points").status_code == 403


def test_one_points_view_is_geojson_and_unknown_points_have_none(client, demo_store):
    with demo_store.begin() as session:
        drawn = session.execute(
            text("SELECT quality, looks FROM view_fields WHERE camera_key = 'SP000001'")
        ).all()
    found = client.get("/api/v1/video/points/SP000001/view").json()
    shown = [one["properties"] for one in found["features"]]
    assert drawn
    assert sorted((one["quality"], one["looks"]) for one in shown) == sorted(map(tuple, drawn))
    assert client.get("/api/v1/video/points/nobody/view").status_code == 404
