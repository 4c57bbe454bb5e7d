"""Backup into one file and restore from it, through PostgreSQL's own programs."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a type
from sqlalchemy import make_url

from gis import files
from gis.db import SCHEMA, contents
from gis.db.cluster.binaries import find
from gis.db.cluster.urls import Urls, libpq_url
from gis.errors import BadInput, StoreUnavailable

Done = subprocess.CompletedProcess[str]
# Row rights bind the owner too, so the dump is made as the role that reads every row. The key that
# seals identities lies in a schema of its own and stays where it is.
_EVERY_ROW = "--role=wangge_reader"
# pg_restore --clean cannot take apart a partitioned table that has other months than the backup.
# Default rights would widen those of what is created anew; the backup brings each object's own.
_FIRST = b"""
DROP TABLE IF EXISTS wangge.audit_entries CASCADE;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
REVOKE ALL ON TABLES FROM wangge_app, wangge_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
REVOKE ALL ON SEQUENCES FROM wangge_app, wangge_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
REVOKE ALL ON FUNCTIONS FROM wangge_app;
"""
# Two things that were ended since the backup must not begin again with it: a token that was revoked
# because it was stolen, an account that was locked. Whoever is signed in signs in anew. Passwords,
# second factors, roles and areas come back as they were: the command says so.
_ENDED = b"""
CREATE TEMPORARY TABLE ended_tokens ON COMMIT DROP AS
SELECT secret_sha256, revoked_at FROM wangge.tokens WHERE revoked_at IS NOT NULL;
CREATE TEMPORARY TABLE locked_accounts ON COMMIT DROP AS
SELECT login FROM wangge.accounts WHERE state = 'locked';
"""
_ENDED_AGAIN = b"""
RESET ROLE;
SET LOCAL row_security = on;
UPDATE wangge.tokens AS token SET revoked_at = ended.revoked_at
FROM pg_temp.ended_tokens AS ended
WHERE token.secret_sha256 = ended.secret_sha256 AND token.revoked_at IS NULL;
UPDATE wangge.accounts SET state = 'locked'
WHERE login IN (SELECT login FROM pg_temp.locked_accounts);
DELETE FROM wangge.web_sessions;
"""
_NO_OWNER = (
    "请设置 WANGGE_OWNER_URL：备份和恢复以数据库所有者的身份进行 / "
    "set WANGGE_OWNER_URL: backups are made and restored as the store's owner"
)
_REVISION = re.compile(r"^COPY wangge\.alembic_version .*\n(\w+)$", re.MULTILINE)


def beside(file: Path) -> Path:
    """The side file of a backup: what it holds, table by table."""
    return file.with_name(f"{file.name}.contents.json")


def sign(file: Path, signed: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """Replace the side file of a backup by the same with a signature."""
    side = beside(file)
    try:
        files.write_whole(side, json.dumps(signed(_side(file)), indent=1) + "\n")
    except OSError as exc:
        raise _unwritten(side, exc) from exc


def hold(file: Path, holds: Callable[[Mapping[str, Any]], bool]) -> None:
    """Raises BadInput unless the signature of the side file ``holds``."""
    if not holds(_side(file)):
        raise BadInput.at(
            str(beside(file)),
            "不是本机签名，或签名后有改动；恢复别处的备份请用 --public-key 给出那里的公钥",
            "not signed by this home, or changed since; for a backup of another home give that "
            "home's key: --public-key",
        )


def dump(urls: Urls, file: Path) -> int:
    """Write schema ``wangge`` with its rows to ``file`` (pg_dump's custom format, mode 0600).

    Rows and a digest of every table go into the side file `beside` it, read in the very snapshot
    that is dumped. Both appear complete or not at all. Returns the size in bytes; raises BadInput
    when they cannot be written and StoreUnavailable when pg_dump fails.
    """
    try:
        # The side file takes its place first: without it a backup is none.
        with files.whole(file) as part, files.whole(beside(file)) as side, _reading(urls) as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone() or ("",)
            options = ("--format=custom", f"--schema={SCHEMA}", f"--file={part}", _EVERY_ROW)
            done = _run(urls, "pg_dump", *options, f"--snapshot={snapshot}", connect=True)
            if done.returncode != 0:
                raise StoreUnavailable(f"备份失败 / pg_dump: {_last_line(done)}")
            told = {"sha256": files.sha256(part), "tables": contents.as_json(contents.held(cursor))}
            side.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    except OSError as exc:
        raise _unwritten(file, exc) from exc
    return file.stat().st_size


def restore(urls: Urls, file: Path, *, revision: str) -> None:
    """Replace the rows of a store at schema ``revision`` by those of ``file``, in one transaction.

    Schema, roles and default rights stay as they are; tables come with the rights they had. At the
    end of the transaction every table is held to the side file; then sessions end, and tokens and
    accounts that were revoked and locked before the restore are so again.

    Raises
    ------
    BadInput
        ``file`` is no backup, is damaged, was made at another revision, has no side file, or what
        came out of it is not what went in. Nothing is changed.
    """
    made_at = _revision(urls, file)
    if made_at != revision:
        raise BadInput.at(
            str(file),
            f"备份时数据库版本为 {made_at}，现为 {revision}：请用当时的程序版本恢复，再运行 "
            "wangge migrate",
            f"made at schema {made_at}, this store is at {revision}: restore it with the version "
            "that made it, then run wangge migrate",
        )
    expected = _told(file)
    with _reading(urls) as cursor:
        checks = contents.checks(cursor, expected)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as wanted:
        wanted.write(_contents(urls, file))
        wanted.flush()
        why = _replay(urls, file, Path(wanted.name), checks)
    if why is not None:
        raise BadInput.at(
            str(file), f"无法恢复，数据库没有改动：{why}",
            f"cannot be restored, the store is unchanged: {why}",
        )  # fmt: skip


def _side(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(beside(file).read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise _no_side(file, str(exc)) from exc
    if not isinstance(told, dict):
        raise _no_side(file, type(told).__name__)
    return told


def _no_side(file: Path, why: str) -> BadInput:
    return BadInput.at(
        str(beside(file)), f"备份须与此文件放在一起，它缺失或损坏（{why}）",
        f"a backup goes with this file, which is missing or damaged ({why})",
    )  # fmt: skip


def _unwritten(file: Path, exc: OSError) -> BadInput:
    return BadInput.at(
        str(file), f"无法写入（{exc.strerror}），请换一处", f"cannot be written ({exc.strerror})"
    )


def _told(file: Path) -> dict[str, dict[str, Any]]:
    """The tables of the side file; raises BadInput where the backup is not the one it tells of."""
    told = _side(file)
    try:
        sha256, tables = str(told["sha256"]), dict(told["tables"])
    except (ValueError, KeyError, TypeError) as exc:
        raise _no_side(file, str(exc)) from exc
    if sha256 != files.sha256(file):
        raise BadInput.at(
            str(file), f"已损坏：与 {beside(file).name} 所记不符",
            f"damaged: it is not the file that {beside(file).name} tells of",
        )  # fmt: skip
    return tables


def _replay(urls: Urls, file: Path, wanted: Path, checks: str) -> str | None:
    """Run the backup's statements and then ``checks`` in one transaction; why it failed.

    A pg_restore that fails takes psql with it before the commit.
    """
    read = _command(urls, "pg_restore", "--clean", "--if-exists", f"--use-list={wanted}",
                    "--file=-", str(file))  # fmt: skip
    run = _command(
        urls, "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
        "--output=/dev/null", "--file=-", connect=True,
    )  # fmt: skip
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        reader = subprocess.Popen(read, env=_environment(urls), stdout=subprocess.PIPE, stderr=said)
        runner = subprocess.Popen(run, env=_environment(urls), stdin=subprocess.PIPE, stderr=said)
        assert reader.stdout is not None
        assert runner.stdin is not None
        with suppress(BrokenPipeError), reader, runner:  # psql has ended and said why
            with suppress(BrokenPipeError):
                runner.stdin.write(_ENDED + _FIRST)
                shutil.copyfileobj(reader.stdout, runner.stdin)
                if reader.wait() != 0:
                    runner.kill()
                runner.stdin.write(checks.encode() + _ENDED_AGAIN)
            reader.kill()
        runner.wait()
        said.seek(0)
        lines = said.read().strip().splitlines()
    wrong = [line for line in lines if "error:" in line.lower()]
    return None if runner.returncode == 0 else (wrong or lines or ["no reason given"])[0]


@contextmanager
def _reading(urls: Urls) -> Iterator[Cursor]:
    """One snapshot of everything, as the role that reads every row."""
    if not urls.owner:
        raise StoreUnavailable(_NO_OWNER)
    try:
        with closing(psycopg2.connect(libpq_url(urls.owner))) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            cursor = connection.cursor()
            cursor.execute("SET LOCAL ROLE wangge_reader")
            yield cursor
    except psycopg2.OperationalError as exc:
        raise StoreUnavailable(f"数据库无法连接 / PostgreSQL cannot be reached: {exc}") from exc


def _revision(urls: Urls, file: Path) -> str:
    """The schema revision that a backup was made at; raises BadInput."""
    if not file.is_file():
        raise BadInput.at(str(file), "没有这个文件", "there is no such file")
    options = ("--data-only", f"--schema={SCHEMA}", "--table=alembic_version", "--file=-")
    done = _run(urls, "pg_restore", *options, str(file))
    found = _REVISION.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise BadInput.at(
            str(file), "不是 wangge backup 写出的文件", "no file that wangge backup wrote"
        )
    return found[1]


def _contents(urls: Urls, file: Path) -> str:
    """What is restored of ``file``: all but the schema itself and the note of its revision.

    Both are there and equal, with rights that the default ones of new tables would widen.
    """
    listed = _run(urls, "pg_restore", "--list", f"--schema={SCHEMA}", str(file)).stdout
    return "\n".join(line for line in listed.splitlines() if " alembic_version" not in line)


def _run(urls: Urls, program: str, *arguments: str, connect: bool = False) -> Done:
    """Run a PostgreSQL program to its end."""
    return subprocess.run(
        _command(urls, program, *arguments, connect=connect), env=_environment(urls),
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip


def _command(urls: Urls, program: str, *arguments: str, connect: bool = False) -> list[str]:
    """What is typed; the store's password is never among the arguments."""
    if not urls.owner:
        raise StoreUnavailable(_NO_OWNER)
    command = [_program(program, urls), *arguments]
    if connect:
        url = make_url(libpq_url(urls.owner))._replace(password=None)
        command.append(f"--dbname={url.render_as_string()}")
    return command


def _environment(urls: Urls) -> dict[str, str]:
    password = make_url(urls.owner).password or ""
    return {**os.environ, "PGPASSWORD": password, "LC_ALL": "C"}


def _program(name: str, urls: Urls) -> str:
    """The program of the server's own version, or the one on the path."""
    try:
        with closing(psycopg2.connect(libpq_url(urls.owner))) as connection:
            return find(major=connection.server_version // 10_000).program(name)
    except psycopg2.OperationalError as exc:
        raise StoreUnavailable(f"数据库无法连接 / PostgreSQL cannot be reached: {exc}") from exc
    except StoreUnavailable:
        pass
    program = shutil.which(name)
    if program is None:
        remedy = "apt-get install postgresql-client"
        raise StoreUnavailable(f"缺少 {name}：{remedy} / {name} is missing: {remedy}")
    return program


def _last_line(done: Done) -> str:
    return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
