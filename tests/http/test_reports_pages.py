"""Rankings, the quarterly report, monthly pages and map sheets, over the small demo."""

import io
import re

import pandas as pd
import pypdf
import pytest
from sqlalchemy import text as sql

from api.house import House
from gis.access.rights import Role
from gis.areas.model import Area
from gis.publication import service as publication
from gis.publication import store as publication_store
from gis.runs.by_hand import by_hand
from gis.settings import Settings

DISTRICT = House(Settings(_env_file=None)).district
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def liaison(demo_store, serve):
    with serve(demo_store.urls, role=Role.POLICE_LIAISON) as client:
        yield client


def _text(answer) -> str:
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return "".join(page.extract_text() for page in pages).replace("\n", "")


def test_the_ranking_shows_what_the_file_says(liaison, demo_store):
    page = liaison.get("/rankings?period=2026Q3").text
    scores = pd.read_csv(demo_store.files / "evaluations.csv", dtype={"area_code": str})
    now = scores[scores["period"] == "2026Q3"]
    weights = {"satisfaction": 0.4, "problems_fixed": 0.3, "media": 0.1, "inspection": 0.2}
    totals = (now["score"] * now["measure"].map(weights)).groupby(now["area_code"]).sum()
    assert f"{round(totals.max(), 2):g}" in page
    file = liaison.get("/rankings?period=2026Q3&download=csv").text
    assert len(file.strip().splitlines()) == 1 + now["area_code"].nunique()


def test_streets_have_a_ranking_of_their_own(liaison):
    assert "街道" in liaison.get("/rankings?level=street").text


def test_the_quarterly_report_has_every_part_that_is_there(liaison):
    answer = liaison.get("/reports/2026Q3.pdf?purpose=x")
    assert answer.headers["content-type"] == "application/pdf"
    text = _text(answer)
    for said in (
        "季度报告",
        "街道排名",
        "雪亮工程",
        "社区综合服务设施",
        "示范",
        "FAC-1",
        "演示数据",
    ):
        assert said in text
    assert liaison.get("/reports/2026-09.pdf").status_code == 422
    assert liaison.get("/reports/1999Q1.pdf").status_code == 404


def _printed(text: str, *labels: str) -> list[str]:
    """The numbers that stand over their labels on paper."""
    return [re.search(rf"([\d.,]+%?)\s*{label}", text)[1].replace(",", "") for label in labels]


COLOURS = {"red": "红牌 治安警示", "yellow": "黄牌 治安提示", "green": "绿牌 治安良好"}
COVERED = ("达标", "不达标", "无设施", "户数不详")
COUNTED = """
SELECT (SELECT count(*) FROM compounds JOIN published_ratings AS hung ON compound_code = code
        WHERE compounds.area_code ^@ :area AND colour = :colour),
       (SELECT count(*) FROM grids WHERE area_code ^@ :area AND network = 'unified'
        AND valid_to IS NULL),
       (SELECT count(*) FROM cameras WHERE area_code ^@ :area AND camera_status_on(
        status, installed_on, removed_on, '2026-09-30') NOT IN ('planned', 'removed')),
       (SELECT count(*) FROM areas WHERE code ^@ :area AND level = 'community')
"""


@pytest.fixture
def published(own_demo):
    with own_demo.begin() as session:
        if publication_store.newest_published(session, "2026Q3") is None:
            cycle = publication.open_cycle(session, district=DISTRICT, period="2026Q3")
            changed = publication.changes(session, cycle)["code"].tolist()
            publication.confirm(session, cycle.id, changed)
            publication.publish(session, cycle.id, issuer="五华区公安分局")
    return own_demo


@pytest.mark.parametrize(
    ("role", "area", "title"),
    [
        (Role.GRID_SUPERVISOR, "530102001001", "翠湖西路社区"),
        (Role.POLICE_LIAISON, "530102001", "街道"),
        (Role.PLANNER, "", "五华区"),
        (Role.POLICE_LIAISON, "", "五华区"),
    ],
)
def test_every_figure_of_a_report_is_of_the_area_in_its_title(published, serve, role, area, title):
    """Counted again in the tables that the figures come from."""
    with published.begin() as session:
        rows = [session.execute(sql(COUNTED), {"area": area or "530102", "colour": one}).one()
                for one in COLOURS]  # fmt: skip
    _, grids, points, communities = rows[0]
    with serve(published.urls, role=role, areas=[area]) as client:
        text = _text(client.get("/reports/2026Q3.pdf?purpose=例会"))
        named = client.get("/rankings").text
    assert title in text.split("季度报告")[0]
    assert _printed(text, *COLOURS.values()) == [str(row[0]) for row in rows]
    assert _printed(text, "统一网格") == [str(grids)]
    assert sum(map(int, _printed(text, *COVERED))) == communities
    found = _printed(text, "在册点位") if "雪亮工程" in text else None
    assert found == (None if role is Role.PLANNER else [str(points)])
    assert ("社区排名" in text, "只涉及您的辖区" in named) == (len(area) != 12, area != "")


