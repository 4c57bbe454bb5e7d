"""Signing in through an OpenID Connect service: what it proves opens, what it does not fails."""

import base64
import json
import ssl
import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import sign_on_service
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey

from api.app import create_app
from api.auth.sso import Flow, SignOn
from gis.errors import BadInput, SignOnFailed, SignOnUnavailable
from gis.settings import Settings

ROLES = {"planners": "planner", "police": "police_liaison"}


@pytest.fixture(scope="module")
def running():
    with sign_on_service.running() as service:
        yield service


@pytest.fixture
def sign_on(running):
    """The service, telling the truth about the person ``wang``."""
    person, sign = dict(running.person), running.sign
    yield running
    running.person, running.sign, running.lie, running.described = person, sign, {}, {}


@pytest.fixture(scope="module")
def door(demo_store, serve, running):
    told = {"oidc_issuer": running.issuer, "oidc_client_secret": sign_on_service.SECRET,
            "oidc_roles": ROLES, "sign_in_limit": "1000/minute"}  # fmt: skip
    with serve(demo_store.urls, role=None, **told) as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def browser(door):
    with httpx2.Client(base_url=door, headers={"accept": "application/json"}) as client:
        yield client


def go(browser, **query):
    """There, and the address that the sign-on service sends the browser back to."""
    there = browser.get("/sign-in/sso", params=query)
    assert there.status_code == 303, there.text
    back = httpx2.get(there.headers["location"]).headers["location"]
    parts = urlsplit(back)  # the port is the test's, not that of the settings
    return f"{parts.path}?{parts.query}"


def refused(answer):
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_on_failed"), answer.text
    return True


def test_whoever_the_service_vouches_for_works_with_its_role_and_areas(browser, sign_on):
    back = browser.get(go(browser, next="/maps/coverage"))
    assert (back.status_code, back.headers["location"]) == (303, "/maps/coverage")
    me = browser.get("/api/v1/auth/me").json()
    assert (me["login"], me["role"], me["area_prefixes"]) == ("wang", "planner", ["530102001"])


def test_another_role_over_there_is_another_role_here(browser, sign_on):
    sign_on.person |= {"sub": "12", "preferred_username": "zhang"}
    browser.get(go(browser))
    sign_on.person |= {"roles": ["police", "unknown"], "areas": ["530102002"]}
    browser.get(go(browser))
    me = browser.get("/api/v1/auth/me").json()
    assert (me["login"], me["role"]) == ("zhang", "police_liaison")
    assert me["area_prefixes"] == ["530102002"]


def test_a_city_entered_again_ends_no_other_session(browser, door, sign_on):
    sign_on.person |= {"sub": "13", "preferred_username": "zhao", "areas": ["530100"]}
    browser.get(go(browser))
    with httpx2.Client(base_url=door, headers={"accept": "application/json"}) as another:
        another.get(go(another))
    assert browser.get("/api/v1/auth/me").json()["area_prefixes"] == ["5301"]


def test_the_session_of_before_ends_with_a_new_sign_on(browser, sign_on):
    browser.get(go(browser))
    before = dict(browser.cookies)
    browser.get(go(browser))
    now = dict(browser.cookies)
    assert before != now
    for cookies, status in ((before, 401), (now, 200)):
        with httpx2.Client(base_url=browser.base_url, cookies=cookies) as one:
            assert one.get("/api/v1/auth/me").status_code == status


@pytest.mark.parametrize("more", [{"roles": []}, {"roles": ["unknown"]}, {"areas": []},
                                  {"areas": ""}, {"areas": [""]}, {"areas": ["%"]},
                                  {"roles": ["planners", "police"]}])  # fmt: skip
def test_without_one_role_and_an_area_nobody_enters(browser, sign_on, more):
    sign_on.person |= {"sub": "99", **more}
    assert refused(browser.get(go(browser)))


def test_a_name_over_there_never_takes_a_local_account(browser, sign_on, demo_store, account):
    login, _ = account(demo_store.urls, "viewer")
    sign_on.person |= {"sub": "77", "preferred_username": login}
    browser.get(go(browser))
    assert browser.get("/api/v1/auth/me").json()["login"].startswith("sso-")


def test_one_machine_does_not_shut_the_sign_on_for_another(demo_store, running):
    app = create_app(Settings(
        _env_file=None, database_url=demo_store.urls.app, oidc_issuer=running.issuer,
        oidc_client_secret=sign_on_service.SECRET, oidc_roles=ROLES, sign_in_limit="2/minute",
    ))  # fmt: skip
    told = {}
    for address in ("192.0.2.7", "192.0.2.8"):
        with TestClient(app, base_url="http://localhost", client=(address, 5000)) as client:
            told[address] = [
                client.get("/sign-in/sso", follow_redirects=False).status_code for _ in range(3)
            ]
    assert told == {"192.0.2.7": [303, 303, 429], "192.0.2.8": [303, 303, 429]}


