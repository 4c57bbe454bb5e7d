"""The planner's pages over HTTP: figures as planted, downloads, refusals, rights."""

import csv
import io
import json
import re
from html import unescape
from urllib.parse import unquote

import pytest
import shapely
from sqlalchemy import text

from gis.access.rights import Role
from gis.areas.model import Area
from gis.runs.by_hand import by_hand
from gis.safety import service as safety

COMMUNITY = "530102001001"
HERE = {"Sec-Fetch-Site": "same-origin"}


def _table(client, query=""):
    answer = client.get(f"/coverage-board?download=csv{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_board_ranks_the_planted_gaps_and_the_file_holds_what_is_seen(client, demo_store):
    planted = sorted(demo_store.truth["communities"], key=lambda one: -one["gap_m2"])
    rows = _table(client, "&columns=code&columns=verdict&columns=to_build_m2")
    assert list(rows[0]) == ["编码", "结论", "需建 m²", "标记 / Mark"]
    assert [row["编码"] for row in rows[:2]] == [one["code"] for one in planted[:2]]
    assert [float(row["需建 m²"]) for row in rows] == [one["gap_m2"] for one in planted]
    assert "需建 m²" in client.get("/coverage-board").text


def test_a_filter_cuts_chart_table_and_file_alike(client):
    page = client.get("/coverage-board?verdict=met").text
    drawn = json.loads(unescape(re.search(r'data-bars="([^"]*)"', page)[1]))
    assert drawn["threshold"] == 30
    assert min(drawn["values"]) >= 30
    assert len(drawn["names"]) == len(_table(client, "&verdict=met"))


def test_the_board_lists_who_is_below_a_floor_though_fac_1_is_met(client, demo_store):
    with demo_store.begin() as session:
        latest = session.scalar(text("SELECT max(id) FROM runs WHERE analysis = 'coverage'"))
        below = session.scalars(
            text("SELECT subject_code FROM coverage_results WHERE run_id = :run AND NOT floor_met"),
            {"run": latest},
        )
        expected = sorted(below)
    rows = _table(client, "&columns=code&columns=floor_gap_m2&floor=short")
    assert expected
    assert sorted(row["编码"] for row in rows) == expected
    assert all(float(row["另列下限缺口 m²"]) > 0 for row in rows)


def test_the_columns_that_a_search_sends_along_hold_in_every_link_of_its_answer(client):
    first = client.get("/coverage-board").text
    boxes = r'name="columns" value="([^"]*)" checked'
    sent = "".join(f"&columns={one}" for one in re.findall(boxes, first)[:3])
    page = client.get(f"/coverage-board?q=530{sent}").text
    links = re.findall(r'href="(/coverage-board\?[^"]*)"', page)
    (form,) = re.findall(r'<form class="downloads".*?</form>', page, re.S)
    kept = re.findall(r'"hidden" name="(\w+)" value="([^"]*)"', form)
    file = client.get("/coverage-board", params=[*kept, ("download", "csv"), ("purpose", "会商")])
    heads = file.text.splitlines()[0].removeprefix("\ufeff").split(",")
    sorted_by = next(unescape(one) for one in links if "sort=" in one)
    for answer in (page, client.get(sorted_by).text):
        assert len(heads) - 1 == 3 == answer.count('<th scope="col"')
    held = [unescape(one) for one in links if "q=530" in one]
    assert held
    assert {one.count("columns=") for one in held} == {3}


def test_a_verdict_opens_to_rule_source_figures_and_history(client):
    code = _table(client, "&columns=code")[0]["编码"]
    page = client.get(f"/coverage-board/{code}").text
    for part in ("FAC-1", "五发〔2018〕6号", "每百户面积不少于", "规则版本"):
        assert part in page
    for rule in ("#rule-COM-1", "#rule-COM-2", "每 500 户 1 人"):
        assert rule in page
    assert client.get("/coverage-board/999999999999").status_code == 404


def test_a_communitys_facilities_add_up_to_its_area_shared_ones_included(client, demo_store):
    shared = "SELECT area_code FROM facility_shares ORDER BY 1 LIMIT 1"
    with demo_store.begin() as session:
        code = session.scalar(text(shared))
    page = client.get(f"/coverage-board/{code}").text
    parts = re.findall(r'class="count">([\d,.]+) m²</span><span class="counts">', page)
    rows = _table(client, "&columns=code&columns=floor_area_m2")
    area_m2 = next(float(row["计入面积 m²"]) for row in rows if row["编码"] == code)
    assert sum(float(part.replace(",", "")) for part in parts) == pytest.approx(area_m2, abs=0.5)


def test_a_facility_of_unknown_area_counts_and_shows_no_figure(client, demo_store):
    planted = next(one for one in demo_store.truth["faults"] if one["kind"] == "facility_no_area")
    where = "SELECT area_code, name FROM facilities WHERE source_key = :key"
    with demo_store.begin() as session:
        code, name = session.execute(text(where), {"key": planted["keys"][0]}).one()
    page = client.get(f"/coverage-board/{code}").text
    line = re.search(rf'<span class="name">{name}</span>.*?</li>', page, re.DOTALL)[0]
    assert re.findall(r'<span class="(count|counts)">([^<]*)<', line) == [
        ("count", "面积不详"), ("counts", "计入"),
    ]  # fmt: skip
    assert "处在内而面积不详，只计处数" in page


# -- the facility register --------------------


def test_the_register_lists_what_the_store_holds(client, demo_store):
    answer = client.get("/facilities?download=csv&columns=name&columns=function&columns=code")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == demo_store.truth["counts"]["facilities"]
    one = client.get(f"/facilities/{rows[0]['编码']}").text
    assert '"type":"' in unescape(one)
    assert client.get("/facilities/nothing").status_code == 404


def mark_of(page):
    return re.search(r'name="mark" value="(\w+)"', page)[1]


def test_a_facility_goes_through_check_and_save_with_what_it_had_before(store, serve):
    """A remark has to be confirmed; a person's name and a second, overlapping one are told."""
    box = shapely.to_geojson(shapely.box(102.7002, 25.0402, 102.7004, 25.0404))
    ground = shapely.MultiPolygon([shapely.box(102.70, 25.04, 102.71, 25.05)])
    with store.begin() as session:
        file = by_hand(session, kind="areas", area_code="530102")
        session.add(Area(code=COMMUNITY, area_code=COMMUNITY, level="community", name="社区",
                         source_key="a", import_id=file.id,
                         geom=f"SRID=4326;{ground.wkt}"))  # fmt: skip
    sent = {"name": "和平站", "function": "culture", "status": "open", "geom": box,
            "ownership": "街道办事处", "floor_area_m2": "9000"}  # fmt: skip
    with serve(store.urls, role=Role.PLANNER, areas=["530102"]) as planner:
        looked = planner.post("/facilities/new", data=sent | {"step": "check"}, headers=HERE)
        assert f"所属社区 {COMMUNITY}" in looked.text
        assert "填写的面积大于轮廓" in looked.text
        unsure = planner.post("/facilities/new", data=sent | {"step": "save"}, headers=HERE)
        assert (unsure.status_code, "请先看过提示并勾选" in unsure.text) == (422, True)
        kept = planner.post("/facilities/new", data=sent | {"step": "save", "sure": "yes"},
                            headers=HERE, follow_redirects=False)  # fmt: skip
        assert kept.status_code == 303
        path = kept.headers["location"].partition("?")[0]
        assert 'value="街道办事处"' in planner.get(path).text
        mark = mark_of(planner.get(path).text)
        first = {"name": "和平北站", "step": "save", "sure": "yes", "mark": mark}
        assert planner.post(path, data=sent | first, headers=HERE).status_code == 303
        second = sent | {"ownership": "区民政局", "step": "save", "sure": "yes", "mark": mark}
        late = planner.post(path, data=second, headers=HERE)
        assert (late.status_code, "名称 和平北站" in late.text) == (409, True)
        assert 'value="区民政局"' in late.text
        assert 'value="和平北站"' not in late.text
        close = {"closed_on": "2026-09-01", "mark": mark}
        assert planner.post(f"{path}/close", data=close, headers=HERE).status_code == 409
        known = second | {"mark": mark_of(late.text)}
        assert planner.post(path, data=known, headers=HERE).status_code == 303
        close["mark"] = mark_of(planner.get(path).text)
        closed = planner.post(f"{path}/close", data=close, headers=HERE)
        assert "已关闭" in planner.get("/facilities?columns=status").text, closed.text
    with serve(store.urls, role=Role.GRID_SUPERVISOR, areas=["530102"]) as supervisor:
        place = path.removeprefix("/facilities/")
        assert f'href="/notes/facility/{place}"' in supervisor.get(path).text
        assert "和平站" in supervisor.get(f"/notes/facility/{place}").text
        visit = {"kind": "facility", "code": unquote(place)}
        supervisor.post("/visits/add", data=visit, headers=HERE)
        assert f'href="/notes/facility/{visit["code"]}"' in supervisor.get("/visits").text
    with serve(store.urls, role=Role.VIEWER, areas=["530102"]) as viewer:
        assert "/notes/" not in viewer.get(path).text
        assert viewer.get("/facilities/new").status_code == 403
        assert viewer.post("/facilities/new", data=sent, headers=HERE).status_code == 403


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"geom": ""}, "请在地图上画一个点或一个面"),
        ({"geom": '{"type":"Point","coordinates":[121.5,31.2]}'}, "不在本区任何社区内"),
        ({"geom": "[" * 5000}, "请在地图上画一个点或一个面"),
        ({"geom": "版本 = 1"}, "请在地图上画一个点或一个面"),
        ({"floor_area_m2": "viel"}, "请填写数字"),
        ({"floor_area_m2": "nan"}, "请填写数字"),
        ({"opened_on": "gestern"}, "请填写日期"),
        ({"function": "casino"}, "请从列表中选择"),
    ],
)
def test_a_bad_entry_comes_back_with_what_is_wrong_and_what_was_written(client, changed, told):
    spot = '{"type":"Point","coordinates":[102.71,25.045]}'
    sent = {"name": "和平站", "function": "culture", "status": "open", "geom": spot, "step": "save"}
    answer = client.post("/facilities/new", data=sent | changed, headers=HERE)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'value="和平站"' in answer.text


