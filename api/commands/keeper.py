"""Keeps a worker running beside ``wangge serve``: another one is started where one dies."""

import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

from api.serving.logs import logger

_PROGRAM = """
import sys
from api.cli import main
sys.argv = ["wangge", "worker", "--attached"]
main()
"""
_LOOK_S = 0.2
# Growing, so that a worker that dies of its start does not take the machine from the service.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0


class Keeper:
    """Around a service: it has one worker at a time, whose end is this one's end.

    A process, so that an analysis does not slow the pages. One that lived longer than the longest
    pause was in order: the pause after it is the first again.
    """

    def __init__(self, program: str = _PROGRAM) -> None:
        self._command = [sys.executable, "-c", program]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper")

    def __enter__(self) -> Self:
        """Start the first worker."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the worker and wait for it; none is started any more."""
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._over.is_set():
            try:
                lived_s, code = self._one()
            except OSError as exc:  # no memory or no process to be had just now
                lived_s, code = 0.0, exc.errno or 1
            if self._over.is_set():
                return
            if lived_s > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            logger().warning("worker_ended", exit_code=code, pause_s=pause_s)
            self._over.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _one(self) -> tuple[float, int]:
        """How long one worker lived, in seconds, and its exit code; its log is ours."""
        begun = time.monotonic()
        with subprocess.Popen(self._command, stdin=subprocess.PIPE) as worker:
            while worker.poll() is None and not self._over.wait(_LOOK_S):
                pass
            worker.terminate()  # nothing happens to one that has ended
        return time.monotonic() - begun, worker.returncode
