"""How the installation stands, for Prometheus: asked whenever the measurements are read."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.house import House, transaction
from gis.audit import heads
from gis.db import migrate
from gis.errors import StoreUnavailable
from gis.health import store


class Standing:
    """Of the store and the home; a store that cannot be asked says that alone, and is no error."""

    def __init__(self, house: House, engine: Engine) -> None:
        self._house, self._engine = house, engine

    def __call__(self) -> Iterator[Metric]:
        """The measurements; a state is the only label."""
        signed_at = heads.last_signed_at(self._house.settings.home)
        yield _gauge(
            "audit_head_signed_timestamp_seconds", "When the trail was last signed; 0: never",
            signed_at.timestamp() if signed_at else 0,
        )  # fmt: skip
        try:
            migrated = migrate.current(self._engine) == migrate.head()
            pulse = self._pulse() if migrated else None  # what another schema answers is no answer
        except (StoreUnavailable, SQLAlchemyError):
            yield _gauge("store_up", _UP, 0)
            return
        yield _gauge("store_up", _UP, 1)
        yield _gauge("store_migrated", "1: the store has this version's schema", migrated)
        if pulse is not None:
            yield from _of_jobs(pulse)

    def _pulse(self) -> store.Pulse:
        with transaction(self._engine) as session:
            return store.pulse(session, silence_s=self._house.settings.worker_silence_s)


_UP = "1: the store answers"


def _of_jobs(pulse: store.Pulse) -> Iterator[Metric]:
    jobs = GaugeMetricFamily(
        "wangge_jobs", "Jobs by state; failed ones of the last day", labels=["state"]
    )
    for state in ("queued", "running", "failed"):
        jobs.add_metric([state], getattr(pulse, state))
    yield jobs
    yield _gauge(
        "oldest_queued_job_seconds", "How long the oldest waiting job waits; 0: none does",
        pulse.oldest_queued_s,
    )  # fmt: skip
    yield _gauge("workers", "Workers that gave a sign of life", pulse.workers)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"wangge_{name}", words, value=value)