def test_drawn_areas_are_merged_by_the_server(client):
    shapes = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    sent = {"shapes": shapely.to_geojson(shapes)}
    answer = client.post("/planning/merge", data=sent, headers=HERE)
    assert shapely.from_geojson(answer.text).equals(shapely.box(0, 0, 2, 1))
    for words in ("x", "版本 = 1"):  # GEOS quotes the second as far as inside a sign
        refused = client.post("/planning/merge", data={"shapes": words}, headers=HERE)
        assert refused.status_code == 422


# -- the 15-minute circle --------------------


def test_the_circle_reaches_no_farther_than_990_metres_and_says_who_is_beyond(client):
    rows = csv.DictReader(
        io.StringIO(client.get("/walking?download=csv").text.removeprefix("\ufeff"))
    )
    walks = [row["最近步行距离 m"] for row in rows]
    assert len(walks) > 50
    near = [float(walk) for walk in walks if walk != "超出"]
    assert 0 < max(near) <= 990
    assert len(near) < len(walks)
    page = client.get("/walking").text
    assert "990 米" in page
    assert "在本街道内可达户数" in page


def test_without_streets_no_walk_is_invented(store, serve):
    with serve(store.urls, role=Role.PLANNER, areas=["530102"]) as planner:
        page = planner.get("/walking?as_of=2026-09-30").text
        assert "没有步行街道网络" in page


