"""The door as people and programs find it: sessions, the second factor, one's own password."""

import re
import time
from datetime import UTC, datetime

import httpx2
import pyotp
import pytest
from routes import asked_of, every
from sqlalchemy import text

from api.app import create_app
from api.auth.identity import own_session
from gis.access import administration
from gis.access.rights import Role
from gis.audit import store as trail
from gis.settings import Settings

AUTH = "/api/v1/auth"
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def door(demo_store, serve):
    """A service that nobody is signed in at."""
    limits = {"sign_in_limit": "1000/minute"}
    with serve(demo_store.urls, role=None, **limits) as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def browser(door):
    """A browser of its own: it keeps its cookies and says where its posts come from."""
    with httpx2.Client(base_url=door, headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


def sign_in(client, login, password):
    return client.post(f"{AUTH}/sign-in", json={"login": login, "password": password})


def test_a_session_opens_what_the_role_opens(browser, demo_store, account):
    assert browser.get("/api/v1/areas").status_code == 401
    login, password = account(demo_store.urls, Role.VIEWER)
    assert sign_in(browser, login, password).json()["missing"] is None
    me = browser.get(f"{AUTH}/me").json()
    assert (me["login"], me["role"], me["missing"]) == (login, "viewer", None)
    assert browser.get("/api/v1/areas").status_code == 200
    assert browser.get("/api/v1/layers/cameras/features").status_code == 403
    assert browser.post(f"{AUTH}/sign-out").status_code == 204
    assert browser.get("/api/v1/areas").status_code == 401


def test_who_is_not_signed_in_is_told_how(browser):
    answer = browser.get("/api/v1/areas")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == 'Bearer realm="wangge"'
    page = browser.get("/maps/combined?area=530102001", headers=PAGE)
    assert page.status_code == 303
    assert page.headers["location"] == "/sign-in?next=%2Fmaps%2Fcombined%3Farea%3D530102001"


def test_the_pages_lead_through_the_door_and_back(browser, demo_store, account):
    login, password = account(demo_store.urls, Role.PLANNER)
    form = browser.get("/sign-in?next=/help", headers=PAGE)
    assert form.status_code == 200
    assert re.search(r'action="/sign-in\?next=/help"', form.text)
    wrong = browser.post("/sign-in", data={"login": login, "password": "no"}, headers=PAGE)
    assert wrong.status_code == 401
    assert "no" not in re.findall(r'value="([^"]*)"', wrong.text)
    right = browser.post(
        "/sign-in?next=/help", data={"login": login, "password": password}, headers=PAGE
    )
    assert (right.status_code, right.headers["location"]) == (303, "/help")
    assert login in browser.get("/account", headers=PAGE).text
    assert browser.post("/sign-out", headers=PAGE).headers["location"] == "/sign-in"


def test_a_one_time_password_opens_nothing_but_its_own_change(browser, demo_store, account):
    login, password = account(demo_store.urls, Role.VIEWER)
    with demo_store.begin() as session:
        password = administration.give_password(session, login, now=datetime.now(UTC))
    sign_in(browser, login, password)
    assert browser.get("/api/v1/areas").json()["code"] == "sign_in_incomplete"
    assert browser.get("/", headers=PAGE).headers["location"] == "/account/password"
    weak = {"old": password, "new": "short"}
    assert browser.post(f"{AUTH}/password", json=weak).json()["code"] == "bad_password"
    changed = browser.post(f"{AUTH}/password", json={"old": password, "new": "Correct-horse7"})
    assert changed.status_code == 200
    assert browser.get("/api/v1/areas").status_code == 200


def test_the_second_factor_is_asked_for_and_each_code_counts_once(
    browser, door, demo_store, account
):
    login, password = account(demo_store.urls, Role.VIEWER)
    sign_in(browser, login, password)
    secret = browser.post(f"{AUTH}/second-factor/enrol").json()["secret"]
    now = pyotp.TOTP(secret)
    wrong = {"code": "000000" if now.now() != "000000" else "000001"}
    assert browser.post(f"{AUTH}/second-factor/confirm", json=wrong).status_code == 401
    used = now.now()
    assert browser.post(f"{AUTH}/second-factor/confirm", json={"code": used}).status_code == 204
    with httpx2.Client(base_url=door) as other:
        assert sign_in(other, login, password).json()["missing"] == "second_factor"
        half = dict(other.cookies)
        assert other.get("/api/v1/areas").status_code == 401
        assert other.post(f"{AUTH}/second-factor", json={"code": used}).status_code == 403
        other.headers["sec-fetch-site"] = "same-origin"
        assert other.post(f"{AUTH}/second-factor", json={"code": used}).status_code == 401
        following = now.at(time.time() + 30)
        assert other.post(f"{AUTH}/second-factor", json={"code": following}).status_code == 200
        assert other.get("/api/v1/areas").status_code == 200
        assert dict(other.cookies) != half


def test_no_code_counts_while_the_account_is_locked(demo_store, serve, account):
    """Half sessions that were begun before the lock guess no further."""
    login, password = account(demo_store.urls, Role.VIEWER)
    with serve(demo_store.urls, role=None, sign_in_limit="1000/minute") as client:
        own = {"origin": str(client.base_url).rstrip("/")}
        sign_in(client, login, password)
        secret = client.post(f"{AUTH}/second-factor/enrol", headers=own).json()["secret"]
        now = pyotp.TOTP(secret)
        client.post(f"{AUTH}/second-factor/confirm", json={"code": now.now()}, headers=own)
        right = {"code": now.at(time.time() + 30)}
        halves = [httpx2.Client(base_url=client.base_url) for _ in range(2)]
        for half in halves:
            assert sign_in(half, login, password).json()["missing"] == "second_factor"
        guesses = [halves[0].post(f"{AUTH}/second-factor", json={"code": "000000"}, headers=own)
                   for _ in range(5)]  # fmt: skip
        assert {one.status_code for one in guesses} == {401}
        for half in halves:
            answer = half.post(f"{AUTH}/second-factor", json=right, headers=own)
            assert (answer.status_code, half.get("/api/v1/areas").status_code) == (401, 401)
            half.close()


def test_without_the_second_factor_nothing_of_the_account_opens(browser, demo_store, account):
    """Every route of one's own account: password, tokens, second factor, as page and API."""
    login, password = account(demo_store.urls, Role.VIEWER)
    sign_in(browser, login, password)
    secret = browser.post(f"{AUTH}/second-factor/enrol").json()["secret"]
    code = {"code": pyotp.TOTP(secret).now()}
    assert browser.post(f"{AUTH}/second-factor/confirm", json=code).status_code == 204
    assert sign_in(browser, login, password).json()["missing"] == "second_factor"
    new = {"old": password, "new": "Correct-horse7", "again": "Correct-horse7"}
    refused = browser.post("/account/password", data=new, headers=PAGE)
    assert (refused.status_code, refused.headers["location"]) == (303, "/sign-in/code")
    assert open_to(browser, demo_store, new) == {
        ("GET", "/sign-in/code"), ("POST", "/sign-in/code"), ("GET", "/account/password"),
        ("POST", f"{AUTH}/second-factor"), ("POST", "/sign-out"), ("POST", f"{AUTH}/sign-out"),
    }  # fmt: skip
    assert browser.get(f"{AUTH}/me").status_code == 401, "signed out by the walk"
    assert sign_in(browser, login, password).json()["missing"] == "second_factor"
    step = "/sign-in/code?next=%2Fhelp"  # with the code one comes to where one wanted to go
    assert browser.get("/help", headers=PAGE).headers["location"] == step
    assert 'action="/sign-in/code?next=/help"' in browser.get(step, headers=PAGE).text
    following = {"code": pyotp.TOTP(secret).at(time.time() + 30)}
    assert browser.post(step, data=following, headers=PAGE).headers["location"] == "/help"


def open_to(browser, store, new):
    """Methods and paths about one's own account that answer the session; signing out comes last."""
    app = create_app(Settings(_env_file=None, database_url=store.urls.app))
    routes = [one for one in every(app.routes) if own_session in asked_of(one)]
    found = set()
    for one in sorted(routes, key=lambda route: "sign-out" in route.path):
        for method in one.methods - {"HEAD"}:
            sent = {"data": new}
            if one.path == f"{AUTH}/password":
                sent = {"json": {key: new[key] for key in ("old", "new")}}
            path = one.path_format.format(token_id=1)
            sent = {} if method == "GET" else sent
            answer = browser.request(method, path, **sent)
            if "sign_in_incomplete" not in answer.text:
                found.add((method, one.path))
    return found


def test_a_qr_code_shows_the_address_that_apps_read(browser, demo_store, account):
    login, password = account(demo_store.urls, Role.VIEWER)
    sign_in(browser, login, password)
    page = browser.post("/account/second-factor", headers=PAGE)
    assert "<svg" in page.text
    assert "style=" not in page.text
    assert re.search(r"<code>[A-Z2-7]{32}</code>", page.text)


def test_a_token_of_the_web_may_what_was_asked_and_ends_when_revoked(
    browser, door, demo_store, account
):
    sign_in(browser, *account(demo_store.urls, Role.PLANNER))
    asked = {"label": "QGIS", "days": 1, "rights": ["coverage:read"]}
    token = browser.post(f"{AUTH}/tokens", json=asked).json()["token"]
    with httpx2.Client(base_url=door, headers={"authorization": f"Bearer {token}"}) as script:
        assert script.get("/api/v1/layers/coverage/features").status_code == 200
        assert script.get("/api/v1/layers/rating/features").status_code == 403
        assert script.post(f"{AUTH}/tokens", json=asked).status_code == 403
        (listed,) = browser.get(f"{AUTH}/tokens").json()["tokens"]
        assert browser.delete(f"{AUTH}/tokens/{listed['id']}").status_code == 204
        assert script.get("/api/v1/layers/coverage/features").status_code == 401


def test_a_token_of_an_old_password_says_what_to_do(demo_store, door, account, browser):
    login, password = account(demo_store.urls, Role.PLANNER)
    sign_in(browser, login, password)
    token = browser.post(f"{AUTH}/tokens", json={"label": "QGIS"}).json()["token"]
    with demo_store.begin() as session:
        old = "UPDATE accounts SET password_changed_at = now() - interval '91 days'"
        session.execute(text(f"{old} WHERE login = :login"), {"login": login})
    told = httpx2.get(f"{door}/tiles/grids.json", headers={"authorization": f"Bearer {token}"})
    assert (told.status_code, told.json()["code"]) == (401, "token_rests")
    assert "请用该账户登录网页更改密码" in told.json()["detail"]


# -- administrators ---------------------------------------------------------------------------


def test_it_takes_two_administrators_to_let_somebody_work(demo_store, serve, account):
    system, security = Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN
    login = f"n{account(demo_store.urls, Role.VIEWER)[0]}"
    role = {"role": "planner", "area_prefixes": ["530102001"]}
    with serve(demo_store.urls, role=system) as one, serve(demo_store.urls, role=security) as two:
        assert two.post("/api/v1/accounts", json={"login": login}).status_code == 403
        made = one.post("/api/v1/accounts", json={"login": login})
        assert made.status_code == 201, made.text
        assert one.put(f"/api/v1/accounts/{login}/role", json=role).status_code == 403
        for nowhere in ("999999", "530102999", "5301020010019"):
            areas = {"area_prefixes": ["530102001", nowhere]}
            answer = two.put(f"/api/v1/accounts/{login}/role", json=role | areas)
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
            assert answer.json()["detail"].startswith(f"{nowhere}：库中没有代码以此开头的区划")
        assert two.put(f"/api/v1/accounts/{login}/role", json=role).status_code == 204
        listed = {each["login"]: each for each in one.get("/api/v1/accounts").json()["accounts"]}
        assert listed[login]["role"] == "planner"
        assert "password" not in str(listed)
        own = one.get(f"{AUTH}/me").json()["login"]
        assert one.post(f"/api/v1/accounts/{own}/password").status_code == 403
        own = two.get(f"{AUTH}/me").json()["login"]
        assert two.put(f"/api/v1/accounts/{own}/role", json=role).status_code == 403


def test_a_token_opens_no_page_of_the_own_account_and_leads_nowhere(demo_store, serve):
    with serve(demo_store.urls, role=Role.PLANNER) as client:
        for path in ("/account", "/account/tokens", "/account/password"):
            answer = client.get(path, headers=PAGE, follow_redirects=True)
            assert answer.status_code == 403, path
        assert client.get(f"{AUTH}/tokens").json()["code"] == "token_shown"


def test_tokens_made_and_revoked_leave_their_lines(browser, demo_store, account):
    login, password = account(demo_store.urls, Role.PLANNER)
    sign_in(browser, login, password)
    assert browser.post(f"{AUTH}/tokens", json={"label": "QGIS", "days": 9}).status_code == 201
    (made,) = browser.get(f"{AUTH}/tokens").json()["tokens"]
    assert browser.delete(f"{AUTH}/tokens/{made['id']}").status_code == 204
    with demo_store.begin() as session:
        lines = trail.page(session, trail.Asked(event="token", user_id=login), limit=5)
    assert [one["target"] for one in lines] == [f"revoke {login}", f"issue {login}"]
    assert lines[1]["detail"]["days"] == 9
