"""Keeps the pages a service has made, for as long as nothing new is imported or computed."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from sqlalchemy.orm import Session

from gis.runs import store

_MOST = 12  # pages; one of a district is 1 to 4 MB


class Shelf:
    """Finished pages by what they show; safe for many threads.

    Pages are made with ``nonce``, which each answer replaces by its own.
    """

    def __init__(self) -> None:
        self.nonce = secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, str] = OrderedDict()

    def page(self, session: Session, shown: Hashable, make: Callable[[], str]) -> str:
        """The page of ``shown`` for the session's user, made when the store has moved on."""
        key = (store.newest(session), session.info["user"], shown)
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        made = make()
        with self._lock:
            self._pages[key] = made
            while len(self._pages) > _MOST:
                self._pages.popitem(last=False)
        return made