# -- a compound's page --------------------


def test_why_a_compound_has_its_colour_is_said_once_before_the_figures_open(client, demo_store):
    asked = text(
        "SELECT compound_code, reason_zh FROM wangge.ratings"
        " WHERE run_id = :run AND rated_with IS NULL AND colour = 'red' ORDER BY 1 LIMIT 1"
    )
    with demo_store.begin() as session:
        code, reason = session.execute(asked, {"run": demo_store.runs["rating"]}).one()
    page = unescape(client.get(f"/places/compound/{code}").text)
    card = page.partition("<h2>三色评级")[2].partition('<section class="card"')[0]
    assert card.count(reason) == 1
    assert card.index('class="chip"') < card.index(reason) < card.index("<details")


def test_the_newest_month_is_previewed_with_the_incidents_that_are_in(client, demo_store):
    """The window: 24 months up to the month of the newest incident; counted by SQL by hand."""
    asked = text(
        "SELECT r.compound_code, count(*) AS happened"  # telecom fraud is never rated
        " FROM wangge.ratings r JOIN wangge.incidents i ON i.compound_code = r.compound_code"
        " AND i.category <> 'telecom_fraud'"
        " WHERE r.run_id = :run AND r.rated_with IS NULL AND r.colour = 'red'"
        " AND i.occurred_at >= '2024-10-01+08' AND i.occurred_at < '2026-10-01+08'"
        " GROUP BY 1 ORDER BY 1 LIMIT 1"
    )
    with demo_store.begin() as session:
        code, happened = session.execute(asked, {"run": demo_store.runs["rating"]}).one()
    page = client.get(f"/places/compound/{code}").text
    card = page[page.index('id="preview"') :]
    assert "2026-09 预览" in card
    assert f"计入警情{happened}起" in card
    assert "未经复核" in card


