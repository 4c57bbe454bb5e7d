"""A scenario through the pages: made, changed, compared, shared, printed, deleted; today stays."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pypdf
import pytest
from sqlalchemy import select, text
from waiting import until_blocked

from api.house import House
from gis.access.rights import Role
from gis.compounds.model import Compound
from gis.db.session import User
from gis.facilities.model import Facility
from gis.scenarios import nearness, service
from gis.scenarios.model import ChangeKind, ScenarioChange
from gis.settings import Settings

HERE = {"Sec-Fetch-Site": "same-origin"}
DAY = {"as_of": "2026-09-30"}
STREET, WITHOUT, HOST, THIRD = "530102002", "530102002003", "530102001001", "530102001003"


@pytest.fixture(scope="module")
def planner(own_demo, serve):
    with serve(own_demo.urls, role=Role.PLANNER) as client:
        yield client


def post(client, path, status=303, **data):
    answer = client.post(path, data=data, headers=HERE, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return answer


@pytest.fixture
def scenario(planner):
    made = post(planner, "/scenarios", name="祥云街新建", area="530102", **DAY).headers["location"]
    yield made
    planner.post(f"{made}/delete", headers=HERE)


def test_adding_the_missing_area_turns_the_community_met_and_today_stays(
    planner, scenario, own_demo
):
    """The planted community without a facility has 2,536 households: 760.8 m² are required."""
    with own_demo.begin() as session:
        before = session.scalars(select(Facility.source_key)).all()
    post(planner, f"{scenario}/changes", kind="add", name="祥云站", function="culture",
         community=WITHOUT, area_m2="760.8")  # fmt: skip
    page = planner.get(scenario).text
    assert "1,087 → 326 m²" in page.replace("&#39;", "'")
    assert "486.5 万元" in page  # 300,000 + 6,000 × 760.8 yuan
    english = planner.get(scenario, headers={"Cookie": "wangge_language=en"}).text
    assert "4.9 million yuan" in english
    table = planner.get(f"{scenario}?purpose=x&download=csv&changed=True").text
    assert table.count("\n") == 2  # the head and one community
    assert "无设施" in table
    assert "达标" in table
    with own_demo.begin() as session:
        assert session.scalars(select(Facility.source_key)).all() == before
    board = planner.get("/coverage-board?download=csv&columns=code&columns=verdict").text
    assert f"{WITHOUT},无设施" in board


@pytest.mark.parametrize("step", ["changes", "share"])
def test_whoever_works_on_a_scenario_that_somebody_removes_is_told(
    planner, scenario, own_demo, step
):
    number = int(scenario.rpartition("/")[2])
    login = planner.get("/api/v1/auth/me").json()["login"]
    owner = User.of(Role.PLANNER, id=login, area_prefixes=("",))
    with ThreadPoolExecutor() as pool:
        with own_demo.begin(owner) as session:  # in another window, at this moment
            service.remove(session, service.find(session, number))
            told = {"shared": "yes"} if step == "share" else ADD
            second = pool.submit(post, planner, f"{scenario}/{step}", 409, **told)
            until_blocked(session, second.done)
        assert second.result().json()["code"] == "overtaken"


ADD = {"kind": "add", "name": "站点", "function": "culture", "community": WITHOUT, "area_m2": "10"}


@pytest.mark.parametrize(
    "bad",
    [
        ADD | {"area_m2": "viel"},
        ADD | {"community": ""},
        ADD | {"area_m2": "-1"},
        ADD | {"name": ""},
        ADD | {"lon": "102.7"},
        ADD | {"lon": "121.5", "lat": "31.2"},
        {"kind": "dream"},
        {"kind": "close", "facility": "", "name": "站点"},
        {"kind": "share", "facility": "", "community": WITHOUT, "part": "50", "name": "站点"},
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_the_form_is_kept(planner, scenario, bad):
    page = post(planner, f"{scenario}/changes", 422, **bad).text
    assert 'aria-invalid="true"' in page
    assert f'value="{bad.get("name", "")}"' in page
    assert "还没有改动" in planner.get(scenario).text


def areas_m2(planner, scenario):
    """Area added per community, of the scenario's own table."""
    table = planner.get(f"{scenario}?purpose=x&download=csv&columns=code&columns=added_m2").text
    rows = csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))
    found = {row["编码"]: round(float(row["面积增减 m²"]), 6) for row in rows}
    return {code: area_m2 for code, area_m2 in found.items() if area_m2}