@pytest.mark.parametrize(
    "lie",
    [{"iss": "https://evil.example"}, {"aud": "another"}, {"aud": ["another"]},
     {"nonce": "another"}, {"nonce": None}, {"exp": 1}, {"exp": None}, {"sub": None},
     {"iat": int(time.time()) + 9_000}, {"azp": "another"}, {"aud": ["wangge", "another"]},
     {"aud": ["wangge", "another"], "azp": "another"}],
)  # fmt: skip
def test_a_claim_that_is_not_right_proves_nothing(browser, sign_on, lie):
    sign_on.lie = lie
    assert refused(browser.get(go(browser)))
    assert browser.get("/api/v1/auth/me").status_code == 401


def test_an_identity_for_several_services_is_ours_where_it_says_so(browser, sign_on):
    sign_on.lie = {"aud": ["wangge", "another"], "azp": "wangge"}
    assert browser.get(go(browser)).status_code == 303


def test_a_signature_that_is_not_the_services_proves_nothing(browser, sign_on):
    rsa, ec = sign_on_service.another_key()
    public = OctKey.import_key(json.dumps(sign_on.keys()))  # the published key as a shared secret

    def unsigned(claims):
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": "none"}, claims)
        )
        return f"{head}.{body}."

    forgeries = (
        unsigned,
        lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, rsa),
        lambda claims: jwt.encode({"alg": "ES256", "kid": "one"}, claims, ec),
        lambda claims: jwt.encode({"alg": "HS256", "kid": "one"}, claims, public),
        lambda claims: "",
        lambda claims: "not.a.token",
    )
    for forgery in forgeries:
        sign_on.sign = forgery
        assert refused(browser.get(go(browser)))


def test_a_code_counts_once_and_in_the_browser_that_began(browser, door, sign_on):
    back = go(browser)
    with httpx2.Client(base_url=door, headers={"accept": "application/json"}) as other:
        assert refused(other.get(back))  # a planted code: the victim never began
        go(other)
        assert refused(other.get(back))  # began, with another state
    assert browser.get(back).status_code == 303
    assert refused(browser.get(back))


def test_a_forged_code_is_refused(browser, sign_on):
    state = parse_qs(urlsplit(go(browser)).query)["state"][0]
    assert refused(browser.get(f"/sign-in/sso/back?code=guessed&state={state}"))


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest", "http://localhost:1/keys", "https://127.0.0.1/keys",
     "file:///etc/passwd", "//evil.example/keys", "http://user@evil.example/"],
)  # fmt: skip
def test_no_document_leads_the_service_to_another_host(browser, sign_on, name, address):
    there = None
    if name == "authorization_endpoint":
        sign_on.described = {name: address}
        there = browser.get("/sign-in/sso")
    else:
        back = go(browser)
        sign_on.described = {name: address}
        there = browser.get(back)
    assert refused(there)


@pytest.mark.parametrize("issuer", ["http://sso.example", "ftp://sso.example", "http://10.0.0.1"])
def test_an_issuer_beyond_this_machine_speaks_https(issuer):
    with pytest.raises(SignOnFailed):
        SignOn(Settings(_env_file=None, oidc_issuer=issuer))._ours(f"{issuer}/x")


def test_a_sign_on_service_under_a_private_authority_is_reached_with_that_alone(tmp_path):
    trusted, tls = sign_on_service.private_authority(tmp_path)
    with sign_on_service.running(tls) as service:
        told = {"oidc_issuer": service.issuer, "oidc_client_secret": sign_on_service.SECRET}
        set_up = Settings(_env_file=None, oidc_ca_file=trusted, **told)
        flow = Flow("/", 0)
        there = httpx2.get(
            SignOn(set_up).address(flow), verify=ssl.create_default_context(cafile=trusted)
        )
        (code,) = parse_qs(urlsplit(there.headers["location"]).query)["code"]
        assert SignOn(set_up).claims(flow, code)["preferred_username"] == "wang"
        with pytest.raises(SignOnUnavailable):  # nothing else makes it trusted
            SignOn(Settings(_env_file=None, **told)).address(flow)


@pytest.mark.parametrize("held", [None, "", "no certificate"])
def test_authorities_that_cannot_be_read_stop_the_start(tmp_path, held):
    file = tmp_path / "root.crt"
    if held is not None:
        file.write_text(held)
    with pytest.raises(BadInput, match=r"WANGGE_OIDC_CA_FILE=.*root\.crt.*PEM"):
        create_app(Settings(_env_file=None, oidc_ca_file=file))


def test_another_issuers_description_is_refused(browser, sign_on):
    sign_on.described = {"issuer": "https://evil.example"}
    assert refused(browser.get("/sign-in/sso"))


@pytest.mark.parametrize("next", ["//evil.example/", "https://evil.example", "/\\evil.example"])
def test_nobody_is_led_elsewhere_afterwards(browser, sign_on, next):
    assert browser.get(go(browser, next=next)).headers["location"] == "/"


def test_without_a_sign_on_service_there_is_no_such_door(client):
    assert client.get("/sign-in/sso").status_code == 404