OWN_POLICY = """version = "t"
[rules.SAF-1]
red_enter = 0.77
[rules.SAF-3]
safe_share = 0.93
[rules.FAC-1]
m2_per_100_households = 45.0
[rules.GRD-1]
gap_min_m2 = 7.0
[rules.VID-2]
working_share = 0.91
[rules.EVA-1]
weight_satisfaction = 0.35
weight_media = 0.15
"""


@pytest.fixture
def reported(published, serve, tmp_path):
    """The report under a policy: none of its own, or the text of its file."""

    def printed(own=None, asked=""):
        file = tmp_path / "policy.toml"
        file.write_text(own or "", encoding="utf-8")
        settings = {"policy_file": file} if own else {}
        with serve(published.urls, role=Role.POLICE_LIAISON, **settings) as client:
            return _text(client.get(f"/reports/2026Q3.pdf?purpose=例会{asked}"))

    return printed


def test_a_report_tells_the_thresholds_of_the_policy_in_force(reported):
    """No figure of a rule is a word of ours: another policy file prints other ones."""
    for text, safe, weight in (
        (reported(), "95 %", "40 %"),
        (reported(OWN_POLICY), "93 %", "35 %"),
    ):
        assert f"平安社区不低于 {safe}；示范社区不低于 25 %" in text
        assert f"满意度权重 {weight}" in text
        assert "是否达到 30 平方米" in text
        assert "示范不低于 90 分；达标不低于 60 分" in text


def test_stored_figures_stand_above_no_thresholds_that_did_not_judge_them(reported):
    """Four parts read a stored run; what is counted when it is printed has today's rules."""
    held = ("红牌所需概率", "每百户面积不少于", "缝隙起算面积", "完好率不低于")
    text = reported()
    assert [one in text for one in held] == [True] * 4
    assert "按当时的规则" not in text
    for own in (OWN_POLICY, OWN_POLICY.replace('"t"', '"2026.3"')):
        text = reported(own)
        assert [one in text for one in held] == [False] * 4
        told = re.findall(r"([A-Z]{3}-\d) · 按当时的规则（2026.3 版）评判", text)
        assert told == ["SAF-1", "FAC-1", "GRD-1", "VID-2"]
    assert "Judged by the rules of then (version 2026.3)" in reported(OWN_POLICY, "&language=en")


def test_a_division_that_no_run_has_seen_has_no_part_of_one(demo_copy, serve):
    code = "530102001999"
    with demo_copy() as store:
        with store.begin() as session:
            file = by_hand(session, kind="areas", area_code=code).id
            session.add(Area(code=code, area_code=code, level="community", name="新设社区",
                             source_key="new", import_id=file))  # fmt: skip
        with serve(store.urls, role=Role.PLANNER) as client:
            text = _text(client.get(f"/reports/2026Q3.pdf?purpose=x&area={code}"))
    assert "新设社区" in text
    assert "统一网格" in text
    assert "社区综合服务设施" not in text
    assert "NaN" not in text


def test_a_map_sheet_of_any_layer_that_may_leave(liaison):
    text = _text(liaison.get("/sheets/rating.pdf?purpose=x&paper=a3&maker=综治中心"))
    for said in ("三色评级", "综治中心", "EPSG:4543", "图例"):
        assert said in text


def test_a_sheet_names_its_area_and_a_unit_never_a_person(liaison, demo_store, serve):
    login = liaison.get("/api/v1/auth/me").json()["login"]
    bare = _text(liaison.get("/sheets/rating.pdf?purpose=x&area=530102001001"))
    assert re.search("制图单位.*昆明市五华区", bare)
    assert bare.count(login) == bare.split("三色评级")[0].count(login)  # who took it, at the edge
    assert "翠湖西路社区" in bare
    said = {"sheet_layer": "rating", "paper": "a4", "sheet_area": "", "sheet_purpose": "上墙"}
    own = {**said, "title": "华山街道三色图", "maker": "华山街道综治中心"}
    text = _text(liaison.post("/exports/sheet", data=own, headers=HERE, follow_redirects=True))
    assert "华山街道三色图" in text
    assert "华山街道综治中心" in text
    named = liaison.post("/exports/sheet", data={**said, "maker": "李警官制图"}, headers=HERE)
    assert (named.status_code, "疑似含个人信息" in named.text) == (422, True)
    assert liaison.get("/sheets/rating.pdf?purpose=x&title=电话13812345678").status_code == 422
    with serve(demo_store.urls, role=Role.GRID_SUPERVISOR, areas=["530102001"]) as client:
        own = _text(client.get("/sheets/rating.pdf?purpose=x"))
    assert "街道" in own.split("图例")[0]


