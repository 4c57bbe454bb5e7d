"""Every route has a rule, and the rule holds for every role: read from the routes themselves."""

import re

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.auth.identity import identified
from api.deps import Needs, near_or_health, shown_layer, signed_in
from api.routers.auth import own_session
from api.routers.results import shown as shown_result
from gis.access.model import spelled
from gis.access.rights import PERMISSIONS, Role
from gis.layers.model import REGISTRY
from gis.settings import Settings

# Doors, the browser's files, what runs here: everybody's.
OPEN = {
    "/livez", "/version", "/api/v1/openapi.json", "/assets/{name}", "/check", "/help", "/sign-in",
    "/api/v1/auth/sign-in", "/open/{area_code}", "/sign-in/sso",
    "/sign-in/sso/back",
}  # fmt: skip
# Rules that stand inside: the caller's own state, or one rule per layer; test_layer_rights.py.
INSIDE = {"/api/v1/auth/me", "/", "/maps/{name}"}
BY_LAYER = {shown_layer, shown_result, own_session, near_or_health, signed_in}
STREET = "530102001"
VALUES = {
    "name": "coverage", "z": "14", "x": "1", "y": "1", "key": "none", "code": "530102001001",
    "analysis": "coverage", "period": "2026Q3", "kind": "compound", "camera": "none",
    "login": "nobody", "step": "commit",
}  # fmt: skip


def every(routes):
    for one in routes:
        if hasattr(one, "original_router"):
            yield from every(one.original_router.routes)
        else:
            yield one


def calls(dependant):
    for one in dependant.dependencies:
        yield one.call
        yield from calls(one)


def asked_of(route):
    """What the route asks for before its body runs."""
    return list(calls(route.dependant)) if hasattr(route, "dependant") else []


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


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_past_the_rules_it_meets_and_no_others(callers, routes, role):
    """403 where a right is missing; where none is, reads answer something else."""
    client, tokens = callers
    held = {spelled(one) for one in PERMISSIONS[role]}
    headers = {"authorization": f"Bearer {tokens[role]}", "accept": "*/*"}
    wrong, seen = [], set()
    for route, method in guarded(routes):
        needed = {f"{one.capability}:{one.action}" for one in asked_of(route)
                  if isinstance(one, Needs)}  # fmt: skip
        refused = not needed <= held
        if not refused and (method != "GET" or "events" in route.path):
            continue  # would change the shared store, or not end
        answer = client.request(method, path_of(route), headers=headers)
        told = answer.status_code == 403 and answer.json()["code"] == "forbidden"
        seen.add(refused)
        if told != refused:
            wrong.append((method, route.path, answer.status_code, needed - held))
    assert wrong == []
    assert True in seen


def guarded(routes):
    for one in routes:
        if any(isinstance(call, Needs) for call in asked_of(one)):
            yield from ((one, method) for method in one.methods)


def path_of(route):
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: VALUES.get(m[1], "999999"), route.path)


# -- layers and results: by capability and by area ----------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_a_layer_shows_a_role_its_own_areas_and_nothing_else(callers, demo_store, role):
    client, tokens = callers
    held = {capability for capability, _ in PERMISSIONS[role]}
    headers = {"authorization": f"Bearer {tokens[role]}"}
    for layer in REGISTRY:
        path = f"/api/v1/layers/{layer.name}/features?limit=10000"
        own = client.get(path, headers=headers)
        assert (own.status_code == 200) == (layer.capability in held), (layer.name, own.text[:200])
        assert own.status_code in (200, 403)
        if own.status_code == 403:
            assert client.get(f"/tiles/{layer.name}/14/1/1.mvt", headers=headers).status_code == 403
            assert client.get(f"/maps/{layer.name}", headers=headers).status_code == 403
            continue
        codes = areas_in(own)
        assert all(STREET.startswith(one) or one.startswith(STREET) for one in codes), layer.name
        for area in ("530102002", "530102003"):
            beside = client.get(f"{path}&area={area}", headers=headers)
            assert areas_in(beside) == set(), (layer.name, area)
        above = client.get(f"{path}&area=530102", headers=headers)
        assert areas_in(above) == codes


def areas_in(answer):
    rows = [one["properties"] for one in answer.json()["features"]]
    return {row.get("area_code") or row["code"] for row in rows}


def test_the_identity_is_asked_for_everywhere_but_at_the_open_routes(routes):
    for one in routes:
        if one.path not in OPEN - {"/sign-in", "/help"} and hasattr(one, "dependant"):
            assert identified in asked_of(one) or one.path in OPEN, one.path
