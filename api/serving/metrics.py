"""Prometheus metrics: how many requests, how slow, who is refused, how the installation stands."""

from collections.abc import Callable, Iterable

from fastapi import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.registry import Collector


class Metrics(Collector):
    """The measurements of one service; labels hold templates, never values."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._standing: Callable[[], Iterable[Metric]] = tuple
        self._registry.register(self)
        self._seconds = Histogram(
            "wangge_request_seconds", "Time to answer a request", ["method", "route", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._refused = Counter(
            "wangge_refused", "Requests that were refused", ["role", "reason"],
            registry=self._registry,
        )  # fmt: skip
        self._connections = Gauge(
            "wangge_store_connections", "Connections to the store in use", registry=self._registry
        )
        self._works = Gauge(
            "wangge_works", "Plans and walks that requests wait for", registry=self._registry
        )

    def watch(
        self,
        connections_in_use: Callable[[], int],
        works_under_way: Callable[[], int],
        standing: Callable[[], Iterable[Metric]],
    ) -> None:
        """Ask for them whenever the measurements are read."""
        self._connections.set_function(connections_in_use)
        self._works.set_function(works_under_way)
        self._standing = standing

    def collect(self) -> Iterable[Metric]:
        """How the installation stands now."""
        return self._standing()

    def refuse(self, role: str, reason: str) -> None:
        """Count a refusal: by role and reason, never by user."""
        self._refused.labels(role, reason).inc()

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Take in one answered request."""
        self._seconds.labels(method, route, str(status)).observe(seconds)

    def answer(self) -> Response:
        """All measurements in Prometheus' text format."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
