"""From meaning to status: RFC 9457 problem+json with a stable ``code``."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg2 import errorcodes
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from api import invalid
from api.serving.logs import logger
from gis import errors
from gis.audit import service as audit
from gis.db.session import User, sessions
from gis.publication.service import NotReady, SecondPerson
from maps.assets import LibrariesMissing
from maps.records import FrameContract
from maps.typeset import FontsMissing

STATUS: dict[type[errors.GisError], int] = {
    errors.NotFound: 404,
    errors.NoData: 404,
    errors.Withheld: 403,
    errors.Forbidden: 403,
    errors.SignInNeeded: 401,
    errors.Missing: 401,
    errors.TokenRests: 401,
    errors.TokenShown: 403,
    errors.SignInRefused: 401,
    errors.SignOnFailed: 401,
    errors.SignOnUnavailable: 503,
    errors.TooMany: 429,
    errors.Busy: 503,
    errors.BadInput: 422,
    errors.BadPassword: 422,
    errors.BadPeriod: 422,
    errors.BadQuery: 400,
    errors.PurposeMissing: 422,
    errors.BadPolicy: 500,
    errors.BadDistrict: 500,
    errors.ImportRefused: 422,
    errors.AccountClosed: 403,
    errors.CannotUndo: 409,
    errors.ChangedMeanwhile: 409,
    errors.TooLarge: 413,
    errors.Stopped: 408,  # nobody is there to read it
    errors.StoreUnavailable: 503,
    errors.StoreNotReady: 503,
    LibrariesMissing: 503,
    FontsMissing: 503,
    NotReady: 409,
    SecondPerson: 403,
    errors.WholeDistrict: 403,
    FrameContract: 500,
}
MEDIA_TYPE = "application/problem+json"
_REFUSALS = (401, 403, 429)
# Somebody unknown who knocks is counted, not written down: a flood would fill the trail. Sign-ins
# have lines of their own.
_UNNOTED = (errors.SignInNeeded, errors.SignInRefused, errors.TooMany)
_BEYOND = {errorcodes.NUMERIC_VALUE_OUT_OF_RANGE, errorcodes.DATETIME_FIELD_OVERFLOW,
           errorcodes.UNTRANSLATABLE_CHARACTER}  # fmt: skip
_ROW_CHECK = "ExecWithCheckOptions"  # where PostgreSQL holds a new row to its policies
_CROSSED = {errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE}
_BY_ANOTHER = {errorcodes.UNIQUE_VIOLATION, errorcodes.FOREIGN_KEY_VIOLATION}
_OVERTAKEN = "刚有人完成此操作 / somebody did this just now: look again"
_STORE_AWAY = (
    "数据库暂时不可用，请稍后再试；原因见服务日志 / "
    "the store cannot be asked just now, try again; the log says why"
)
NOBODY = User(id="nobody", area_prefixes=())
RETRY_AFTER_S = 5  # a private cluster restarts in less
_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="wangge"'},
            503: {"Retry-After": str(RETRY_AFTER_S)}}  # fmt: skip
_HTTP_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed"}
_HTTP_WORDS = {
    400: "请求内容不完整或过长 / the request is not complete or too long",
    404: "没有这个地址 / there is nothing at this address",
    405: "此地址不接受这种请求 / this address does not take such a request",
}


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """One problem document; ``type`` is about:blank, the code tells problems apart."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    headers = _HEADERS.get(status)
    return JSONResponse(body | more, status, headers, media_type=MEDIA_TYPE)


Shown = Callable[[Scope, JSONResponse], Response]
"""What becomes of a refusal before it is sent: a page, where a person looks."""


def as_it_is(scope: Scope, refusal: JSONResponse) -> Response:
    """The problem document itself."""
    return refusal


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457) with a stable code",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "code", "detail"],
                    "properties": {
                        **{key: {"type": "string"} for key in ("type", "title", "code", "detail")},
                        "status": {"type": "integer", "minimum": 400, "maximum": 599},
                    },
                },
                "example": {
                    "type": "about:blank", "title": "Not Found", "status": 404,
                    "code": "not_found", "detail": "没有找到 'x' / layer 'x' does not exist",
                },
            }
        },
    }
}  # fmt: skip
"""What the OpenAPI document says of every operation's errors."""


