"""Every route has a rule, and nobody gets past it: read from the routes themselves.

What each role then sees, in which area, is test_cells.py's matter.
"""

import inspect
import re

import pytest
from fastapi.testclient import TestClient
from routes import INSIDE, OPEN, TILE, asked_of, every, path_of

from api.app import create_app
from api.auth.identity import identified, own_session
from api.deps import Needs, near_or_health, shown_layer, signed_in, tiled_layer
from api.routers.results import shown as shown_result
from api.serving.limits import export_limited
from gis.access.rights import Role
from gis.settings import Settings

BY_LAYER = {shown_layer, tiled_layer, shown_result, own_session, near_or_health, signed_in}
STREET = "530102001"


@pytest.fixture(scope="module")
def app(demo_store):
    urls = demo_store.urls
    return create_app(Settings(_env_file=None, database_url=urls.app, owner_url=urls.owner))


@pytest.fixture(scope="module")
def routes(app):
    found = list(every(app.routes))
    assert len(found) > 90
    return found


@pytest.fixture(scope="module")
def callers(app, demo_store, token_for):
    """A client per role, at work in one street; no server between."""
    with TestClient(app, base_url="http://localhost", headers={"origin": "http://localhost"}) as c:
        tokens = {role: token_for(demo_store.urls, role, [STREET]) for role in Role}
        yield c, tokens


def test_every_route_has_a_rule(routes):
    without = [
        one.path for one in routes
        if one.path not in OPEN | INSIDE
        and not any(isinstance(call, Needs) or call in BY_LAYER for call in asked_of(one))
    ]  # fmt: skip
    assert without == []


def test_a_new_route_without_a_rule_is_found(app, routes):
    app.get("/forgotten")(lambda: "anything")
    try:
        with pytest.raises(AssertionError, match="forgotten"):
            test_every_route_has_a_rule(list(every(app.routes)))
    finally:
        app.router.routes.pop()


# Files that hold no records, or what was counted or sent in before: an export that was asked for,
# the report of one's own upload; a layer's colours, and the pages' own files.
UNCOUNTED = {
    "/imports/templates/{kind}.xlsx", "/imports/{upload_id}/report.xlsx",
    "/api/v1/imports/{upload_id}/report.xlsx", "/api/v1/exports/{job_id}/file",
    "/api/v1/exports/{job_id}/manifest", "/api/v1/layers/{name}/style.{form}", "/assets/{name}",
}  # fmt: skip


def test_every_route_that_answers_a_file_counts_as_an_export(routes):
    """By its path's ending, or by what its own code answers."""
    files = [one for one in routes if hasattr(one, "dependant") and is_file(one)]
    free = {one.path for one in files if export_limited not in asked_of(one)}
    assert free == UNCOUNTED
    assert len(files) > len(free) + 5


def is_file(route):
    body = inspect.getsource(inspect.unwrap(route.endpoint))
    ending = re.search(r"\.(pdf|png|jpg|svg|csv|xlsx|geojson|gpkg|zip|pmtiles)$", route.path)
    return bool(ending) or "Content-Disposition" in body or "FileResponse" in body


def test_open_routes_are_few_and_exist(routes):
    assert {one.path for one in routes} >= OPEN | INSIDE
    assert len(OPEN) == 11


def test_nobody_gets_past_a_rule(callers, routes):
    client, _ = callers
    wrong = []
    inside = ((one, "GET") for one in routes if one.path in INSIDE | {"/rights", "/tour"})
    for route, method in (*guarded(routes), *inside):
        answer = client.request(method, path_of(route), headers={"accept": "*/*"})
        if answer.status_code != 401:
            wrong.append((method, route.path, answer.status_code))
    assert wrong == []


def guarded(routes):
    for one in routes:
        if any(isinstance(call, Needs) for call in asked_of(one)):
            yield from ((one, method) for method in one.methods)


def test_the_identity_is_asked_for_everywhere_but_at_the_open_routes(routes):
    for one in routes:
        if one.path not in OPEN - {"/sign-in", "/help"} | {TILE} and hasattr(one, "dependant"):
            assert identified in asked_of(one) or one.path in OPEN, one.path
