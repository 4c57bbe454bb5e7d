"""Errors as pages for whoever asked with a browser; everybody else gets the problem document."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import errors
from api.web.desk import at_desk
from gis.db.session import User

_KNOWN = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def install(app: FastAPI) -> None:
    """Lay pages over the problem documents that `api.errors` has installed."""
    for kind in (*errors.STATUS, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)


def _answer(request: Request, exc: Exception) -> Response:
    answer = errors.answer(request, exc)
    if not reads_pages(request):
        return answer
    return failure(request, answer.status_code, str(getattr(exc, "detail", None) or exc))


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
