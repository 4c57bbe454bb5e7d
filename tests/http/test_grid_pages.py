"""The grid editor over HTTP: drawings checked, saved, refused, undone; who may."""

import json
import re
from html import unescape

import pytest
import shapely

from gis.access.rights import Role
from gis.areas.model import Area
from gis.grids.model import Grid
from gis.runs.by_hand import by_hand

C = "530102001001"
HERE = {"Sec-Fetch-Site": "same-origin"}
WEST, EAST = shapely.box(102.70, 25.04, 102.705, 25.05), shapely.box(102.705, 25.04, 102.71, 25.05)


@pytest.fixture(scope="module")
def town(own_store):
    """A community 0.01° wide with two grids side by side."""
    with own_store() as store:
        with store.begin() as session:
            file = by_hand(session, kind="grids", area_code="530102").id
            shape = shapely.MultiPolygon([shapely.union(WEST, EAST)])
            session.add(Area(code=C, area_code=C, level="community", name="和平社区",
                             source_key="c", import_id=file,
                             geom=f"SRID=4326;{shape.wkt}"))  # fmt: skip
            for n, box in enumerate((WEST, EAST), start=1):
                session.add(Grid(code=f"{C}00{n}", area_code=C, households=400, import_id=file,
                                 source_key=str(n), valid_from="2024-01-01",
                                 geom=f"SRID=4326;{shapely.MultiPolygon([box]).wkt}"))  # fmt: skip
        yield store


@pytest.fixture(scope="module")
def planner(town, serve):
    with serve(town.urls, role=Role.PLANNER, areas=["530102001"]) as client:
        yield client


def form(client):
    """What the editor's form holds: the drawing, its mark and the day."""
    page = client.get(f"/grids/{C}").text
    shapes = unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)[1])
    return {"shapes": shapes, "mark": re.search(r'name="mark" value="(\w+)"', page)[1],
            "day": re.search(r'type="date"[^>]*value="([\d-]+)"', page)[1]}  # fmt: skip


def stepped(client, sent, how, chosen, shape=""):
    asked = {"shapes": sent["shapes"], "how": how, "chosen": chosen,
             "shape": shapely.to_geojson(shape) if shape else ""}  # fmt: skip
    return client.post(f"/grids/{C}/reshape", data=asked, headers=HERE)


def post(client, sent, step):
    return client.post(f"/grids/{C}", data={**sent, "step": step}, headers=HERE,
                       follow_redirects=False)  # fmt: skip


def test_a_split_is_checked_saved_as_a_version_and_undone(planner):
    sent = form(planner)
    line = shapely.LineString([(102.7010, 25.03), (102.7010, 25.06)])
    drawn = stepped(planner, sent, "split", "0", line)
    assert [one["properties"]["label"] for one in drawn.json()["features"]] == ["001", "+1", "002"]
    sent["shapes"] = drawn.text
    looked = post(planner, sent, "check")
    assert 'data-change="new"' in looked.text
    assert "户数不详" in looked.text  # GRD-2: nobody has counted the parts
    assert post(planner, sent, "save").status_code == 303
    page = planner.get(f"/grids/{C}").text
    assert f"{C}003" in page
    assert "2 个新版本" in page
    back = re.search(r'action="(/grids/\d+/edits/\d+/undo)"', page)[1]
    assert planner.post(back, headers=HERE, follow_redirects=False).status_code == 303
    assert f"{C}003" not in planner.get(f"/grids/{C}").text
    assert planner.post(back, headers=HERE).status_code == 404


def test_a_gap_is_refused_and_the_drawing_stays_in_the_form(planner):
    sent = form(planner)
    told = json.loads(sent["shapes"])
    told["features"].pop()
    sent["shapes"] = json.dumps(told)
    answer = post(planner, sent, "save")
    assert answer.status_code == 422
    assert "无网格覆盖的盲区" in answer.text
    assert 'data-change="gone"' in answer.text
    assert f"{C}002" not in answer.text  # the drawing stays as it was sent


def test_the_second_of_two_editors_gets_a_conflict(planner):
    mine, theirs = form(planner), form(planner)
    merged = stepped(planner, mine, "merge", "0,1").text
    assert post(planner, {**mine, "shapes": merged}, "save").status_code == 303
    late = post(planner, {**theirs, "shapes": merged}, "save")
    assert (late.status_code, "没有保存" in late.text) == (409, True)


def test_a_drawing_that_is_none_is_told_apart(planner):
    no_shape = '{"features":[{"properties":{},"geometry":null}]}'
    for shapes in ("", "[]", "{}", "[" * 9_000, '{"features":[{}]}', no_shape):
        is_refused(planner, shapes)


def is_refused(planner, shapes):
    sent = form(planner) | {"shapes": shapes}
    assert post(planner, sent, "check").status_code == 422
    assert stepped(planner, sent, "merge", "0,1").status_code == 422
    assert post(planner, form(planner) | {"day": "gestern"}, "save").status_code == 422
    later = post(planner, form(planner) | {"day": "2999-01-01"}, "save")
    assert later.status_code == 422
    assert "请在生效当天保存" in later.text


def test_who_only_reads_sees_grids_and_history_and_changes_nothing(town, serve):
    with serve(town.urls, role=Role.GRID_WORKER, areas=["530102001"]) as worker:
        page = worker.get(f"/grids/{C}").text
        assert "data-locked" in page
        assert 'name="step"' not in page
        assert post(worker, {}, "save").status_code == 403
        assert stepped(worker, {"shapes": ""}, "merge", "0,1").status_code == 403
    with serve(town.urls, role=Role.PLANNER, areas=["530102002"]) as stranger:
        assert stranger.get(f"/grids/{C}").status_code == 404
        assert post(stranger, {"shapes": "", "mark": ""}, "save").status_code == 404
    with serve(town.urls, role=Role.VIEWER) as viewer:
        assert viewer.get("/grids").status_code == 403


def test_a_grid_of_the_editor_leads_to_its_notes_and_onto_the_visit_list(town, serve):
    with serve(town.urls, role=Role.GRID_SUPERVISOR, areas=["530102001"]) as supervisor:
        link = re.search(rf'href="(/notes/grid/{C}\d+)"', supervisor.get(f"/grids/{C}").text)[1]
        assert f'href="/grids/{C}"' in supervisor.get(link).text
        visit = {"kind": "grid", "code": link.rsplit("/", 1)[1]}
        supervisor.post("/visits/add", data=visit, headers=HERE)
        assert link in supervisor.get("/visits").text
