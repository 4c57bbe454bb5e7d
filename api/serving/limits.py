"""How often one may ask: sign-ins by address and login name; exports, filters, replays by user."""

import math
import time

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.deps import Caller
from gis.errors import TooMany
from gis.settings import Settings


class Limits:
    """The counters of one process; they begin anew when it does."""

    def __init__(self, settings: Settings) -> None:
        self._counted = MovingWindowRateLimiter(MemoryStorage())
        self._sign_in, self._export = parse(settings.sign_in_limit), parse(settings.export_limit)
        self._filter, self._replay = parse(settings.filter_limit), parse(settings.replay_limit)

    def sign_in(self, address: str, login: str | None = None) -> None:
        """Count a try of an address, and of a login name where one is given; raises TooMany."""
        self._count(self._sign_in, "address", address)
        if login is not None:
            self._count(self._sign_in, "login", login)

    def export(self, user_id: str) -> None:
        """Count an export of a user; raises TooMany."""
        self._count(self._export, "export", user_id)

    def filter(self, user_id: str, door: str) -> None:
        """Count a filter of a user at one of the doors that take some; raises TooMany."""
        self._count(self._filter, "filter", door, user_id)

    def replay(self, user_id: str) -> None:
        """Count a rating that a user has computed again, as JSON or page; raises TooMany."""
        self._count(self._replay, "replay", user_id)

    def _count(self, limit: RateLimitItem, *key: str) -> None:
        if not self._counted.hit(limit, *key):
            reset_at, _ = self._counted.get_window_stats(limit, *key)
            raise TooMany(max(1, math.ceil(reset_at - time.time())))


def limits_of(request: Request) -> Limits:
    """The counters of the service that answers."""
    found = request.app.state.limits
    assert isinstance(found, Limits)
    return found


def export_limited(request: Request, user: Caller) -> None:
    """Dependency of routes that make files; raises TooMany."""
    limits_of(request).export(user.id)


def replay_limited(request: Request, user: Caller) -> None:
    """Dependency of routes that compute a rating again; raises TooMany."""
    limits_of(request).replay(user.id)


class FilterLimited:
    """Dependency of routes that take filters: a request with one of ``names`` counts."""

    def __init__(self, door: str, *names: str) -> None:
        self._door, self._names = door, frozenset(names)

    async def __call__(self, request: Request, user: Caller) -> None:
        """Raises TooMany."""
        if self._names & set(request.query_params):
            limits_of(request).filter(user.id, self._door)
