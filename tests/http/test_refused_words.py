"""Whatever is sent to whichever route: what is wrong with it is said in the reader's language."""

import re

import pytest
from fastapi.testclient import TestClient
from refusals import CHINESE, told_in_both
from routes import asked_of, every, path_of

from api.app import create_app
from api.deps import Needs
from gis.access.rights import PERMISSIONS, Role
from gis.settings import Settings

HOST = "http://localhost"
SAID = re.compile(
    r'<small[^>]*class="error">(.*?)</small>|<p class="fine">(.*?)</p>\n  <p><a role', re.S
)
NONSENSE = {
    "lon": "x", "lat": "?", "days": "-1", "period": "soon", "area": "';--", "kind": "none",
    "login": "A B", "role": "none", "move": "none", "purpose": "", "key": "k", "layer": "none",
    "as_of": "never", "limit": "many", "offset": "-1", "since": "x", "until": "y", "bbox": "1,2",
}  # fmt: skip
FORMS = ({"data": {"nothing": "1"}}, {"data": NONSENSE})
BODIES = (
    {"json": {}}, {"json": NONSENSE}, {"json": [1]},
    {"content": b"{", "headers": {"content-type": "application/json"}},
    {"files": {"file": ("x.csv", b"\xff\x00nonsense")}},
)  # fmt: skip


@pytest.fixture(scope="module")
def app(own_demo, tmp_path_factory):
    urls, home = own_demo.urls, tmp_path_factory.mktemp("home")
    return create_app(
        Settings(_env_file=None, database_url=urls.app, owner_url=urls.owner, home=home)
    )


@pytest.fixture(scope="module")
def ask(app, own_demo, token_for):
    """Ask a route as a role that may; None where the answer is no refusal."""
    tokens = {role: token_for(own_demo.urls, role) for role in Role}
    with TestClient(app, base_url=HOST, headers={"origin": HOST}, follow_redirects=False) as client:

        def asked(route, method, **sent):
            headers = sent.pop("headers", {}) | {
                "authorization": f"Bearer {tokens[entitled(route)]}"
            }
            answer = client.request(method, path_of(route), headers=headers, **sent)
            return answer if answer.status_code >= 400 else None

        yield asked


def entitled(route):
    rules = {(one.capability, one.action) for one in asked_of(route) if isinstance(one, Needs)}
    return next((role for role in Role if rules <= PERMISSIONS[role]), Role.PLANNER)


def tries(app, prefix, *, sent):
    """Every route there, each of its methods, with everything that may be sent."""
    for route in every(app.routes):
        mine = route.path.startswith("/api/") == (prefix == "/api/")
        if not mine or not hasattr(route, "dependant") or route.path.endswith(".pdf"):
            continue
        for method in sorted(route.methods - {"HEAD"}):
            for one in [{"params": NONSENSE}] if method == "GET" else sent:
                yield route, method, dict(one)


def test_every_refusal_of_a_program_is_told_in_chinese_and_english(app, ask):
    wrong, seen = set(), 0
    for route, method, sent in tries(app, "/api/", sent=(*FORMS[1:], *BODIES)):
        answer = ask(route, method, **sent)
        if answer is None or "json" not in answer.headers["content-type"]:
            continue
        seen += 1
        if not told_in_both(answer):
            wrong.add((method, route.path, answer.json()["detail"]))
    assert sorted(wrong) == []
    assert seen > 100


def test_every_refusal_on_a_page_is_told_in_the_readers_language(app, ask):
    wrong, seen = set(), 0
    for route, method, sent in tries(app, "/", sent=FORMS):
        headers = {"accept": "text/html", "cookie": "wangge_language=zh"}
        answer = ask(route, method, **sent, headers=headers)
        if answer is None or "text/html" not in answer.headers["content-type"]:
            continue
        for text in ("".join(one) for one in SAID.findall(answer.text)):
            seen += 1
            if not CHINESE.search(text) or " / " in text:
                wrong.add((method, route.path, text))
    assert sorted(wrong) == []
    assert seen > 50
