"""Answers that stay open: how many there may be at once, of one user and of the process."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gis.errors import Busy, TooMany
from gis.settings import Settings

WAIT_S = 5


class Streams:
    """The open streams of one process; counted in its one event loop, so without a lock."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._most_of_one = settings.streams_max, settings.streams_per_user
        self._open: Counter[str] = Counter()

    @contextmanager
    def opened(self, user_id: str) -> Iterator[None]:
        """Count one stream while it is open; raises TooMany of one user and Busy of all."""
        if self._open[user_id] >= self._most_of_one:
            raise TooMany(WAIT_S)
        if self._open.total() >= self._most:
            raise Busy("实时连接已满 / all places for streams are taken: try again")
        self._open[user_id] += 1
        try:
            yield
        finally:
            self._open[user_id] -= 1
            self._open += Counter()  # forgets who has none


class Events(StreamingResponse):
    """Server-sent events, counted from the first byte until the answer or its reader ends."""

    media_type = "text/event-stream"

    def __init__(self, request: Request, user_id: str, content: AsyncIterator[str]) -> None:
        super().__init__(content)
        self._streams: Streams = request.app.state.streams
        self._user_id = user_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; a refusal is answered like any other, nothing has left before it."""
        with self._streams.opened(self._user_id):
            await super().__call__(scope, receive, send)