def test_a_viewer_gets_no_preview(client, demo_store, token_for):
    with demo_store.begin() as session:
        code = session.execute(text("SELECT min(compound_code) FROM wangge.ratings")).scalar_one()
    token = token_for(demo_store.urls, Role.VIEWER, [COMMUNITY[:6]])
    answer = client.get(f"/places/compound/{code}", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert 'id="preview"' not in answer.text


def test_of_compounds_rated_together_who_sees_one_area_alone_gets_no_preview(
    client, demo_store, token_for, monkeypatch
):
    """The demo rates every compound alone; here all are as if they were not."""
    monkeypatch.setattr(safety, "rated_alone", lambda *_: False)
    asked = "SELECT compound_code, area_code FROM wangge.ratings ORDER BY 1 LIMIT 1"
    with demo_store.begin() as session:
        code, area = session.execute(text(asked)).one()
    for areas, shown in (([area], False), ([COMMUNITY[:6]], True)):
        token = token_for(demo_store.urls, Role.POLICE_LIAISON, areas)
        said = client.get(f"/places/compound/{code}", headers={"authorization": f"Bearer {token}"})
        assert said.status_code == 200
        assert ('id="preview"' in said.text) is shown


def test_more_incidents_than_usual_are_told_to_who_reads_incidents(own_demo, serve, token_for):
    """Twelve of other compounds, put into the last month of one that had none in it."""
    quiet = text(
        "SELECT compound_code FROM ratings EXCEPT SELECT compound_code FROM incidents"
        " WHERE occurred_at >= '2026-07-01+08' ORDER BY 1 LIMIT 1"
    )
    moved = text(
        "UPDATE incidents SET compound_code = :code, occurred_at = '2026-09-15+08',"
        " area_code = (SELECT area_code FROM compounds WHERE code = :code LIMIT 1)"
        " WHERE id IN (SELECT id FROM incidents WHERE category = 'theft' ORDER BY id LIMIT 12)"
    )
    with serve(own_demo.urls, role=Role.POLICE_LIAISON) as police:
        with own_demo.begin() as session:
            code = session.scalar(quiet)
            page = f"/places/compound/{code}"
            assert 'id="alarm"' not in police.get(page).text
            session.execute(moved, {"code": code})
        told = police.get(page).text
        assert "自2026-09起警情多于往常：至2026-09共1个月12起" in told
        assert '/help#rule-SAF-ALARM"' in told
        assert 'id="rule-SAF-ALARM"' in police.get("/help").text
        told = police.get(page, params={"language": "en"}).text
        assert "Since 2026-09 more incidents than usual: 12 in the 1 month to 2026-09" in told
        supervisor = token_for(own_demo.urls, Role.GRID_SUPERVISOR, [COMMUNITY[:6]])
        plain = police.get(page, headers={"authorization": f"Bearer {supervisor}"})
        assert (plain.status_code, 'id="alarm"' in plain.text) == (200, False)


def test_a_compound_without_any_incident_is_previewed_with_none(own_demo, serve):
    asked = text("SELECT min(compound_code) FROM ratings WHERE rated_with IS NULL")
    with serve(own_demo.urls) as steward:
        with own_demo.begin() as session:
            code = session.scalar(asked)
            session.execute(text("DELETE FROM incidents WHERE compound_code = :c"), {"c": code})
        page = steward.get(f"/places/compound/{code}").text
        assert "计入警情0起" in page[page.index('id="preview"') :]
        with own_demo.begin() as session:
            session.execute(text("DELETE FROM incidents"))
        bare = steward.get(f"/places/compound/{code}")
        assert (bare.status_code, 'id="preview"' in bare.text) == (200, False)
