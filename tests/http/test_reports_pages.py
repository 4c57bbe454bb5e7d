"""Rankings, the quarterly report, monthly pages and map sheets, over the small demo."""

import io

import pandas as pd
import pypdf
import pytest

from gis.access.rights import Role

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
    answer = liaison.get("/reports/2026Q3.pdf")
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


def test_a_map_sheet_of_any_layer_that_may_leave(liaison):
    text = _text(liaison.get("/sheets/rating.pdf?paper=a3&maker=综治中心"))
    for said in ("三色评级", "综治中心", "EPSG:4543", "图例"):
        assert said in text


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
