"""Starts and stops the server process of one data directory, whatever the last one died of."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gis.db.cluster.account import Account
from gis.db.cluster.binaries import Binaries
from gis.db.cluster.layout import Layout, disk_full
from gis.errors import StoreUnavailable

_PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
_START_S = 600  # recovery after a crash replays up to max_wal_size
_STOP_S = 120
_FULL = "No space left on device"
_BUSY = ("pre-existing shared memory block", "already exists", "Address already in use")


@dataclass(frozen=True)
class Server:
    """The server of ``layout.data``, run by ``account`` with ``binaries``."""

    layout: Layout
    account: Account
    binaries: Binaries

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.layout.data

    def start(self) -> None:
        """Start, wait until connections are taken, and try again while an old server dies.

        Raises
        ------
        StoreUnavailable
            With what the server said, or which disk is full.
        """
        said = ""
        for pause_s in _PAUSES_S:
            if (pid := _lock_pid(self.data)) is not None and not self.is_process(pid):
                (self.data / "postmaster.pid").unlink(missing_ok=True)
            code, said = self._pg_ctl("start", _START_S)
            if code == 0:
                return
            if _FULL in said or not any(sign in said for sign in _BUSY):
                break
            time.sleep(pause_s)
            self._end_orphans()
        raise self._failure("start", said)

    def stop(self) -> None:
        """Stop at once: open transactions are rolled back, committed ones are safe."""
        if not is_running(self.data, self.account):
            return
        code, said = self._pg_ctl("stop", _STOP_S)
        if code != 0 and is_running(self.data, self.account):
            raise self._failure("stop", said)

    def _pg_ctl(self, action: str, wait_s: int) -> tuple[int, str]:
        """Exit code, and what was said into the log meanwhile.

        The data directory travels in ``PGDATA``: pg_ctl hands its arguments to a shell.
        """
        command = [self.binaries.program("pg_ctl"), action, "--wait", f"--timeout={wait_s}"]
        if action == "stop":
            command.append("--mode=fast")
        log = self.layout.open_log()
        try:
            before = os.fstat(log).st_size
            done = self.account.run(command, env={"PGDATA": str(self.data)}, output=log)
        finally:
            os.close(log)
        with self.layout.log.open("rb") as file:
            file.seek(before)
            return done.returncode, file.read().decode("utf-8", "replace")

    def _failure(self, action: str, said: str) -> StoreUnavailable:
        if _FULL in said:
            return disk_full(self.data)
        lines = [line for line in said.splitlines() if "FATAL" in line or "PANIC" in line]
        reason = (lines or said.splitlines() or ["it said nothing"])[-1]
        done = {"start": "启动", "stop": "停止"}[action]
        return StoreUnavailable(
            f"数据库未能{done}：{reason}（详见 {self.layout.log}） / "
            f"the store's server did not {action}: {reason} (all of it in {self.layout.log})"
        )

    def is_process(self, pid: int) -> bool:
        """Whether ``pid`` is a live server process of this data directory."""
        return _works_in(pid, self.data, self.account)

    def _end_orphans(self) -> None:
        """Ask sessions whose server was killed to end; a long statement would hold up the start."""
        for pid in _processes():
            if self.is_process(pid):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGTERM)


def is_running(data: Path, account: Account) -> bool:
    """Whether a server works in ``data``; a lock file left behind by a dead one does not count."""
    pid = _lock_pid(data)
    return pid is not None and _works_in(pid, data, account)


def socket_in_use(data: Path) -> str:
    """Socket directory of the running server, from the fifth line of its lock file.

    Raises
    ------
    StoreUnavailable
        The file is gone or short: the server has just stopped.
    """
    try:
        return (data / "postmaster.pid").read_text("utf-8").splitlines()[4]
    except (OSError, IndexError):
        raise StoreUnavailable(
            f"{data} 的数据库刚刚停止 / the server of {data} has just stopped"
        ) from None


def _lock_pid(data: Path) -> int | None:
    try:
        return abs(int((data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return 0  # damaged: no process has this number, so the file is stale


def _works_in(pid: int, data: Path, account: Account) -> bool:
    """A number can belong to a zombie or to a new process that has nothing to do with us."""
    if pid <= 0:
        return False
    if not Path("/proc/self").exists():  # macOS: PostgreSQL's own checks must do
        return _exists(pid)
    try:
        name = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    if "(postgres)" not in name:
        return False
    target = account.read_link(f"/proc/{pid}/cwd")
    return target is not None and Path(target) == data.resolve()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _processes() -> Iterator[int]:
    with suppress(FileNotFoundError):
        for entry in os.listdir("/proc"):
            if entry.isdecimal():
                yield int(entry)
