"""The frame of the pages over HTTP: policy, language, errors for people, posts of other sites."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.app import create_app
from api.web import assets
from gis.access.rights import Role
from gis.settings import Settings

PAGE = {"accept": "text/html"}


def test_a_page_has_its_own_nonce_policy_and_is_not_kept(client):
    seen = set()
    for _ in range(2):
        answer = client.get("/help", headers=PAGE)
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]
        assert "unsafe" not in policy
        assert answer.text.count(f'nonce="{nonce}"') == answer.text.count('nonce="')
        assert answer.headers["cache-control"] == "no-store"
        seen.add(nonce)
    assert len(seen) == 2


def test_the_language_is_chosen_in_the_address_and_remembered(client):
    assert '<html lang="zh-CN"' in client.get("/help", headers=PAGE).text
    english = client.get("/help?language=en", headers=PAGE)
    assert '<html lang="en"' in english.text
    assert "wangge_language=en" in english.headers["set-cookie"]
    again = client.get("/help", headers=PAGE | {"cookie": "wangge_language=en"})
    assert "Help and glossary" in again.text
    client.cookies.clear()


@pytest.mark.parametrize(
    ("role", "page"), [(Role.GRID_SUPERVISOR, "/today"), (Role.DATA_STEWARD, "/imports")]
)
def test_the_front_page_leads_to_the_readers_work(client, demo_store, token_for, role, page):
    bearer = {"authorization": f"Bearer {token_for(demo_store.urls, role)}"}
    answer = client.get("/", headers=PAGE | bearer, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, page)


def test_an_error_is_a_page_for_people_and_a_problem_for_programs(client):
    page = client.get("/nothing", headers=PAGE)
    assert (page.status_code, "没有找到" in page.text) == (404, True)
    assert page.headers["content-type"].startswith("text/html")
    program = client.get("/nothing")
    assert program.headers["content-type"] == "application/problem+json"
    api = client.get("/api/v1/layers/none/features", headers=PAGE)
    assert api.headers["content-type"] == "application/problem+json"


def test_a_page_tells_an_error_in_its_own_language(client):
    def told(path, language):
        page = client.get(path, headers=PAGE | {"cookie": f"wangge_language={language}"}).text
        return re.search(r'class="fine">([^<]*)</p>', page.partition('class="failure"')[2])[1]

    assert told("/coverage-board/999999999999", "zh").startswith("没有找到")
    assert told("/coverage-board/999999999999", "en").endswith("does not exist")
    assert told("/accounts", "zh").startswith("您的角色没有此权限")
    assert told("/accounts", "en").startswith("your role gives no right")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [(PoolTimeout(), 503, "数据库连接已占满"), (ValueError("at 102.7123"), 500, "已记入日志")],
)
def test_a_failure_of_the_service_is_a_page_too(error, status, said):
    """Without the store, which may be what is missing."""
    app = create_app(Settings(_env_file=None, allowed_hosts=["testserver"]))

    @app.get("/fails")
    def fail():
        raise error

    answer = TestClient(app).get("/fails", headers=PAGE)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert '<section class="failure"' in answer.text
    assert "102.7" not in answer.text
    assert TestClient(app).get("/fails").json()["status"] == status


def test_an_asset_named_by_its_content_is_kept_for_good(client):
    address = assets.link("shell.css")
    answer = client.get(address)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == assets.files()["shell.css"].text()
    assert "immutable" not in client.get("/assets/shell.css").headers["cache-control"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"sec-fetch-site": "same-origin"}, "forbidden"),  # let in: now the steward's role decides
        ({"sec-fetch-site": "cross-site"}, "foreign_post"),
        ({"sec-fetch-site": "same-site", "origin": "own"}, "foreign_post"),
        ({"origin": "own"}, "forbidden"),
        ({"origin": "http://127.0.0.1.evil"}, "foreign_post"),
        ({"origin": "null"}, "foreign_post"),
        ({}, "foreign_post"),
    ],
)
def test_a_post_of_another_site_is_refused(client, headers, code):
    own = str(client.base_url).rstrip("/")
    told = {name: own if value == "own" else value for name, value in headers.items()}
    assert client.post("/visits/1/done", headers=told).json()["code"] == code


def test_a_danger_is_offered_to_the_level_that_was_called(own_demo, serve):
    with own_demo.begin() as session:
        asked = text("SELECT ST_X(ST_Centroid(geom)), ST_Y(ST_Centroid(geom)) FROM compounds")
        lon, lat = session.execute(asked).first()
    seen = {"key": "abcdefgh-called", "kind": "fire", "severity": "urgent", "what": "楼道堆物",
            "lon": lon, "lat": lat}  # fmt: skip
    with serve(own_demo.urls, role=Role.GRID_SUPERVISOR) as client:
        here = {"Sec-Fetch-Site": "same-origin"}
        page = client.post("/dangers", data=seen, headers=here).headers["location"]
        client.post(page, data={"move": "escalate"}, headers=here)
        assert '<option value="street" selected>' in client.get(page).text


def test_today_leads_to_the_map_of_points_only_where_that_is_served(demo_store, serve):
    for served in (True, False):
        with serve(demo_store.urls, role=Role.POLICE_LIAISON, serve_internal=served) as client:
            page = client.get("/today").text
            card = page.partition('id="cameras"')[2].partition("</section>")[0]
            assert card.count('class="name"') == 6
            links = re.findall(r'href="(/maps/cameras[^"#]*)', card)
            assert [client.get(one).status_code for one in links] == [200] * len(links)
            assert len(links) == (7 if served else 0)  # six points, and all of them


def test_what_is_counted_in_an_area_leads_to_that_area(demo_store, serve):
    with serve(demo_store.urls, role=Role.GRID_SUPERVISOR, areas=["530102001"]) as client:
        page = client.get("/today?area=530102001001").text
    within = "&amp;area=530102001001"
    for counted in ("/dangers?late=yes", "/map?changed=yes", "/map?colour=red"):
        assert page.count(counted) == page.count(counted + within)
    assert f"/dangers?late=yes{within}" in page
    assert 'href="/coverage-board/530102001001"' in page