def test_a_facility_is_shared_among_three_communities_and_its_own_keeps_the_rest(planner, scenario):
    post(planner, f"{scenario}/changes", **ADD | {"community": HOST, "area_m2": "200"})
    key = re.search(r'value="(scenario:\w+)"', planner.get(scenario).text)[1]
    share = {"kind": "share", "facility": key}
    post(planner, f"{scenario}/changes", **share, community=WITHOUT, part="30")
    post(planner, f"{scenario}/changes", **share, community=THIRD, part="50")
    assert areas_m2(planner, scenario) == {HOST: 40.0, WITHOUT: 60.0, THIRD: 100.0}
    for community, part, told in (
        ("", "10", "请选择社区"), (HOST, "10", "设施就在该社区"), (STREET, "10", "请选择社区"),
        ("530102001002", "21", "合计 101%"), (WITHOUT, "-1", "份额为 0 至 100%"),
    ):  # fmt: skip
        sent = share | {"community": community, "part": part}
        assert told in post(planner, f"{scenario}/changes", 422, **sent).text
    post(planner, f"{scenario}/changes", **share, community=WITHOUT, part="0")
    assert areas_m2(planner, scenario) == {HOST: 100.0, THIRD: 100.0}


def test_a_share_whose_room_another_has_taken_is_not_taken_back_before_it(planner, scenario):
    post(planner, f"{scenario}/changes", **ADD | {"community": HOST, "area_m2": "200"})
    key = re.search(r'value="(scenario:\w+)"', planner.get(scenario).text)[1]
    share = {"kind": "share", "facility": key}
    for community, part in ((WITHOUT, "60"), (WITHOUT, "20"), (THIRD, "70")):
        post(planner, f"{scenario}/changes", **share, community=community, part=part)
    _, _, less, other = re.findall(r'action="(/[^"]+/drop)"', planner.get(scenario).text)
    refused = post(planner, less, 422).text  # 60 % and 70 % would be left
    assert "其余共享合计 130%" in refused
    assert 'aria-invalid="true"' in refused
    shared_out = {HOST: 20.0, WITHOUT: 40.0, THIRD: 140.0}
    assert areas_m2(planner, scenario) == shared_out
    post(planner, other)
    post(planner, less)
    assert areas_m2(planner, scenario) == {HOST: 80.0, WITHOUT: 120.0}


def test_a_facility_moves_into_a_community_once_that_has_given_its_share_back(planner, scenario):
    """Its own community keeps what nobody shares: 200 m² less 60 % for the third one."""
    post(planner, f"{scenario}/changes", **ADD | {"community": HOST, "area_m2": "200"})
    key = re.search(r'value="(scenario:\w+)"', planner.get(scenario).text)[1]
    share, move = ({"kind": kind, "facility": key} for kind in ("share", "move"))
    post(planner, f"{scenario}/changes", **share, community=WITHOUT, part="30")
    refused = post(planner, f"{scenario}/changes", 422, **move, community=WITHOUT).text
    assert "该社区已共享这处设施的 30%" in refused
    assert areas_m2(planner, scenario) == {HOST: 140.0, WITHOUT: 60.0}
    post(planner, f"{scenario}/changes", **share, community=WITHOUT, part="0")
    post(planner, f"{scenario}/changes", **move, community=WITHOUT)
    post(planner, f"{scenario}/changes", **share, community=THIRD, part="60")
    assert areas_m2(planner, scenario) == {WITHOUT: 80.0, THIRD: 120.0}
    added, first, given_back, moved, _ = re.findall(
        r'action="(/[^"]+/drop)"', planner.get(scenario).text
    )
    assert "又持有它的份额" in post(planner, given_back, 422).text
    assert "请先撤回它们" in post(planner, added, 422).text
    post(planner, moved)
    assert areas_m2(planner, scenario) == {HOST: 80.0, THIRD: 120.0}
    for one in (first, given_back):
        post(planner, one)
    assert areas_m2(planner, scenario) == {HOST: 80.0, THIRD: 120.0}


def test_a_change_saved_before_the_rule_of_shares_can_be_taken_back(planner, scenario, own_demo):
    """180 % were shared then: no change of the area is held back by it, nor is one that lessens."""
    post(planner, f"{scenario}/changes", **ADD | {"community": HOST, "area_m2": "200"})
    key = re.search(r'value="(scenario:\w+)"', planner.get(scenario).text)[1]
    login = planner.get("/api/v1/auth/me").json()["login"]
    number = int(scenario.rpartition("/")[2])
    saved = [
        (ChangeKind.RESIZE, {"floor_area_m2": 300}),
        *((ChangeKind.SHARE, {"shares": {code: part}})
          for code, part in ((WITHOUT, 0.6), (THIRD, 0.7), ("530102001002", 0.5))),
        (ChangeKind.CLOSE, {}),
    ]  # fmt: skip
    with own_demo.begin(User.of(Role.PLANNER, id=login, area_prefixes=("",))) as session:
        for kind, values in saved:
            session.add(ScenarioChange(scenario_id=number, area_code=HOST, kind=kind, facility=key,
                                       values=values))  # fmt: skip
            session.flush()
    _, resized, _, _, third, closed = re.findall(
        r'action="(/[^"]+/drop)"', planner.get(scenario).text
    )
    for one in (closed, resized, third):
        post(planner, one)
    assert planner.get(scenario).text.count('/drop"') == 3


