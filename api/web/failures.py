"""Errors as pages for whoever asked with a browser; everybody else gets the problem document."""

from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import ProgrammingError
from starlette.exceptions import HTTPException

from api import errors
from api.web.desk import at_desk
from gis.db.session import User
from gis.errors import SignInNeeded

_STEPS = {"second_factor": "/sign-in/code", "password_change": "/account/password"}
_KNOWN = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def install(app: FastAPI) -> None:
    """Lay pages over the problem documents that `api.errors` has installed."""
    for kind in (*errors.STATUS, RequestValidationError, HTTPException, ProgrammingError):
        app.add_exception_handler(kind, _answer)


def _answer(request: Request, exc: Exception) -> Response:
    answer = errors.answer(request, exc)
    if not reads_pages(request):
        return answer
    if isinstance(exc, SignInNeeded):
        return _to_the_door(request, exc)
    page = failure(request, answer.status_code, str(getattr(exc, "detail", None) or exc))
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
    """Whether a person looks at the answer: a browser's navigation or htmx."""
    if request.url.path.startswith(("/api/", "/ogc", "/tiles/", "/assets/")):
        return False
    wanted = request.headers.get("accept", "")
    return "text/html" in wanted or request.headers.get("hx-request") == "true"


def failure(request: Request, status: int, detail: str) -> Response:
    """The page that says what happened and what to do next."""
    user = getattr(request.state, "user", None)
    desk = at_desk(request, user if isinstance(user, User) else None)
    key = str(status) if status in _KNOWN else "other"
    return desk.page("error.html", status=status, number=status, key=key, detail=detail)
