"""Which worker of the queue is the one of this host: its number, in the home under its name."""

import re
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from gis.errors import BadInput
from gis.files import write_whole

FOLDER = "workers"
_NAME = re.compile(r"\w[\w.-]{0,63}", re.ASCII)
_ALIVE = """
INSERT INTO procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE
VALUES (%(worker_id)s, now())
ON CONFLICT (id) DO UPDATE SET last_heartbeat = excluded.last_heartbeat
"""


class Noted(JobManager):
    """The queue's own manager, which writes down the worker's number while the worker works.

    A worker whose process rested for long (SIGSTOP, a machine that slept) was struck off meanwhile:
    it enters itself again under its number, and takes no job before that.
    """

    def __init__(self, connector: BaseConnector, file: Path) -> None:
        super().__init__(connector)
        self._file = file
        self._own: int | None = None

    async def register_worker(self) -> int:
        """Enter the worker in the queue, and its number in the file."""
        self._own = await super().register_worker()
        write_whole(self._file, f"{self._own}\n")
        return self._own

    async def alive(self) -> None:
        """Say that this one lives, where it works, before it says who does not."""
        if self._own is not None:
            await self.update_heartbeat(self._own)

    async def update_heartbeat(self, worker_id: int) -> None:
        """Say that the worker lives."""
        await self.connector.execute_query_async(_ALIVE, worker_id=worker_id)
        if number(self._file) is None:
            write_whole(self._file, f"{worker_id}\n")

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job; as it is noted under the worker's number, the queue must know that."""
        await self.update_heartbeat(worker_id)
        try:
            return await super().fetch_job(queues, worker_id)
        except ConnectorException:  # also where the process rested just now, between the two
            await self.update_heartbeat(worker_id)
            return await super().fetch_job(queues, worker_id)

    async def unregister_worker(self, worker_id: int) -> None:
        """Take the worker out of the queue; the file may be that of a successor by now."""
        self._own = None
        await super().unregister_worker(worker_id)
        if number(self._file) == worker_id:
            self._file.unlink(missing_ok=True)


def file_of(home: Path, name: str | None) -> Path:
    """Where the number of the worker ``name`` lies, by default the host's; raises BadInput."""
    name = socket.gethostname() if name is None else name
    if not _NAME.fullmatch(name):
        raise BadInput.at(
            "--name", "至多 64 个字母、数字、点、横线", "up to 64 letters, digits, dots and hyphens"
        )
    return home / FOLDER / name


def number(file: Path) -> int | None:
    """The number in the file; None where no worker of that name is at work."""
    try:
        return int(file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def forget_dead(home: Path, lives: Callable[[int], bool]) -> None:
    """Remove the files of workers that were killed and have no successor of their name."""
    for file in (home / FOLDER).glob("*"):
        worker = number(file)
        if worker is not None and not lives(worker):
            file.unlink(missing_ok=True)
