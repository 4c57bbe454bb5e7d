"""Keeps what a service has made while nothing new is imported, computed or published."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from api.serving.works import Asker, Works
from gis.progress import Say
from gis.publication import store as publication
from gis.runs import store

T = TypeVar("T")
MOST_PAGES = 12  # one of a district is 1 to 4 MB
MOST_MOMENTS = 1_000  # a day and a number of each layer that each user looks at


class Shelf(Generic[T]):
    """Finished things by what they show, at most ``most``; safe for many threads.

    Pages are made with ``nonce``, which each answer replaces by its own.
    """

    def __init__(self, most: int) -> None:
        self.nonce = secrets.token_urlsafe(24)
        self._most = most
        self._lock = threading.Lock()
        self._made: OrderedDict[Hashable, T] = OrderedDict()

    def kept(self, session: Session, shown: Hashable, make: Callable[[], T]) -> T:
        """What ``shown`` stands for, for the session's user; made when the store has moved on.

        A publication moves it too: for who sees no drafts another run is the newest then.
        """
        return self.under(self._key(session, shown), make)

    def _key(self, session: Session, shown: Hashable) -> Hashable:
        moved = (store.newest(session), publication.times_published(session))
        return (*moved, session.info["user"], shown)

    def under(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing called ``key``, which names all that it may depend on."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._lock:
            self._made[key] = made
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return made


class SlowShelf(Shelf[T]):
    """A shelf of what takes long to make: the same things are made once, followed and stopped."""

    def __init__(self, most: int, works: Works) -> None:
        super().__init__(most)
        self._works = works

    def worked(
        self, session: Session, shown: Hashable, asker: Asker, make: Callable[[Say], T]
    ) -> T:
        """As `kept`; raises Stopped for an asker who left."""
        key = self._key(session, shown)
        return self.under(key, lambda: self._works.result(session, (id(self), key), asker, make))
