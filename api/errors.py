"""From meaning to status: RFC 9457 problem+json with a stable ``code``."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gis import errors

STATUS: dict[type[errors.GisError], int] = {
    errors.NotFound: 404,
    errors.NoData: 404,
    errors.Withheld: 403,
    errors.BadInput: 422,
    errors.BadPeriod: 422,
    errors.BadPolicy: 500,
    errors.BadDistrict: 500,
    errors.ImportRefused: 422,
    errors.StoreUnavailable: 503,
    errors.StoreNotReady: 503,
}
MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("wangge.errors")


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """One problem document; ``type`` is about:blank, the code tells problems apart."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every answer that is not a success is a problem document."""
    for kind in STATUS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


def _known(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, errors.GisError)
    status = next(STATUS[kind] for kind in type(exc).__mro__ if kind in STATUS)
    return problem(status, exc.code, str(exc))


def _invalid(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)
    wrong = [
        {"where": ".".join(str(part) for part in one["loc"]), "reason": one["msg"]}
        for one in exc.errors()
    ]
    detail = "; ".join(f"{one['where']}: {one['reason']}" for one in wrong)
    return problem(422, "bad_request", detail, errors=wrong)


def _http(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed", 400: "bad_request"}
    return problem(exc.status_code, codes.get(exc.status_code, "http_error"), str(exc.detail))


def _bug(request: Request, exc: Exception) -> JSONResponse:
    _LOG.error("unexpected error in %s", request.url.path, exc_info=exc)
    return problem(500, "internal_error", "an unexpected error; the log has it")