def test_what_is_moved_to_a_spot_belongs_to_the_community_there(planner, scenario, own_demo):
    inside = text("SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM areas"
                  " WHERE code = :code AND valid_to IS NULL) AS one")  # fmt: skip
    with own_demo.begin() as session:
        lon, lat = session.execute(inside, {"code": THIRD}).one()
    post(planner, f"{scenario}/changes", **ADD | {"community": HOST, "area_m2": "200"})
    key = re.search(r'value="(scenario:\w+)"', planner.get(scenario).text)[1]
    move = {"kind": "move", "facility": key, "lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    post(planner, f"{scenario}/changes", **move)
    assert areas_m2(planner, scenario) == {THIRD: 200.0}
    refused = post(planner, f"{scenario}/changes", 422, **move, community=WITHOUT).text
    assert f"该位置在社区 {THIRD}，不在所选社区" in refused


def test_a_scenario_is_its_owners_alone_until_it_is_shared(planner, scenario, own_demo, serve):
    with serve(own_demo.urls, role=Role.PLANNER, areas=["530102"]) as other:
        assert other.get(scenario).status_code == 404
        post(planner, f"{scenario}/share", shared="yes")
        assert "祥云街新建" in other.get(scenario).text
        assert other.post(f"{scenario}/delete", headers=HERE).status_code == 403
        change = {"kind": "close", "facility": "x"}
        assert other.post(f"{scenario}/changes", data=change, headers=HERE).status_code == 403
    with serve(own_demo.urls, role=Role.PLANNER, areas=[STREET]) as narrow:
        assert narrow.get(scenario).status_code == 404
    with serve(own_demo.urls, role=Role.VIEWER) as viewer:
        assert viewer.get("/scenarios").status_code == 403


def test_a_scenario_is_printed_with_its_changes_and_sums(planner, scenario):
    post(planner, f"{scenario}/changes", kind="add", name="祥云站", function="culture",
         community=WITHOUT, area_m2="760.8")  # fmt: skip
    answer = planner.get(f"{scenario}/print?purpose=x")
    page = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0]
    text = re.sub(r"\s+", "", page.extract_text())
    assert "祥云街新建" in text
    assert "760.8" in text
    assert "486.5万元" in text
    assert "演示数据" in text
    assert {round(float(side)) for side in page.mediabox[2:]} == {595, 842}


def test_closing_a_station_is_felt_on_foot_and_a_new_one_stands_in_the_middle(
    planner, scenario, own_demo
):
    """By hand from the circle's own table: who walks today, and what the changes leave of it."""

    def households():
        table = planner.get("/walking?function=service_station&download=csv&columns=code"
                            "&columns=households&columns=walk_m").text  # fmt: skip
        rows = csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))
        return sum(int(float(one["户数"] or 0)) for one in rows if one["最近步行距离 m"] != "超出")

    assert "步行距离没有变化" in planner.get(f"{scenario}/walking").text
    with own_demo.begin() as session:
        asked = select(Facility.source_key).where(Facility.function == "service_station")
        stations = session.scalars(asked).all()
    for one in stations:
        post(planner, f"{scenario}/changes", kind="close", facility=one)
    reached = f"{households():,}"
    told = planner.get(f"{scenario}/walking", headers={"Accept": "text/event-stream"}).text
    assert [one.partition("\n")[0] for one in told.split("\n\n")[-3:]] == [
        "event: told", "event: done", "",
    ]  # fmt: skip
    assert f"{reached} → 0" in planner.get(f"{scenario}/walking").text
    post(planner, f"{scenario}/changes", kind="add", name="合并站", function="service_station",
         community=HOST, area_m2="500")  # fmt: skip
    page = planner.get(f"{scenario}/walking").text
    then = int(re.search(rf"{reached} → ([\d,]+)", page)[1].replace(",", ""))
    assert 0 < then < int(reached.replace(",", ""))


def test_a_new_station_stands_in_a_compound_of_its_community(own_demo):
    house = House(Settings(_env_file=None))
    rules = {"policy": house.policy, "district": house.district, "as_of": date(2026, 9, 30)}
    with own_demo.begin() as session:
        spot = nearness.spot_for(session, HOST, **rules)
        inside = Compound.geom.ST_Intersects(f"SRID=4326;{spot.wkt}")
        assert session.scalars(select(Compound.area_code).where(inside)).all() == [HOST]
        assert nearness.spot_for(session, "530102999999", **rules) is None


def test_a_station_of_a_community_without_compounds_has_no_place_and_the_page_says_so(
    demo_copy, serve
):
    nobody = text("UPDATE compounds SET valid_to = '2026-01-01' WHERE area_code = :code")
    with demo_copy() as store:
        with store.begin() as session:
            session.execute(nobody, {"code": WITHOUT})
        with serve(store.urls, role=Role.PLANNER) as client:
            made = post(client, "/scenarios", name="两站", area="530102", **DAY).headers["location"]
            for community in (WITHOUT, HOST):
                post(client, f"{made}/changes", **ADD | {"community": community, "area_m2": "300"})
            page = client.get(f"{made}/walking").text
            assert "1 处设施因社区内没有小区而没有位置，未计入。" in page
            today, then = re.search(r">(\d+) → (\d+)<", page).groups()
            assert int(then) == int(today) + 1  # the other one
