"""Backup into one file and restore from it, through PostgreSQL's own programs."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import Connection, func, select

from gis.db.cluster.urls import Urls, libpq_url
from gis.db.schema import METADATA
from gis.errors import BadInput, StoreUnavailable


def dump(urls: Urls, file: Path) -> int:
    """Write schema ``wangge`` with its rows to ``file`` (pg_dump's custom format, mode 0600).

    The file appears complete or not at all. Returns its size in bytes; raises BadInput when it
    cannot be written and StoreUnavailable when pg_dump fails.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
    except OSError as exc:
        raise BadInput(f"{file}: cannot be written ({exc.strerror})") from exc
    try:
        _program("pg_dump", urls, "--format=custom", "--schema=wangge", f"--file={part}")
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def restore(urls: Urls, file: Path) -> None:
    """Replace schema ``wangge`` by the content of ``file`` in one transaction.

    Raises BadInput when ``file`` is no backup; the store is then unchanged.
    """
    if not file.is_file() or file.open("rb").read(5) != b"PGDMP":
        raise BadInput(f"{file}: no file that wangge backup wrote")
    _program(
        "pg_restore", urls, "--clean", "--if-exists", "--single-transaction", "--exit-on-error",
        "--schema=wangge", str(file),
    )  # fmt: skip


def row_counts(connection: Connection) -> dict[str, int]:
    """Rows of every table of ours, by table name."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in sorted(METADATA.tables.values(), key=lambda t: t.name)
    }


def _program(name: str, urls: Urls, *arguments: str) -> None:
    if not urls.owner:
        raise StoreUnavailable("set WANGGE_OWNER_URL: backups are made as the store's owner")
    program = shutil.which(name)
    if program is None:
        raise StoreUnavailable(f"{name} is missing: apt-get install postgresql-client")
    url = libpq_url(urls.owner)
    done = subprocess.run(  # noqa: S603
        [program, *arguments, f"--dbname={url}"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StoreUnavailable(f"{name}: {done.stderr.strip().splitlines()[-1]}")
