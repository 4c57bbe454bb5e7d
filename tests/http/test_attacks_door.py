"""Attacks on the door: forged posts, fixed sessions, guessed passwords, tricks with headers."""

import http.client
import statistics
import time

import httpx2
import pytest

from gis.access.rights import Role

AUTH = "/api/v1/auth"
COOKIE = "wangge_session"


@pytest.fixture(scope="module")
def door(demo_store, serve):
    with serve(demo_store.urls, role=None, sign_in_limit="1000/minute") as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="module")
def planner(demo_store, account):
    return account(demo_store.urls, Role.PLANNER)


@pytest.fixture
def signed_in(door, planner):
    with httpx2.Client(base_url=door) as client:
        assert sign_in(client, *planner).status_code == 200
        yield client


def sign_in(client, login, password):
    return client.post(f"{AUTH}/sign-in", json={"login": login, "password": password})


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
     {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
     {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}],
)  # fmt: skip
@pytest.mark.parametrize("path", [f"{AUTH}/tokens", f"{AUTH}/sign-out", "/api/v1/runs"])
def test_a_page_of_another_site_changes_nothing_with_the_cookie(signed_in, path, headers):
    answer = signed_in.post(path, json={"label": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_post")
    assert signed_in.get(f"{AUTH}/me").status_code == 200


def test_a_page_of_our_own_does(signed_in, door):
    for headers in ({"origin": door}, {"sec-fetch-site": "same-origin"}):
        answer = signed_in.post(f"{AUTH}/tokens", json={"label": "x"}, headers=headers)
        assert answer.status_code == 201


def test_nobody_is_signed_in_from_another_site(door, planner):
    """Login CSRF: the victim would work in the attacker's account."""
    with httpx2.Client(base_url=door, headers={"sec-fetch-site": "cross-site"}) as client:
        assert sign_in(client, *planner).status_code == 403
        form = dict(zip(("login", "password"), planner, strict=True))
        assert client.post("/sign-in", data=form).status_code == 403


def test_a_session_that_was_planted_is_worth_nothing(door, planner):
    with httpx2.Client(base_url=door, cookies={COOKIE: "planted"}) as client:
        own = {"origin": door}
        login, password = planner
        answer = client.post(
            f"{AUTH}/sign-in", json={"login": login, "password": password}, headers=own
        )
        given = answer.cookies[COOKIE]
    assert given != "planted"
    assert httpx2.get(f"{door}{AUTH}/me", cookies={COOKIE: "planted"}).status_code == 401
    assert httpx2.get(f"{door}{AUTH}/me", cookies={COOKIE: given}).status_code == 200


def test_the_session_of_before_ends_with_a_new_sign_in(signed_in, door, planner):
    before = signed_in.cookies[COOKIE]
    login, password = planner
    body = {"login": login, "password": password}
    signed_in.post(f"{AUTH}/sign-in", json=body, headers={"origin": door})
    assert signed_in.cookies[COOKIE] != before
    assert httpx2.get(f"{door}{AUTH}/me", cookies={COOKIE: before}).status_code == 401


def test_the_cookie_is_for_this_host_and_no_script(demo_store, serve, planner):
    with serve(demo_store.urls, role=None, public_url="https://wangge.example") as client:
        told = sign_in(client, *planner).headers["set-cookie"]
    assert told.startswith(f"__Host-{COOKIE}=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(told.split("; "))
    assert "Domain" not in told


@pytest.mark.parametrize(
    "headers",
    [{"x-original-url": "/livez"}, {"x-rewrite-url": "/livez"}, {"x-forwarded-host": "localhost"},
     {"x-forwarded-for": "127.0.0.1"}, {"x-forwarded-user": "sysadmin"}, {"x-user": "sysadmin"},
     {"x-http-method-override": "GET"}, {"authorization": "Basic c3lzYWRtaW46"},
     {"authorization": "Bearer"}, {"authorization": "Bearer null"},
     {"cookie": f"{COOKIE}=' OR 1=1 --"}, {"cookie": f"{COOKIE}=%00"}],
)  # fmt: skip
def test_no_header_opens_the_door(door, headers):
    assert httpx2.get(f"{door}/api/v1/areas", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["//api/v1/areas", "/api/v1//areas", "/livez/../api/v1/areas", "/livez/%2e%2e/api/v1/areas",
     "/assets/..%2f..%2fapi%2fv1%2fareas", "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
     "/API/V1/areas", "/api/v1/areas;x=1", "/api/v1/areas%00", "/api/v1/areas/.", "/api/v1/areas/"],
)  # fmt: skip
def test_no_spelling_of_a_path_opens_the_door(door, path):
    host, _, port = door.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    connection.putrequest("GET", path)  # as it stands: clients would tidy it up
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status in (307, 401, 404, 422)
    assert b'"areas":' not in answer.read()
    connection.close()


@pytest.mark.parametrize(
    "more", [{"role": "system_admin"}, {"area_prefixes": [""]}, {"state": "active"}, {"id": 1}]
)
def test_no_field_rides_along(demo_store, serve, more):
    with serve(demo_store.urls, role=Role.SYSTEM_ADMIN) as client:
        body = {"login": "rider", **more}
        assert client.post("/api/v1/accounts", json=body).status_code == 422
        assert "rider" not in client.get("/api/v1/accounts").text


@pytest.mark.parametrize(
    "more", [{"rights": ["video:read"]}, {"rights": ["accounts:write"]},
             {"area_prefixes": ["530102"]}, {"area_prefixes": [""]}, {"days": 3650}],
)  # fmt: skip
def test_no_token_goes_beyond_its_account(demo_store, door, account, more):
    with httpx2.Client(base_url=door) as client:
        sign_in(client, *account(demo_store.urls, Role.PLANNER, ["530102001"]))
        answer = client.post(
            f"{AUTH}/tokens", json={"label": "x", **more}, headers={"origin": door}
        )
        assert answer.status_code == 422, answer.text


def test_nobody_revokes_the_token_of_somebody_else(demo_store, door, account, signed_in):
    own = {"origin": door}
    token = signed_in.post(f"{AUTH}/tokens", json={"label": "x"}, headers=own).json()["token"]
    number = signed_in.get(f"{AUTH}/tokens").json()["tokens"][-1]["id"]
    with httpx2.Client(base_url=door) as other:
        sign_in(other, *account(demo_store.urls, Role.PLANNER))
        assert other.delete(f"{AUTH}/tokens/{number}", headers=own).status_code == 404
    bearer = {"authorization": f"Bearer {token}"}
    assert httpx2.get(f"{door}{AUTH}/me", headers=bearer).status_code == 200


def test_the_right_password_is_refused_after_five_wrong_ones(demo_store, door, account):
    login, password = account(demo_store.urls, Role.VIEWER)
    with httpx2.Client(base_url=door) as client:
        answers = [sign_in(client, login, f"wrong {n}") for n in range(5)]
        answers.append(sign_in(client, login, password))
    told = {(one.status_code, one.json()["detail"]) for one in answers}
    assert len(told) == 1  # a locked account looks like a wrong password


def test_guessing_is_slowed_down_by_address(demo_store, serve):
    with serve(demo_store.urls, role=None, sign_in_limit="3/minute") as client:
        answers = [sign_in(client, f"guess{n}", "wrong") for n in range(4)]
    assert [one.status_code for one in answers] == [401, 401, 401, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_an_unknown_login_takes_as_long_as_a_wrong_password(demo_store, door, account):
    """Both compare one argon2id hash; else the unknown one would be some 20 times faster."""
    known = [account(demo_store.urls, Role.VIEWER)[0] for _ in range(4)]

    def seconds(client, login):
        started = time.perf_counter()
        sign_in(client, login, "wrong")
        return time.perf_counter() - started

    with httpx2.Client(base_url=door) as client:
        wrong = [seconds(client, login) for login in known * 2]
        unknown = [seconds(client, f"nobody{n}") for n in range(8)]
    assert 0.5 < statistics.median(unknown) / statistics.median(wrong) < 2
