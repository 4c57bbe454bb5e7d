"""Finds the PostgreSQL programs on this machine that have PostGIS."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gis.errors import StoreUnavailable

_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_EXTENSIONS = ("postgis", "btree_gist")
_PLACES = (  # where Debian, Red Hat, SUSE, Homebrew and Postgres.app keep their versions
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL version."""

    major: int
    directory: Path
    has_postgis: bool

    def program(self, name: str) -> str:
        """Absolute path of a program of this version."""
        return str(self.directory / name)


def find(*, major: int | None = None, directories: Sequence[Path] | None = None) -> Binaries:
    """The newest PostgreSQL with PostGIS, or the one whose version an existing store needs.

    Parameters
    ----------
    major : int, optional
        Version of the existing store; PostgreSQL reads only the files of its own major version.
    directories : sequence of Path, optional
        Where to look instead of the usual places.

    Raises
    ------
    StoreUnavailable
        There is none; the message has the command that installs it.
    """
    found = [_inspect(place) for place in (_installed() if directories is None else directories)]
    versions = sorted((one for one in found if one), key=lambda one: one.major, reverse=True)
    for one in versions:
        if one.has_postgis and major in (None, one.major):
            return one
    raise StoreUnavailable(_missing(versions, major))


def _installed() -> Iterator[Path]:
    for pattern in _PLACES:
        yield from Path("/").glob(pattern.lstrip("/"))
    if (program := shutil.which("pg_config")) is not None:
        yield Path(_pg_config(program, "--bindir"))


def _pg_config(program: str, option: str) -> str:
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _inspect(directory: Path) -> Binaries | None:
    """The version in ``directory``; None when a program of a server is missing there."""
    config = str(directory / "pg_config")
    if not all(shutil.which(name, path=str(directory)) for name in (*_PROGRAMS, "pg_config")):
        return None
    version = re.search(r"\d+", _pg_config(config, "--version"))
    if version is None:
        return None
    extensions = Path(_pg_config(config, "--sharedir"), "extension")
    complete = all((extensions / f"{name}.control").exists() for name in _EXTENSIONS)
    return Binaries(int(version[0]), directory, complete)


def _missing(versions: Sequence[Binaries], major: int | None) -> str:
    wanted = major or (versions[0].major if versions else None)
    if wanted is None:
        packages = "postgresql postgresql-postgis"
    else:
        packages = f"postgresql-{wanted} postgresql-{wanted}-postgis-3"
    subject = "PostgreSQL" if major is None else f"PostgreSQL {major}"
    return (
        f"本机未安装带 PostGIS 的 {subject}：请执行 sudo apt-get install {packages}，"
        "或用 WANGGE_DATABASE_URL 指定服务器 / "
        f"{subject} with PostGIS is not installed on this machine. Install it with "
        f"`sudo apt-get install {packages}`, or name a server in WANGGE_DATABASE_URL."
    )
