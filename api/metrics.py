"""Prometheus metrics: how many requests, how slow, by route template and status."""

import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from starlette.routing import Match


def install(app: FastAPI) -> None:
    """Measure every request and serve ``/metrics``; labels hold templates, never values."""
    registry = CollectorRegistry()
    seconds = Histogram(
        "wangge_request_seconds", "Time to answer a request", ["method", "route", "status"],
        registry=registry,
    )  # fmt: skip

    @app.middleware("http")
    async def measure(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        route = _template(app, request)
        labels = (request.method, route, str(response.status_code))
        seconds.labels(*labels).observe(time.perf_counter() - started)
        return response

    @app.get("/metrics", include_in_schema=False)
    def read_metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _template(app: FastAPI, request: Request) -> str:
    found = request.scope.get("route")
    if found is not None:
        return str(found.path)
    matched = (r for r in app.router.routes if r.matches(request.scope)[0] is Match.FULL)
    return str(getattr(next(matched, None), "path", "unmatched"))
