"""Where the private cluster keeps its things: in the home, and outside it where that cannot be."""

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from gis.db.cluster.account import Account
from gis.db.cluster.urls import PORT, Role
from gis.errors import StoreUnavailable

ELSEWHERE = Path("/var/lib/wangge")  # data of homes that the account postgres cannot enter
_SOCKET_PATH_BYTES = 100  # Linux takes 107, macOS 103
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")  # needs no quoting in postgresql.conf nor in a URL
_LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Layout:
    """The files of the cluster that belongs to ``home`` (an absolute path)."""

    home: Path

    @property
    def pointer(self) -> Path:
        """Names the data directory where it is not ``<home>/pg``."""
        return self.home / "pg.location"

    @property
    def passwords_file(self) -> Path:
        """The roles' passwords, readable for the caller alone."""
        return self.home / "passwords.json"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "log" / "postgresql.log"

    @property
    def data(self) -> Path:
        """The data directory, or where it would be."""
        try:
            return Path(self.pointer.read_text("utf-8").rstrip("\n"))
        except FileNotFoundError:
            return self.home / "pg"

    def make_home(self) -> None:
        """Create the home; its files with secrets are private one by one."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(exist_ok=True)

    def place_data(self, account: Account) -> Path:
        """Choose the data directory of a new cluster and return it, not yet made.

        It lies in the home where the account can enter it. Where it cannot (root's own folder is
        closed to everybody else), it gets a new folder below `ELSEWHERE`, and the home a pointer.
        """
        if self.pointer.exists() or account.can_enter(self.home):
            return self.data
        data = ELSEWHERE / secrets.token_hex(8) / "pg"
        for directory in (ELSEWHERE, data.parent):
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o755)  # whatever the caller's umask is
        write_private(data.parent / "home", f"{self.home}\n")
        write_private(self.pointer, f"{data}\n")
        return data

    @property
    def socket_places(self) -> tuple[Path, Path]:
        """Where the socket's directory may be: in the home, or among the temporary files."""
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return self.home / "run", _temporary() / f"wangge-{digest}"

    def socket_directory(self, account: Account) -> Path:
        """The private directory of the server's socket, made if it is missing.

        It is ``<home>/run`` where that is short and plain enough for a socket and open to the
        account, else a directory named after the home's digest among the temporary files.

        Raises
        ------
        StoreUnavailable
            Somebody else has put something at its place.
        """
        directory, elsewhere = self.socket_places
        socket = f"{directory}/.s.PGSQL.{PORT}"
        fits = len(os.fsencode(socket)) < _SOCKET_PATH_BYTES and _PLAIN.fullmatch(socket)
        if not fits or not account.can_enter(self.home):
            directory = elsewhere
        try:
            directory.mkdir(mode=0o700)
            account.own(directory)
        except FileExistsError:
            found = directory.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
                raise StoreUnavailable(
                    f"{directory} 须是账户 {account.name} 的文件夹，用于数据库套接字，"
                    "请移走此处的文件 / "
                    f"{directory} is not a directory of the account {account.name}; "
                    "the store's socket belongs there, remove what is in its place"
                ) from None
            directory.chmod(0o700)
        return directory

    def passwords(self) -> dict[Role, str]:
        """The password of every role.

        Raises
        ------
        StoreUnavailable
            The file is missing, damaged or private to somebody else.
        """
        try:
            stored = json.loads(self.passwords_file.read_text("utf-8"))
            return {role: stored[role] for role in get_args(Role)}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable(
                f"{self.passwords_file} 无法使用，请用建立数据库的账户运行，或找回该文件的副本 / "
                f"{self.passwords_file} cannot be used ({error}); work as the account that made "
                "the store, or bring the file back from a copy"
            ) from error

    def make_passwords(self) -> None:
        """Write fresh random passwords, whole or not at all."""
        fresh = {role: secrets.token_urlsafe(24) for role in get_args(Role)}
        write_private(self.passwords_file, json.dumps(fresh))

    def open_log(self) -> int:
        """Descriptor of the log for appending; a log that has grown large starts anew."""
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old"))
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        _like(self.home, descriptor)
        return descriptor

    @contextmanager
    def locked(self, *, patience_s: float) -> Iterator[None]:
        """Hold the home's lock, which ends with the process that holds it.

        Raises
        ------
        StoreUnavailable
            Another process holds it for longer than ``patience_s``.
        """
        descriptor = os.open(self.home / "cluster.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _like(self.home, descriptor)
            _flock(descriptor, self.home, patience_s)
            yield
        finally:
            os.close(descriptor)


def write_private(path: Path, content: str) -> None:
    """Replace a file by one that only its owner can read, in one step."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    _like(path.parent, descriptor)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def unkept(home: Path, error: OSError) -> StoreUnavailable:
    """The error for a home in which the operating system lets no store be kept."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(home)
    return StoreUnavailable(
        f"WANGGE_HOME={home}：不能存放数据（{error.strerror}），请换一个可写的文件夹 / "
        f"WANGGE_HOME={home}: the store cannot be kept in it ({error}): name a folder that can be "
        "written"
    )


def disk_full(path: Path, need_bytes: int = 64_000_000, *, new: bool = False) -> StoreUnavailable:
    """The error for a disk without room at ``path``; names the disk, what is free and the need.

    A store that exists needs room for some segments of its log and temporary files by default.
    """
    disk = path.resolve()
    while not os.path.ismount(disk):
        disk = disk.parent
    free_mb, need_mb = shutil.disk_usage(disk).free / 1e6, need_bytes / 1e6
    return StoreUnavailable(
        f"挂载于 {disk} 的磁盘已满：剩余 {free_mb:.0f} MB，{'新建' if new else ''}数据库需要"
        f" {need_mb:.0f} MB；请清理，或把 WANGGE_HOME 换到另一磁盘 / "
        f"the disk mounted at {disk} is full: {free_mb:.0f} MB are free, "
        f"{'a new' if new else 'the'} store needs {need_mb:.0f} MB; "
        "free some space, or choose a WANGGE_HOME on another disk"
    )


def _like(directory: Path, descriptor: int) -> None:
    """What root makes in somebody's home shall belong to them."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _flock(descriptor: int, home: Path, patience_s: float) -> None:
    end_s = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end_s:
                raise StoreUnavailable(
                    f"另一进程正在启停 {home} 的数据库，已等待 {patience_s:.0f} 秒，请稍后再试 / "
                    f"another process has been starting or stopping the store in {home} "
                    f"for {patience_s:.0f} s"
                ) from None
            time.sleep(0.05)


def _temporary() -> Path:
    """A short directory for sockets: the usual one, or ``/tmp`` if that is long or unusual."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) < 50 and _PLAIN.fullmatch(usual) else "/tmp")  # noqa: S108
