"""Backup into one file and restore from it, through PostgreSQL's own programs."""

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
from sqlalchemy import make_url

from gis.db.cluster.binaries import find
from gis.db.cluster.urls import Urls, libpq_url
from gis.errors import BadInput, StoreUnavailable

Done = subprocess.CompletedProcess[str]
_SCHEMA = "wangge"
# Row rights bind the owner too, so the dump is made as the role that reads every row. The key that
# seals identities lies in a schema of its own and stays where it is.
_EVERY_ROW = "--role=wangge_reader"
_REVISION = re.compile(r"^COPY wangge\.alembic_version .*\n(\w+)$", re.MULTILINE)


def dump(urls: Urls, file: Path) -> int:
    """Write schema ``wangge`` with its rows to ``file`` (pg_dump's custom format, mode 0600).

    The file appears complete or not at all. Returns its size in bytes; raises BadInput when it
    cannot be written and StoreUnavailable when pg_dump fails.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
        options = ("--format=custom", f"--schema={_SCHEMA}", f"--file={part}", _EVERY_ROW)
        done = _run(urls, "pg_dump", *options, connect=True)
        if done.returncode != 0:
            raise StoreUnavailable(f"pg_dump: {_last_line(done)}")
        os.replace(part, file)
    except OSError as exc:
        raise BadInput(f"{file}: cannot be written ({exc.strerror})") from exc
    finally:
        with suppress(OSError):  # nothing was made
            part.unlink()
    return file.stat().st_size


def restore(urls: Urls, file: Path, *, revision: str) -> None:
    """Replace the rows of a store at schema ``revision`` by those of ``file``, in one transaction.

    Schema, roles and default rights stay as they are; tables come with the rights they had.

    Raises
    ------
    BadInput
        ``file`` is no backup, is damaged, or was made at another revision. Nothing is changed.
    """
    made_at = _revision(urls, file)
    if made_at != revision:
        raise BadInput(
            f"{file}: made at schema {made_at}, this store is at {revision}: restore it with the "
            "version that made it, then run wangge migrate"
        )
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as contents:
        contents.write(_contents(urls, file))
        contents.flush()
        done = _run(
            urls, "pg_restore", "--clean", "--if-exists", "--single-transaction",
            "--exit-on-error", f"--use-list={contents.name}", str(file), connect=True,
        )  # fmt: skip
    if done.returncode != 0:
        raise BadInput(
            f"{file}: cannot be restored, the store is unchanged: pg_restore: {_last_line(done)}"
        )


def _revision(urls: Urls, file: Path) -> str:
    """The schema revision that a backup was made at; raises BadInput."""
    if not file.is_file():
        raise BadInput(f"{file}: there is no such file")
    options = ("--data-only", f"--schema={_SCHEMA}", "--table=alembic_version", "--file=-")
    done = _run(urls, "pg_restore", *options, str(file))
    found = _REVISION.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise BadInput(f"{file}: no file that wangge backup wrote")
    return found[1]


def _contents(urls: Urls, file: Path) -> str:
    """What is restored of ``file``: all but the schema itself and the note of its revision.

    Both are there and equal, with rights that the default ones of new tables would widen.
    """
    listed = _run(urls, "pg_restore", "--list", f"--schema={_SCHEMA}", str(file)).stdout
    return "\n".join(line for line in listed.splitlines() if " alembic_version" not in line)


def _run(urls: Urls, program: str, *arguments: str, connect: bool = False) -> Done:
    """Run a PostgreSQL program; the store's password is never among its arguments."""
    if not urls.owner:
        raise StoreUnavailable("set WANGGE_OWNER_URL: backups are made as the store's owner")
    url = make_url(libpq_url(urls.owner))
    command = [_program(program, urls), *arguments]
    if connect:
        command.append(f"--dbname={url._replace(password=None).render_as_string()}")
    environment = {**os.environ, "PGPASSWORD": url.password or "", "LC_ALL": "C"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )


def _program(name: str, urls: Urls) -> str:
    """The program of the server's own version, or the one on the path."""
    try:
        with closing(psycopg2.connect(libpq_url(urls.owner))) as connection:
            return find(major=connection.server_version // 10_000).program(name)
    except psycopg2.OperationalError as exc:
        raise StoreUnavailable(f"PostgreSQL cannot be reached: {exc}") from exc
    except StoreUnavailable:
        pass
    program = shutil.which(name)
    if program is None:
        raise StoreUnavailable(f"{name} is missing: apt-get install postgresql-client")
    return program


def _last_line(done: Done) -> str:
    return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
