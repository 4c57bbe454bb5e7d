"""Says once a second that a job is alive and how far it is, and hears whether it is to stop."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.house import transaction
from gis.errors import Stopped, StoreUnavailable
from gis.jobs import store

BEAT_S = 1.0


class Heartbeat:
    """Around the work on one job; it has a thread and short transactions of its own.

    The work itself goes on in one long transaction, of which nobody sees anything before its end.
    """

    def __init__(self, engine: Engine, job_id: int, log: Any) -> None:
        self._engine, self._job_id, self._log = engine, job_id, log
        self._share, self._said = 0.0, ("开始", "started")
        self._over, self._watching = threading.Event(), threading.Lock()
        self._driver: Any = None
        self.stopped = False
        self._thread = threading.Thread(target=self._beat, name=f"job-{job_id}", daemon=True)

    def __enter__(self) -> Self:
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; what was said last is not written any more."""
        self._over.set()
        self._thread.join()

    @contextmanager
    def watching(self, session: Session) -> Iterator[None]:
        """Meanwhile the statement under way in ``session`` is cancelled when the job is to stop.

        Not afterwards: its connection is the pool's again, and serves another job.
        """
        driver = session.connection().connection.driver_connection
        self._driver = driver
        try:
            yield
        finally:
            with self._watching:
                self._driver = None

    def say(self, share: float, zh: str, en: str) -> None:
        """How far the work is (0 to 1) and what it is at; raises Stopped."""
        if self.stopped:
            raise Stopped
        self._share, self._said = min(max(share, 0.0), 1.0), (zh, en)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                with transaction(self._engine) as session:
                    stop = store.beat(session, self._job_id, progress=self._share, said=self._said)
            except (StoreUnavailable, SQLAlchemyError):  # the work itself will meet it
                self._log.warning("heartbeat_missed")
                continue
            if stop and not self._over.is_set():
                self.stopped = True
                with self._watching:
                    if self._driver is not None:
                        self._driver.cancel()