def test_a_sheet_of_very_many_areas_names_as_many_as_there_is_room_for(demo_store, serve):
    asked = "SELECT code, name FROM areas WHERE level = 'community' AND valid_to IS NULL ORDER BY 1"
    with demo_store.begin() as session:
        names = dict(session.execute(sql(asked)).all())
    assert len("、".join(names.values())) > 60
    said = {"sheet_layer": "rating", "paper": "a4", "sheet_purpose": "上墙"}
    with serve(demo_store.urls, role=Role.POLICE_LIAISON, areas=[*names]) as client:
        made = client.get("/sheets/rating.pdf?purpose=x")
        assert made.status_code == 200
        there = client.post("/exports/sheet", data=said, headers=HERE, follow_redirects=False)
    assert there.headers["location"].startswith("/sheets/rating.pdf?")
    assert len(pypdf.PdfReader(io.BytesIO(made.content)).pages) == 1
    told = _text(made).split("三色评级")[1].split("…")[0].strip()
    assert set(told.split("、")) < set(names.values())


def test_an_internal_sheet_wants_a_purpose_and_carries_the_mark(liaison):
    assert liaison.get("/sheets/cameras.pdf").status_code == 422
    assert "内部资料" in _text(liaison.get("/sheets/cameras.pdf?purpose=巡检"))


@pytest.mark.parametrize(
    "path", ["/rankings?download=csv", "/reports/2026Q3.pdf", "/sheets/rating.pdf", "/bulletins"]
)
def test_a_viewer_takes_nothing_along(demo_store, serve, path):
    with serve(demo_store.urls, role=Role.VIEWER) as client:
        assert client.get(path).status_code == 403


def test_a_monthly_page_is_previewed_published_and_read_without_an_account(own_demo, serve):
    outside = {"public_url": "https://wuhua.example"}
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, **outside) as client:
        page = client.get("/bulletins?month=2026-08").text
        assert "少于 5 起" in page
        code = page.split('name="area" value="')[1].split('"')[0]
        sent = client.post("/bulletins", data={"area": code, "month": "2026-08"}, headers=HERE)
        assert sent.status_code == 303
    with serve(own_demo.urls, role=None, **outside) as client:
        seen = client.get(f"/open/{code}")
        assert seen.status_code == 200
        assert "2026-08" in seen.text
        assert client.get("/open/530102999999").status_code == 404
        assert client.get("/bulletins").status_code == 401
    with serve(own_demo.urls, role=None) as client:
        assert client.get(f"/open/{code}").status_code == 404


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("zh", "《五华区关于加强和完善社区治理的实施意见》（五发〔2018〕6号）"),
        ("en", "Wuhua District, Opinions on Strengthening and Improving Community Governance"),
    ],
)
def test_a_monthly_page_says_which_documents_it_quotes(own_demo, serve, language, title):
    """Also one that was published before pages kept the titles."""
    month = {"zh": "2026-05", "en": "2026-06"}[language]  # of this test alone
    before = sql(
        "INSERT INTO bulletins (area_code, month, revision, content, published_by)"
        " SELECT area_code, month, 2, content - 'documents', published_by FROM bulletins"
        " WHERE area_code = :code AND month = :month"
    )
    with serve(own_demo.urls, role=Role.POLICE_LIAISON, public_url="https://wuhua.example") as desk:
        code = desk.get("/bulletins").text.split('name="area" value="')[1].split('"')[0]
        desk.post("/bulletins", data={"area": code, "month": month}, headers=HERE)
        shown = [desk.get(f"/open/{code}?month={month}&language={language}").text]
        with own_demo.begin() as session:
            session.execute(before, {"code": code, "month": month})
        shown.append(desk.get(f"/open/{code}?month={month}&language={language}").text)
    for page in shown:
        assert "S0 四(二)27" in page
        assert f"<strong>S0</strong> {title}" in page
        assert "<strong>L1</strong>" not in page  # quoted nowhere on the page
