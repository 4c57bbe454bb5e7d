"""A place in the line for the store: as many requests at work as there are connections for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gis.errors import Busy
from gis.settings import Settings


class Line:
    """First come, first served. Who waits holds no thread and no connection.

    Without it requests would take a thread each to wait for a connection in, and whoever needs a
    second one for a moment would wait for those who wait.
    """

    def __init__(self, settings: Settings) -> None:
        self._places, self._patience_s = settings.pool_max_size, settings.pool_wait_s
        self._free: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and keep it; raises Busy after ``WANGGE_POOL_WAIT_S``."""
        free = self._semaphore()
        try:
            async with asyncio.timeout(self._patience_s):
                await free.acquire()
        except TimeoutError:
            raise Busy("服务繁忙，请稍后再试 / too many ask at once: try again") from None
        try:
            yield
        finally:
            free.release()

    def _semaphore(self) -> asyncio.Semaphore:
        """That of the running loop; a process has one, tests have several after each other."""
        loop = asyncio.get_running_loop()
        if self._free is None or self._free[0] is not loop:
            self._free = loop, asyncio.Semaphore(self._places)
        return self._free[1]
