"""Errors as pages for whoever asked with a browser; everybody else gets the problem document."""

import json
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.types import Scope

from api import errors
from api.ogc.strict import by_a_person
from api.web.desk import at_desk
from gis.db.session import User
from gis.errors import SignInNeeded, halves

_AWAY = 500  # from here on the store may be what is missing
_STEPS = {"second_factor": "/sign-in/code", "password_change": "/account/password"}
_KNOWN = {*map(str, (400, 401, 403, 404, 408, 409, 413, 422, 429, 503)), "not_ready", "cannot_undo"}


def install(app: FastAPI) -> None:
    """Lay pages over the problem documents that `api.errors` has installed."""
    for kind in errors.HANDLERS:
        app.add_exception_handler(kind, _answer)


def shown(scope: Scope, refusal: JSONResponse) -> Response:
    """A refusal of what stands round the routes, as a page where a person looks at it."""
    request = Request(scope)  # nothing of it blocks: this runs among all the other requests
    return _page(request, refusal, away=True) if reads_pages(request) else refusal


def _answer(request: Request, exc: Exception) -> Response:
    answer = errors.answer(request, exc)
    if not reads_pages(request):
        return answer
    if isinstance(exc, SignInNeeded):
        return _to_the_door(request, exc)
    return _page(request, answer, away=answer.status_code >= _AWAY)


def _page(request: Request, answer: JSONResponse, *, away: bool) -> Response:
    """The page that says what happened and what to do next; ``away``: without the store."""
    told, status = json.loads(bytes(answer.body)), answer.status_code
    user = getattr(request.state, "user", None)
    desk = at_desk(request, user if isinstance(user, User) else None, away=away)
    key = next((one for one in (told["code"], str(status)) if one in _KNOWN), "other")
    detail = desk.either(*halves(told["detail"]))
    page = desk.page("error.html", status=status, number=status, key=key, detail=detail)
    page.headers["Vary"] = "Accept, HX-Request"
    if "retry-after" in answer.headers:
        page.headers["Retry-After"] = answer.headers["retry-after"]
    return page


def _to_the_door(request: Request, exc: SignInNeeded) -> Response:
    """Sign in, or do what is missing of it, and come back to where one wanted to go."""
    address = _STEPS.get(getattr(exc, "missing", ""), "/sign-in")
    if request.method == "GET" and address != "/account/password":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        address += f"?{urlencode({'next': wanted})}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def reads_pages(request: Request) -> bool:
    """Whether a person looks at the answer: a browser's navigation or htmx.

    ``/ogc`` has pages and documents at the same addresses, and says itself which is asked for.
    """
    if request.url.path.startswith(("/api/", "/tiles/", "/assets/")):
        return False
    if request.url.path == "/ogc" or request.url.path.startswith("/ogc/"):
        return by_a_person(request)
    wanted = request.headers.get("accept", "")
    return "text/html" in wanted or request.headers.get("hx-request") == "true"
