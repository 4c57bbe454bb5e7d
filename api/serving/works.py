"""Long work that requests wait for: how far it is, and its end when nobody waits any more."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from api.serving.logs import logger
from gis.errors import Stopped
from gis.progress import Say

T = TypeVar("T")
Heard = tuple[float, str, str]
_LOOK_S = 0.1  # how often who waits for another's work looks whether to go on waiting


class Asker:
    """A request that waits for long work; it `leave`s when its client has gone."""

    def __init__(self) -> None:
        self.gone = False
        self._lock = threading.Lock()
        self._work: Work[Any] | None = None

    @property
    def heard(self) -> Heard | None:
        """Share (0 to 1) of the work, and what it is at; None before it began."""
        return None if self._work is None else self._work.heard

    def waits_for(self, work: "Work[Any]") -> None:
        """From now on; raises Stopped for a client that has gone."""
        with self._lock:
            if self.gone:
                raise Stopped
            self._work = work

    def leave(self) -> None:
        """Wait no longer: work for which nobody waits ends."""
        with self._lock:
            self.gone, work = True, self._work
        if work is not None:
            work.leave(self)


class Work(Generic[T]):
    """One work and those who wait for it; the first does it, in that one's transaction."""

    def __init__(self, session: Session) -> None:
        self.heard: Heard = (0.0, "", "")
        self._driver: Any = session.connection().connection.driver_connection
        self._lock, self._over = threading.Lock(), threading.Event()
        self._askers: set[Asker] = set()
        self._stopped = False
        self._made: T | None = None
        self._error: BaseException | None = None

    def join(self, asker: Asker) -> bool:
        """Whether the asker waits for it now; not for work that is about to stop."""
        with self._lock:
            if self._stopped:
                return False
            asker.waits_for(self)
            self._askers.add(asker)
            return True

    def leave(self, asker: Asker) -> None:
        """The last who leaves stops the work: at its next word, or in the statement under way."""
        with self._lock:
            self._askers.discard(asker)
            if self._askers or self._over.is_set():
                return
            self._stopped = True
            self._driver.cancel()

    def say(self, share: float, zh: str, en: str) -> None:
        """How far the work is; raises Stopped."""
        if self._stopped:
            raise Stopped
        self.heard = (min(max(share, 0.0), 1.0), zh, en)

    def do(self, make: Callable[[Say], T]) -> T:
        """Do the work; raises Stopped."""
        begun_s = time.monotonic()
        try:
            self._made = make(self.say)
            return self._made
        except Exception as exc:
            self._error = exc
            if self._stopped:  # the statement under way was cancelled
                took_s = round(time.monotonic() - begun_s, 2)
                logger().info("work_stopped", share=round(self.heard[0], 3), seconds=took_s)
                raise Stopped from exc
            raise
        finally:
            with self._lock:  # afterwards the connection serves others
                self._over.set()

    def outcome(self, asker: Asker) -> T:
        """What whoever does it made of it; raises what went wrong, and Stopped for one who left."""
        while not self._over.wait(_LOOK_S):
            if asker.gone:
                raise Stopped
        if self._error is not None:
            raise self._error
        assert self._made is not None, "work makes something"
        return self._made


class Works:
    """The works under way in one process, by what they make."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Work[Any]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def result(self, session: Session, key: Hashable, asker: Asker, make: Callable[[Say], T]) -> T:
        """What ``make`` makes; who asks for the same meanwhile waits for the one work."""
        mine: Work[T] = Work(session)
        with self._lock:
            work = self._under_way.get(key)
            if work is None or not work.join(asker):
                mine.join(asker)
                self._under_way[key] = work = mine
        if work is not mine:
            return work.outcome(asker)
        try:
            return mine.do(make)
        finally:
            with self._lock:
                if self._under_way.get(key) is mine:
                    del self._under_way[key]
