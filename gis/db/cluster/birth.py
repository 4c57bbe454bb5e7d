"""Makes a cluster: its files, then the database with roles, extensions and rights."""

import shutil
from collections.abc import Mapping
from contextlib import closing
from importlib.resources import files

import psycopg2
from psycopg2 import sql

from gis.db.cluster.account import Account
from gis.db.cluster.binaries import Binaries
from gis.db.cluster.layout import Layout, disk_full, write_private
from gis.db.cluster.urls import DATABASE, Role, libpq_url
from gis.errors import StoreUnavailable

_NEW_BYTES = 256_000_000  # 39 MB of system catalogues, PostGIS and the first log segments
_UNFINISHED = f"{DATABASE}_unfinished"
_NEWEST_ROLE = "wangge_reader"  # of bootstrap.sql: without it, an older version ran that
_INITDB = (
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C.UTF-8",  # the same order on every machine
    "--auth=scram-sha-256",
)
_ACCESS = "# Socket connections with a password, nothing else.\nlocal all all scram-sha-256\n"


def make_data(layout: Layout, account: Account, binaries: Binaries, *, durable: bool) -> None:
    """Make the data directory beside its place and move it there when it is complete.

    Unless ``durable`` is false it is then safely on the disk.

    Raises
    ------
    StoreUnavailable
        The disk is full or initdb failed; nothing is left behind.
    """
    data = layout.place_data(account)
    if shutil.disk_usage(data.parent).free < _NEW_BYTES:
        raise disk_full(data.parent, _NEW_BYTES, new=True)
    draft, password = data.with_name("pg.init"), data.with_name("pg.password")
    shutil.rmtree(draft, ignore_errors=True)  # of an attempt that was interrupted
    try:
        layout.make_passwords()
        write_private(password, layout.passwords()["postgres"])
        account.own(password)
        draft.mkdir(mode=0o700)
        account.own(draft)
        options = [f"--pgdata={draft}", f"--pwfile={password}", *_INITDB]
        if not durable:
            options.append("--no-sync")
        done = account.run([binaries.program("initdb"), *options])
        if "No space left on device" in done.stdout:
            raise disk_full(data.parent, _NEW_BYTES, new=True)
        if done.returncode != 0:
            raise _unmade(done.stdout.strip())
        (draft / "pg_hba.conf").write_text(_ACCESS, "utf-8")
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude = 'wangge.conf'\n# Settings below this line win.\n")
        draft.rename(data)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        password.unlink(missing_ok=True)


def make_database(superuser_url: str, passwords: Mapping[Role, str]) -> None:
    """Make the database ``wangge`` unless it exists; it gets its name when it is complete.

    One that an older version made gets the roles and rights of this one.

    Raises
    ------
    StoreUnavailable
        PostgreSQL refused; the message has its reason.
    """
    with closing(_connect(superuser_url)) as server, server.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.rowcount:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [_NEWEST_ROLE])
            if not cursor.rowcount:
                _bootstrap(superuser_url, DATABASE, passwords)
            return
        try:
            draft = sql.Identifier(_UNFINISHED)
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(draft))
            cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(draft))
            _bootstrap(superuser_url, _UNFINISHED, passwords)
            name = sql.Identifier(DATABASE)
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(draft, name))
        except psycopg2.Error as error:
            raise _unmade(error) from error


def _unmade(why: object) -> StoreUnavailable:
    return StoreUnavailable(f"未能建立数据库 / the store could not be made: {why}")


def _bootstrap(superuser_url: str, database: str, passwords: Mapping[Role, str]) -> None:
    script = files("gis.db").joinpath("bootstrap.sql").read_text("utf-8")
    with closing(_connect(superuser_url, database)) as made, made.cursor() as cursor:
        cursor.execute(script)
        for role in ("wangge_owner", "wangge_app"):
            statement = sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(role))
            cursor.execute(statement, [passwords[role]])


def _connect(url: str, database: str = "postgres") -> psycopg2.extensions.connection:
    connection = psycopg2.connect(libpq_url(url), dbname=database)
    connection.autocommit = True
    return connection
