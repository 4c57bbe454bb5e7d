"""The operating-system account that runs the private server, which is never root."""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gis.errors import StoreUnavailable


@dataclass(frozen=True)
class Account:
    """Who runs the server; ``switched`` when root steps down to it."""

    uid: int
    gid: int
    name: str
    switched: bool

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        output: IO[Any] | int = subprocess.PIPE,
        cwd: Path | str = "/",
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program as this account, private files only, error output with the rest."""
        rights: dict[str, Any] = {}
        if self.switched:
            rights = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(  # noqa: PLW1510 -- the caller judges the exit code
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env=_environment(env or {}),
            umask=0o077,
            **rights,
        )

    def can_enter(self, directory: Path) -> bool:
        """Whether the account may pass through the directory and all those above it."""
        if not self.switched:
            return os.access(directory, os.X_OK)
        return self.run(["test", "-x", str(directory)]).returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or directory that root has just made to the account."""
        if self.switched:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def read_link(self, link: str) -> str | None:
        """Target of a link in ``/proc``, which even root may not read for others everywhere."""
        try:
            return os.readlink(link)
        except PermissionError:
            if not self.switched:
                return None
        except OSError:
            return None
        done = self.run(["readlink", link])
        return done.stdout.rstrip("\n") if done.returncode == 0 else None


def account_for(data: Path) -> Account:
    """The account for the cluster in ``data``: its owner, for a new one the caller's.

    Root takes ``postgres`` for a new cluster, because PostgreSQL refuses to run as root.

    Raises
    ------
    StoreUnavailable
        The cluster belongs to somebody else, or root finds no account ``postgres``.
    """
    me = os.geteuid()
    owner = data.lstat().st_uid if data.exists() else None
    if me != 0:
        if owner not in (None, me):
            raise StoreUnavailable(
                f"{data} 的数据库属于账户 {_name(owner)}，请用该账户运行，或换一个 WANGGE_HOME / "
                f"the store in {data} belongs to the account {_name(owner)}; "
                "work as that account, or choose another WANGGE_HOME"
            )
        return Account(me, os.getegid(), _name(me), switched=False)
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("postgres")
    except KeyError:
        raise StoreUnavailable(
            "缺少账户 postgres，以 root 启动时由它运行数据库，"
            "请执行 sudo apt-get install postgresql / "
            "the account postgres is missing, which runs the store when root starts it; "
            "`sudo apt-get install postgresql` creates it"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, switched=True)


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "nobody"
    except KeyError:
        return str(uid)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what redirects PostgreSQL; messages in English."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG")) and name != "TZ"
    }
    return {**kept, "LC_ALL": "C", **extra}
