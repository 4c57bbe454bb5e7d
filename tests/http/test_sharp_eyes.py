"""The sharp-eyes pages over HTTP: planted figures, rights, what leaves and what does not."""

import csv
import io
import json
import re
from html import unescape

import numpy as np
import openpyxl
import pytest
from sqlalchemy import text

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis import crs
from gis.access.rights import Role
from gis.audit import store as trail

PAGES = ("", "/findings", "/blind", "/covered", "/watched", "/points/SP000001", "/plan")
STREET = "530102001"


def _rows(client, path, query=""):
    answer = client.get(f"/sharp-eyes{path}?download=csv&purpose=巡检{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.fixture(scope="module")
def liaison(serve, demo_store):
    with serve(demo_store.urls, role=Role.POLICE_LIAISON, serve_internal=True) as client:
        yield client


@pytest.fixture(scope="module")
def planted(demo_store):
    found = {}
    for fault in demo_store.truth["faults"]:
        found.setdefault(fault["kind"], set()).update(fault["keys"])
    return found


def test_the_board_counts_the_register_and_the_planted_failures(liaison, demo_store, planted):
    page = liaison.get("/sharp-eyes").text
    figures = dict(
        re.findall(r'figure-value">([^<]*)</span><span class="figure-label">([^<]*)', page)
    )
    assert figures[str(len(planted["repair_overdue"]))] == "维修超期"
    with demo_store.begin() as session:
        totals = session.scalar(
            text("SELECT totals FROM runs WHERE id = :run"), {"run": demo_store.runs["video"]}
        )
    rows = _rows(liaison, "")
    assert sum(int(row["完好"]) for row in rows) == totals["working"]
    assert sum(int(row["未修复"]) for row in rows) == len(planted["down"])
    for kind, times in totals["by"]["status"].items():
        assert f"<dd>{times:,}</dd>" in page, kind
    drawn = json.loads(unescape(re.search(r'data-lines="([^"]*)"', page)[1]))
    assert len(drawn["days"]) == 30
    assert drawn["series"][0]["threshold"] == 98


def test_findings_are_the_planted_ones_and_lead_to_the_point(liaison, planted):
    rows = _rows(liaison, "/findings", "&kind=repair_overdue&columns=camera_key&columns=since")
    assert {row["点位编号"] for row in rows} == planted["repair_overdue"]
    assert all(row["起始"].startswith("2026-06") for row in rows)
    one = liaison.get(f"/sharp-eyes/points/{rows[0]['点位编号']}").text
    assert "超过维修期限 3 天" in one
    assert "/maps/view_fields?" in one
    assert liaison.get("/sharp-eyes/points/nobody").status_code == 404


@pytest.mark.parametrize("path", ["/findings", "/blind", "/watched"])
def test_an_internal_table_leaves_for_a_purpose_that_it_then_carries(liaison, demo_store, path):
    page = f"/sharp-eyes{path}"
    assert '<input name="purpose" required' in liaison.get(page).text
    refused = liaison.get(f"{page}?download=xlsx", headers={"accept": "text/html"})
    assert (refused.status_code, "请写明用途" in refused.text) == (422, True)
    answer = liaison.get(f"{page}?download=xlsx&purpose=巡检")
    assert 'filename="demo-' in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    notes = {row[0].value: row[1].value for row in book.worksheets[-1].iter_rows()}
    assert notes["用途 / Purpose"] == book.properties.subject == "巡检"
    assert notes["导出人 / Exported by"] == book.properties.creator
    for said in ("演示数据", "内部", book.properties.creator):
        assert said in book.properties.description
    assert "演示数据" in _rows(liaison, path)[0]["标记 / Mark"]
    own = trail.Asked(event="export", user_id=liaison.get("/api/v1/auth/me").json()["login"])
    with demo_store.begin() as session:
        line = trail.page(session, own, limit=1)[0]
    assert (line["target"].startswith("table sharp-eyes"), line["purpose"]) == (True, "巡检")


def test_blind_areas_come_largest_first_and_lead_to_a_plan(liaison, demo_store):
    page = liaison.get("/sharp-eyes/blind").text
    with demo_store.begin() as session:
        largest = session.scalar(text(
            "SELECT compound_code FROM video_blind_areas WHERE run_id = :run"
            " ORDER BY area_m2 DESC LIMIT 1"), {"run": demo_store.runs["video"]})  # fmt: skip
    assert re.search(r'/sharp-eyes/plan\?compound=([^"]*)"', page)[1] == largest


def test_places_out_of_view_come_first_and_are_counted_as_the_figures_say(liaison, demo_store):
    query = "&columns=seen&columns=place_kind&columns=name&kind=entrance"
    answers = [row["结论"] for row in _rows(liaison, "/watched", query)]
    district = liaison.get("/api/v1/video/coverage?level=district").json()["rows"][0]
    assert 0 < district["entrances_seen"] < district["entrances"] == len(answers)
    assert answers.count("可见") == district["entrances_seen"]
    assert answers == sorted(answers, key=["不可见", "可见"].index)
    page = liaison.get("/sharp-eyes/watched").text
    assert "/maps/video_places?" in page


def test_every_compound_has_its_covered_share(liaison, demo_store):
    rows = _rows(liaison, "/covered", "&columns=name&columns=share&columns=public_m2")
    assert len(rows) == demo_store.truth["counts"]["compounds"]


def test_a_compounds_page_says_how_many_points_see_its_ground(serve, liaison, demo_store):
    rows = liaison.get("/api/v1/video/coverage").json()["rows"]
    row = max(rows, key=lambda one: (one["depth_shares"] or [0] * 5)[2])
    path = f"/places/compound/{row['subject_code']}"
    told = re.findall(r"由至少 (\d) 个完好点位可见</dt><dd>([\d.]+)%", liaison.get(path).text)
    assert [int(k) for k, _ in told] == [1, 2, 3, 4, 5]
    shares = [float(share) / 100 for _, share in told]
    assert shares == pytest.approx(row["depth_shares"], abs=0.001)
    asked = {"compound": row["subject_code"], "limit": 1}
    (weak,) = liaison.get("/api/v1/video/weak-points", params=asked).json()["rows"]
    page = liaison.get(path).text
    assert f"<dd>{weak['camera_key']}：" in page
    assert "内部资料" in page
    with serve(demo_store.urls, role=Role.PLANNER) as planner:
        page = planner.get(path).text
        assert 'id="video"' not in page
        assert "内部资料" not in page


@pytest.mark.parametrize("path", PAGES)
def test_who_may_not_read_video_sees_nothing(serve, demo_store, path):
    with serve(demo_store.urls, role=Role.PLANNER) as planner:
        assert planner.get(f"/sharp-eyes{path}").status_code == 403
        assert "/sharp-eyes" not in planner.get("/coverage-board").text


def test_a_supervisor_sees_the_own_street_and_takes_nothing_out(serve, demo_store):
    role = {"role": Role.GRID_SUPERVISOR, "areas": [STREET], "serve_internal": True}
    with serve(demo_store.urls, **role) as supervisor:
        page = supervisor.get("/sharp-eyes/findings?columns=area_code&columns=name").text
        answers = [supervisor.get(f"/sharp-eyes{path}?download=csv") for path in PAGES[:5]]
    shown = re.findall(r'data-label="社区编码">(\d+)', page)
    assert shown
    assert all(code.startswith(STREET) for code in shown)
    assert {answer.status_code for answer in answers} == {403}


def test_where_no_internal_layer_is_served_the_list_stands_without_a_map(serve, demo_store):
    with serve(demo_store.urls, role=Role.POLICE_LIAISON, serve_internal=False) as client:
        blind, covered = (client.get(f"/sharp-eyes/{one}").text for one in ("blind", "covered"))
    assert "<iframe" not in blind
    assert "WANGGE_SERVE_INTERNAL" in blind
    assert "/maps/video_coverage?" in covered


def test_before_the_first_run_a_page_says_what_to_do(serve, store):
    with serve(store.urls, role=Role.POLICE_LIAISON) as client:
        page = client.get("/sharp-eyes/findings").text
    assert ('name="analysis" value="video"' in page, "wangge run" in page) == (True, False)


def test_days_that_cannot_be_shown_are_said(liaison):
    page = liaison.get("/sharp-eyes?since=2026-09-30&until=2020-01-01").text
    assert "最多 400 天" in page


def test_buildings_lie_below_fields_and_many_of_them_come_as_tiles(
    liaison, demo_store, monkeypatch
):
    assert 'id="wg-base-buildings"' in liaison.get("/maps/view_fields").text
    assert "wg-base-buildings" not in liaison.get("/maps/cameras").text
    monkeypatch.setattr("api.files.frames.CANVAS_LIMIT", 10)
    page = liaison.get(f"/maps/blind_areas?area={STREET}").text
    assert "wg-base-buildings" not in page
    assert f"/tiles/buildings/{{z}}/{{x}}/{{y}}.mvt?area={STREET}" in page
    with demo_store.begin() as session:
        spot = session.execute(
            text(
                "SELECT ST_X(p) AS x, ST_Y(p) AS y, source_key FROM (SELECT source_key,"
                " ST_Transform(ST_PointOnSurface(geom), 3857) AS p FROM buildings"
                " WHERE area_code ^@ :street ORDER BY 1 LIMIT 1) AS one"
            ),
            {"street": STREET},
        ).one()
    half, side = 20037508.342789244, 2 * 20037508.342789244 / 2**14
    x, y = int((spot.x + half) / side), int((half - spot.y) / side)
    tile = liaison.get(f"/tiles/buildings/14/{x}/{y}.mvt?area={STREET}")
    assert spot.source_key.encode() in tile.content


# -- the plan --------------------


@pytest.fixture(scope="module")
def darkest(demo_store):
    with demo_store.begin() as session:
        return session.scalar(text(
            "SELECT compound_code FROM video_blind_areas WHERE run_id = :run"
            " ORDER BY area_m2 DESC LIMIT 1"), {"run": demo_store.runs["video"]})  # fmt: skip


def test_a_plan_is_shown_and_leaves_as_planned_points_that_are_imported(
    liaison, darkest, store, demo_store, tmp_path
):
    asked = f"compound={darkest}&budget=2"
    page = liaison.get(f"/sharp-eyes/plan?{asked}").text
    assert f"/maps/plan/video?compound={darkest}" in page
    assert "与最优的差距" in page
    assert liaison.get(f"/sharp-eyes/plan.geojson?{asked}").json()["code"] == "purpose_missing"
    answer = liaison.get(f"/sharp-eyes/plan.geojson?{asked}&purpose=选址")
    assert "演示数据" in answer.json()["description"]
    assert "选址" in answer.json()["description"]
    file = tmp_path / "planned_cameras.geojson"
    file.write_bytes(answer.content)
    with store.begin() as session:
        report = import_file(session, file, Kind.CAMERAS, Options(), demo_store.house.district)
        rows = session.execute(text("SELECT status, direction_deg FROM cameras")).all()
    assert report.inserted == 2
    assert {row.status for row in rows} == {"planned"}
    shown = {one["properties"]["direction_deg"] for one in answer.json()["features"]}
    assert {row.direction_deg for row in rows} == shown


def test_the_plans_map_holds_its_points_fields_and_buildings(liaison, darkest):
    page = liaison.get(f"/maps/plan/video?compound={darkest}&budget=2")
    assert page.status_code == 200
    for block in ("wg-index-video_plan", "wg-shapes-video_plan_fields", "wg-base-buildings"):
        assert f'id="{block}"' in page.text


def test_posted_poles_are_the_only_places(liaison, darkest):
    points = liaison.get(f"/api/v1/video/plan?compound={darkest}&budget=2").json()["points"]
    lon, lat = points["features"][0]["geometry"]["coordinates"]
    pole = {"lon": lon, "lat": lat, "name": "灯杆 12", "direction_deg": 30}
    found = liaison.post("/api/v1/video/plan", json={"compound": darkest, "candidates": [pole]})
    assert [one["name"] for one in found.json()["places"]] == ["灯杆 12"]
    assert found.json()["poses"] == 1
    for wrong in ({}, {"compound": darkest, "area": STREET}):
        assert liaison.post("/api/v1/video/plan", json=wrong).status_code == 422


@pytest.fixture(scope="module")
def planner(serve, demo_store, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    asked = {"role": Role.POLICE_LIAISON, "serve_internal": True, "home": home}
    with serve(demo_store.urls, **asked) as client:
        yield client


@pytest.fixture(scope="module")
def pole(planner, darkest):
    """Where a point would show new ground, as a plan of the system's own says."""
    found = planner.get(f"/api/v1/video/plan?compound={darkest}&budget=1").json()["points"]
    return found["features"][0]["geometry"]["coordinates"]


def _ask(client, compound, file=None, **data):
    sent = {"compound": compound, "budget": "2", **data}
    files = {"file": file} if file else None
    return client.post(
        "/sharp-eyes/plan", data=sent, files=files, headers={"Sec-Fetch-Site": "same-origin"}
    )


def _sheet(lon, lat):
    return f"点位编号,点位名称,经度,纬度,朝向\nP1,灯杆 12,{lon:.7f},{lat:.7f},30\n".encode(
        "gb18030"
    )


def test_poles_of_a_file_are_the_only_places_of_list_map_and_file(planner, darkest, pole):
    lon, lat = crs.wgs84_to_gcj02(np.array([pole[0]]), np.array([pole[1]]))
    file = ("灯杆.csv", _sheet(float(lon[0]), float(lat[0])))
    answer = _ask(planner, darkest, file, where="file", frame="gcj02")
    assert answer.status_code == 303
    where = answer.headers["location"]
    page = planner.get(where).text
    assert "灯杆 12" in page
    map_ = planner.get(unescape(re.search(r'src="(/maps/plan/video[^"#]*)', page)[1])).text
    assert "wg-index-video_plan" in map_
    form = page.partition('action="/sharp-eyes/plan.geojson"')[2].partition("</form>")[0]
    kept = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    answer = planner.get("/sharp-eyes/plan.geojson", params={**kept, "purpose": "选址"})
    (point,) = answer.json()["features"]
    assert point["properties"]["name"] == "灯杆 12"
    assert point["properties"]["direction_deg"] == 30
    assert point["geometry"]["coordinates"] == pytest.approx(pole, abs=2e-6)
    again = _ask(planner, darkest, where="kept", poles=re.search(r"poles=(\w+)", where)[1])
    assert again.headers["location"] == where


def test_points_drawn_on_the_map_are_candidates(planner, darkest, pole):
    drawn = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "规划点位 1", "direction_deg": None},
         "geometry": {"type": "Point", "coordinates": pole}}]}  # fmt: skip
    where = _ask(planner, darkest, where="drawn", drawn=json.dumps(drawn)).headers["location"]
    assert "规划点位 1" in planner.get(where).text


