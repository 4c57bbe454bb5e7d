"""Prometheus metrics: how many requests, how slow, by method, route template and status."""

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest


class Metrics:
    """The measurements of one service; labels hold templates, never values."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "wangge_request_seconds", "Time to answer a request", ["method", "route", "status"],
            registry=self._registry,
        )  # fmt: skip

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Take in one answered request."""
        self._seconds.labels(method, route, str(status)).observe(seconds)

    def answer(self) -> Response:
        """All measurements in Prometheus' text format."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
