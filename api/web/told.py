"""A page that takes long tells a browser that asks for events first how far its work is."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any

import anyio
from fastapi import Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from api.deps import transaction
from api.serving.streams import Events
from api.serving.works import Asker
from gis.db.session import User
from gis.errors import Busy, GisError

LOOK_S = 0.2
Doing = Callable[[Session, Asker], Any]


def wanted(request: Request) -> bool:
    """Whether the browser asks for events; the page itself it asks for when they have ended."""
    return Events.media_type in request.headers.get("accept", "")


class Told(Events):
    """Does the work and tells of it as server-sent events; a reader who goes away stops it.

    What comes of it is on a shelf then, or was refused: the page that is asked for next says so.
    """

    def __init__(self, request: Request, user: User, do: Doing) -> None:
        self._request, self._user, self._do = request, user, do
        self._asker = Asker()
        self._told = self._events()
        super().__init__(request, user.id, self._told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, and wait for the work to end before the request does."""
        async with aclosing(self._told):
            await super().__call__(scope, receive, send)

    async def _events(self) -> AsyncGenerator[str, None]:
        with suppress(Busy):  # the page that is asked for next waits in the line, too
            async with self._request.app.state.line.place():
                doing = asyncio.ensure_future(run_in_threadpool(self._work))
                try:
                    last, over = None, False
                    while not over:
                        over = bool((await asyncio.wait({doing}, timeout=LOOK_S))[0])
                        now = self._asker.heard
                        if now is not None and now != last:
                            yield _event("told", share=now[0], zh=now[1], en=now[2])
                            last = now
                finally:
                    with anyio.CancelScope(shield=True):
                        await asyncio.to_thread(self._asker.leave)
                        await asyncio.wait({doing})
                    doing.exception()  # the page that is asked for next meets it
        yield _event("done")

    def _work(self) -> None:
        with suppress(GisError), transaction(self._request, self._user) as db:
            self._do(db, self._asker)


def _event(name: str, **said: object) -> str:
    return f"event: {name}\ndata: {json.dumps(said, ensure_ascii=False)}\n\n"