# A file that names another one, and one whose frame of reference lies at an address.
ELSEWHERE = (
    b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/hosts.csv</SrcDataSource>'
    b"</OGRVRTLayer></OGRVRTDataSource>"
)
FETCHED = json.dumps({
    "type": "FeatureCollection",
    "crs": {"type": "link", "properties": {"href": "http://127.0.0.1:9/a", "type": "ogcwkt"}},
    "features": [],
}).encode()  # fmt: skip


def test_places_that_cannot_be_used_are_refused_with_the_reason(planner, darkest, pole, tmp_path):
    lacking = _sheet(*pole).decode("gb18030").replace(f"{pole[0]:.7f}", "")
    for file, said in (
        (("灯杆.csv", _sheet(*pole)), "坐标系"),
        (("灯杆.csv", lacking.encode()), "第 1 行"),
        (("灯杆.geojson", b"{]"), "可导入的格式"),
        (("灯杆.geojson", ELSEWHERE), "指向其他文件"),
        (("灯杆.geojson", FETCHED), "坐标系以链接给出"),
        (None, "请选择一个文件"),
    ):
        frame = "wgs84" if file and file[1] == lacking.encode() else ""
        answer = _ask(planner, darkest, file, where="file", frame=frame)
        assert answer.status_code == 422, said
        assert said in answer.text
        assert "/tmp" not in answer.text
    assert "还没有标绘点" in _ask(planner, darkest, where="drawn").text
    assert planner.get(f"/sharp-eyes/plan?compound={darkest}&poles={'0' * 32}").status_code == 422


def test_a_page_says_what_cannot_be_planned(liaison):
    answer = liaison.get("/sharp-eyes/plan?compound=nowhere")
    assert answer.status_code == 422
    assert "nowhere" in answer.text


def test_a_plan_is_nobody_elses(serve, demo_store, darkest):
    with serve(demo_store.urls, role=Role.PLANNER, serve_internal=True) as planner:
        for path in ("/maps/plan/video", "/api/v1/video/plan", "/sharp-eyes/plan.geojson"):
            assert planner.get(f"{path}?compound={darkest}").status_code == 403
    with serve(demo_store.urls, role=Role.GRID_SUPERVISOR, serve_internal=False) as supervisor:
        assert supervisor.get(f"/sharp-eyes/plan.geojson?compound={darkest}").status_code == 403
        assert supervisor.get(f"/maps/plan/video?compound={darkest}").status_code == 403
        assert "/plan.geojson" not in supervisor.get(f"/sharp-eyes/plan?compound={darkest}").text
