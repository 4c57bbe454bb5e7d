"""What a request may bring, and how slowly: a body that is too large or never ends is refused."""

import asyncio

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Shown, as_it_is, problem

# Uploads go to the disk piece by piece and have a limit of their own.
STREAMED = {("POST", "/api/v1/imports"), ("POST", "/imports")}


class _Refused(Exception):
    """The rest of the body is not taken."""


class Intake:
    """Middleware inside the gate; answers 413 and 408 where nothing was answered yet."""

    def __init__(
        self, app: ASGIApp, *, limit_bytes: int, patience_s: float, shown: Shown = as_it_is
    ) -> None:
        self._app, self._limit_bytes, self._patience_s = app, limit_bytes, patience_s
        self._shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = None if (scope["method"], scope["path"]) in STREAMED else self._limit_bytes
        told = Headers(scope=scope).get("content-length", "0")
        if limit is not None and told.isdigit() and int(told) > limit:
            await self._shown(scope, _too_large(limit))(scope, receive, send)
            return
        watched, started = _Watched(receive, limit, self._patience_s), False

        async def answer(message: Message) -> None:
            nonlocal started
            if watched.refusal is None or started:  # else what it makes of half a body
                started = True
                await send(message)

        try:
            await self._app(scope, watched, answer)
        except _Refused:
            if started:
                raise
        if watched.refusal is not None and not started:
            await self._shown(scope, watched.refusal)(scope, receive, send)


def _too_large(limit: int) -> JSONResponse:
    return problem(
        413, "too_large",
        f"一次最多发送 {limit:,} 字节 / a request's body has at most {limit:,} bytes",
    )  # fmt: skip


class _Watched:
    """``receive`` that counts bytes and does not wait for ever while a body is due."""

    def __init__(self, receive: Receive, limit: int | None, patience_s: float) -> None:
        self._receive, self._limit, self._patience_s = receive, limit, patience_s
        self._bytes, self._whole = 0, False
        self.refusal: JSONResponse | None = None

    async def __call__(self) -> Message:
        """The next piece of the request."""
        if self._whole:  # what follows is the client's leaving, whenever that is
            return await self._receive()
        try:
            async with asyncio.timeout(self._patience_s):
                message = await self._receive()
        except TimeoutError as exc:
            self.refusal = problem(
                408, "too_slow_request", "内容没有传完 / the request's body does not arrive"
            )
            raise _Refused from exc
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._limit is not None and self._bytes > self._limit:
                self.refusal = _too_large(self._limit)
                raise _Refused
        return message
