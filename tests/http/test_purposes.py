"""What an export is for: asked of every route that makes a file, and kept; from the routes."""

import pytest
from routes import asked_of, every
from sqlalchemy import text

from api.app import create_app
from api.audit.exported import is_public, wants_purpose
from api.serving.limits import export_limited
from gis.access.rights import Capability, Role
from gis.audit import store as trail
from gis.db.session import User
from gis.layers.model import REGISTRY
from gis.publication import service as publication
from gis.settings import Settings

HERE = {"Sec-Fetch-Site": "same-origin"}
PLAN = {"compound": "", "budget": 1, "every_deg": 180}
LIAISON, PLANNER, AUDITOR = Role.POLICE_LIAISON, Role.PLANNER, Role.AUDITOR
LAYER = {"layer": "rating", "format": "csv"}
SHEET = {"sheet_layer": "rating", "paper": "a4", "sheet_area": "530102001001"}
COLOURED = {"period": "2026Q3", "area": "530102001001", "paper": "a4"}
# Each route: who asks how, and the word that it wants a purpose with; None where it hands out
# published plaques, which are public: then it keeps what is said.
ROUTES = {
    ("POST", "/exports"): (LIAISON, {"data": LAYER}, "purpose"),
    ("POST", "/exports/sheet"): (LIAISON, {"data": SHEET}, "sheet_purpose"),
    ("POST", "/api/v1/exports"): (LIAISON, {"json": LAYER}, "purpose"),
    ("GET", "/sheets/{name}.pdf"): (LIAISON, {"params": {"area": "530102001001"}}, "purpose"),
    ("GET", "/reports/{period}.pdf"): (LIAISON, {"params": {"area": "530102001"}}, "purpose"),
    ("GET", "/scenarios/{scenario_id}/print"): (PLANNER, {}, "purpose"),
    ("GET", "/sharp-eyes/plan.geojson"): (LIAISON, {"params": PLAN}, "purpose"),
    ("GET", "/audit/lines.csv"): (AUDITOR, {"params": {"event": "policy"}}, "purpose"),
    ("GET", "/api/v1/audit/lines.csv"): (AUDITOR, {"params": {"event": "policy"}}, "purpose"),
    ("POST", "/plaques/print"): (LIAISON, {"data": COLOURED}, None),
    ("GET", "/plaques/{period}.pdf"): (LIAISON, {"params": {"area": "530102001001"}}, None),
    ("GET", "/plaques/{period}/{code:path}.png"): (LIAISON, {}, None),
}
JOBS = {
    "/exports",
    "/api/v1/exports",
    "/plaques/print",
}  # the purpose is the job's, then the file's


@pytest.fixture(scope="module")
def place(own_demo, demo_store, tmp_path_factory):
    """The demo with a published quarter and a scenario, and what stands in the paths."""
    with own_demo.begin() as session:
        cycle = publication.open_cycle(session, district=demo_store.house.district, period="2026Q3")
        codes = publication.changes(session, cycle)["code"].tolist()
        publication.confirm(session, cycle.id, codes)
        publication.publish(session, cycle.id, issuer="综治中心")
        code = session.scalar(text("SELECT min(compound_code) FROM wangge.published_ratings"))
        session.execute(text(
            "INSERT INTO wangge.scenarios (area_code, owner, name, as_of, shared)"
            " VALUES ('530102', 'somebody', '方案', '2026-09-30', true)"
        ))  # fmt: skip
        scenario = session.scalar(text("SELECT max(id) FROM wangge.scenarios"))
    PLAN["compound"] = code
    return {"name": "rating", "period": "2026Q3", "code": code, "scenario_id": scenario}


@pytest.fixture(scope="module")
def callers(own_demo, serve, tmp_path_factory, token_for):
    home = tmp_path_factory.mktemp("home")
    with serve(own_demo.urls, role=LIAISON, home=home, serve_internal=True) as client:
        tokens = {one: token_for(own_demo.urls, one) for one in (LIAISON, PLANNER, AUDITOR)}

        def ask(role, method, path, **asked):
            headers = {"authorization": f"Bearer {tokens[role]}"} | HERE
            return client.request(method, path, headers=headers, **asked)

        yield ask


def test_every_route_that_makes_a_file_is_listed(own_demo):
    urls = own_demo.urls
    app = create_app(Settings(_env_file=None, database_url=urls.app, owner_url=urls.owner))
    found = {
        (method, one.path)
        for one in every(app.routes) if hasattr(one, "dependant")
        for method in one.methods - {"HEAD"} if export_limited in asked_of(one)
    }  # fmt: skip
    assert found == set(ROUTES)


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_a_purpose_is_wanted_and_kept(own_demo, place, callers, method, route):
    role, asked, word = ROUTES[method, route]
    path = route.replace(":path", "").format(**place)
    kind = next(iter(asked), "params")
    bare = callers(role, method, path, **asked)
    if word is None:
        assert bare.status_code in (200, 303), bare.text
    else:
        assert bare.status_code == 422
        assert "用途" in bare.text or "purpose" in bare.text
    said = {kind: asked.get(kind, {}) | {word or "purpose": f"为何 {route}"}}
    answer = callers(role, method, path, **said)
    assert answer.status_code in (200, 202, 303), answer.text
    if route == "/exports/sheet":
        answer = callers(role, "GET", answer.headers["location"])
        assert answer.status_code == 200
    if route.endswith(".png"):  # a small look at one plaque; the page does not ask
        return
    with own_demo.begin() as session:
        if route in JOBS:
            kept = session.scalar(text(
                "SELECT parameters ->> 'purpose' FROM wangge.jobs ORDER BY id DESC LIMIT 1"
            ))  # fmt: skip
        else:
            kept = trail.page(session, trail.Asked(event="export"), limit=1)[0]["purpose"]
    assert kept == f"为何 {route}"


def test_only_public_figures_leave_without_a_word():
    """As every viewer sees them, whoever takes them."""
    whole = User.command()
    assert {one.name for one in REGISTRY if not wants_purpose(whole, one.name)} == {
        "compounds", "facilities", "coverage"
    }  # fmt: skip
    assert not any(map(is_public, (Capability.RATING, Capability.GRIDS, Capability.SCENARIOS)))


def test_a_table_beyond_public_figures_wants_a_purpose(callers):
    for path, role, status in (("/grids", PLANNER, 422), ("/sharp-eyes", LIAISON, 422),
                               ("/map", LIAISON, 422), ("/facilities", PLANNER, 200)):  # fmt: skip
        answer = callers(role, "GET", path, params={"download": "csv"})
        assert answer.status_code == status, path
        told = callers(role, "GET", path, params={"download": "csv", "purpose": "会商"})
        assert told.status_code == 200, path
        assert "会商" in told.text