def install(app: FastAPI) -> None:
    """Every answer that is not a success is a problem document; bugs are left to the gate."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)


def answer(request: Request, exc: Exception) -> JSONResponse:
    """The problem document of an error that `HANDLERS` has; a bug among them is raised again."""
    return next(HANDLERS[kind] for kind in type(exc).__mro__ if kind in HANDLERS)(request, exc)


def _known(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, errors.GisError)
    status = next(STATUS[kind] for kind in type(exc).__mro__ if kind in STATUS)
    if status in _REFUSALS:
        request.state.refusal = exc.code
    if status in _REFUSALS and not isinstance(exc, _UNNOTED):
        try:
            _note_refusal(request, exc)
        except errors.StoreUnavailable as unavailable:
            return _known(request, unavailable)
    told = problem(status, exc.code, _said(exc))
    if isinstance(exc, errors.TooMany):
        told.headers["Retry-After"] = str(exc.wait_s)
    return told


def _said(exc: errors.GisError) -> str:
    """What is answered; where the store lies, and under which name it is asked, is for the log."""
    if not isinstance(exc, errors.StoreUnavailable):
        return str(exc)
    logger().warning("store_unavailable", reason=str(exc))
    return _STORE_AWAY


def _note_refusal(request: Request, refusal: errors.GisError) -> None:
    """A refusal leaves its line in the audit trail: route template and reason, no values."""
    user = getattr(request.state, "user", None) or NOBODY
    info = {"user": user, "request": request.state.origin}
    route = getattr(request.scope.get("route"), "path", "unmatched")
    with sessions(request.app.state.engine).begin(info=info) as session:
        audit.note(
            session, event="refusal", target=f"{request.method} {route}", result="refused",
            detail={"reason": refusal.code},
        )  # fmt: skip


def _invalid(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)
    wrong = [
        {"where": invalid.where(one), "reason": " / ".join(invalid.reason(one))}
        for one in exc.errors()
    ]
    return problem(422, "bad_request", invalid.both(exc.errors()), errors=wrong)


def _http(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)
    code = _HTTP_CODES.get(exc.status_code, "http_error")
    answer = problem(exc.status_code, code, _HTTP_WORDS.get(exc.status_code, str(exc.detail)))
    answer.headers.update(exc.headers or {})
    if "GET" in answer.headers.get("allow", "").split(", "):
        answer.headers["allow"] += ", HEAD"  # see api/serving/bare.py
    return answer


def _slow(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, OperationalError)
    code = getattr(exc.orig, "pgcode", None)
    if code in _CROSSED:
        return problem(409, "overtaken", _OVERTAKEN)
    if code != errorcodes.QUERY_CANCELED:
        raise exc
    return problem(
        503, "too_slow", "查询太慢，请缩小范围 / the answer takes too long: ask for a smaller area"
    )


def _outside(request: Request, exc: Exception) -> JSONResponse:
    """A row of another area was to be written: row-level rights have refused it."""
    assert isinstance(exc, ProgrammingError)
    told = getattr(exc.orig, "diag", None)
    if told is None or told.source_function != _ROW_CHECK:
        raise exc
    return _known(request, errors.Forbidden.outside())


def _overtaken(request: Request, exc: Exception) -> JSONResponse:
    """Of two people at one moment the second finds the first one's row, or what was there gone."""
    if getattr(getattr(exc, "orig", None), "pgcode", None) not in _BY_ANOTHER:
        raise exc
    return problem(409, "overtaken", _OVERTAKEN)


def _beyond(request: Request, exc: Exception) -> JSONResponse:
    """A day, a number or a character was asked for that nothing here reaches."""
    if isinstance(exc, DataError) and getattr(exc.orig, "pgcode", None) not in _BEYOND:
        raise exc
    return problem(422, "bad_input", "日期或数值超出范围 / a day, number or sign is out of range")


def _busy(request: Request, exc: Exception) -> JSONResponse:
    return problem(
        503, "busy", "数据库连接已占满，请重试 / all connections to the store are in use: try again"
    )


HANDLERS: Mapping[type[Exception], Callable[[Request, Exception], JSONResponse]] = {
    **dict.fromkeys(STATUS, _known),
    RequestValidationError: _invalid,
    HTTPException: _http,
    OperationalError: _slow,
    ProgrammingError: _outside,
    IntegrityError: _overtaken,
    StaleDataError: lambda _request, _exc: problem(409, "overtaken", _OVERTAKEN),
    OverflowError: _beyond,
    DataError: _beyond,
    PoolTimeout: _busy,
}
"""What becomes of each kind of error, here and as a page."""
