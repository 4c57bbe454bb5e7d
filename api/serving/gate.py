"""What happens round every request: host check, headers, measurement, log, the mute 500."""

import secrets
import time
from collections.abc import Collection, Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Shown, as_it_is, problem
from api.serving.logs import described, logger
from api.serving.metrics import Metrics
from gis.audit.entry import Origin

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PROBES = {"/livez", "/readyz", "/metrics"}
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


class Gate:
    """The outermost middleware; whatever happens inside, an answer leaves with these headers.

    ``inner_hosts`` are names under which the probes alone are asked. ``shown`` makes what a person
    sees of a refusal.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        inner_hosts: Collection[str] = (),
        metrics: Metrics,
        shown: Shown = as_it_is,
    ) -> None:
        self._app, self._metrics, self._log, self._shown = app, metrics, logger(), shown
        self._hosts = {host.lower() for host in hosts}
        self._inner_hosts = {host.lower() for host in inner_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, started, status = secrets.token_hex(8), time.perf_counter(), 0
        address = scope["client"][0] if scope.get("client") else "socket"
        scope.setdefault("state", {})["origin"] = Origin(address, request_id)
        failure: dict[str, Any] = {}

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            await send(message)

        try:
            if self._is_ours(Headers(scope=scope).get("host", ""), scope["path"]):
                await self._app(scope, receive, answer)
            else:
                refusal = problem(400, "bad_host", "this Host is not served: WANGGE_ALLOWED_HOSTS")
                await refusal(scope, receive, answer)
        except Exception as exc:  # a bug: the log has where, the answer says nothing
            failure = described(exc)
            if status == 0:
                mute = problem(
                    500,
                    "internal_error",
                    "意外错误，已记入日志 / an unexpected error; the log has it",
                )
                await self._shown(scope, mute)(scope, receive, answer)
        finally:
            self._record(scope, status, time.perf_counter() - started, failure)

    def _is_ours(self, host: str, path: str) -> bool:
        name = (host if host.endswith("]") else host.rpartition(":")[0] or host).lower()
        return name in self._hosts or (path in _PROBES and name in self._inner_hosts)

    def _record(
        self, scope: Scope, status: int, seconds: float, failure: Mapping[str, Any]
    ) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.observe(method, route, status, seconds)
        user, reason = scope["state"].get("user"), scope["state"].get("refusal")
        if reason is not None:
            self._metrics.refuse((user and user.role) or "none", reason)
        say = self._log.error if failure else self._log.info
        say(
            "request", method=method, route=route, status=status, ms=round(1_000 * seconds, 1),
            request_id=scope["state"]["origin"].request_id, user=user.id if user else None,
            **failure,
        )  # fmt: skip
