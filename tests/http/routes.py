"""The application's routes as the tests walk them, and those that are open to everybody."""

import inspect
import re

# Doors, the browser's files, what runs here: everybody's.
OPEN = {
    "/livez", "/version", "/api/v1/openapi.json", "/assets/{name}", "/check", "/help", "/sign-in",
    "/api/v1/auth/sign-in", "/open/{area_code}", "/sign-in/sso",
    "/sign-in/sso/back",
}  # fmt: skip
# Rules that stand inside: the caller's own state, or one rule per layer; test_layer_rights.py.
TILE = "/tiles/{name}/{z}/{x}/{y}.mvt"
INSIDE = {"/api/v1/auth/me", "/", "/maps/{name}", TILE}
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
        yield inspect.unwrap(one.call)
        yield from calls(one)


def asked_of(route):
    """What the route asks for before its body runs."""
    return list(calls(route.dependant)) if hasattr(route, "dependant") else []


def path_of(route):
    """An address that the route answers; most of what it names does not exist."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: VALUES.get(m[1], "999999"), route.path)
