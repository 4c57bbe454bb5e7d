"""The application's routes as the tests walk them, and those that are open to everybody."""

import inspect

# Doors, the browser's files, what runs here: everybody's.
OPEN = {
    "/livez", "/version", "/api/v1/openapi.json", "/assets/{name}", "/check", "/help", "/sign-in",
    "/api/v1/auth/sign-in", "/open/{area_code}", "/sign-in/sso",
    "/sign-in/sso/back",
}  # fmt: skip
# Rules that stand inside: the caller's own state, or one rule per layer; test_layer_rights.py.
INSIDE = {"/api/v1/auth/me", "/", "/maps/{name}"}


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
