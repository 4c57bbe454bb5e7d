"""Migrations go forward over a populated store and lose nothing; there is no way back."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

import gis.db
from gis.db import migrate
from gis.db.cluster.urls import libpq_url
from gis.errors import BadInput

FIRST = "0002"
BOOTSTRAP = Path(gis.db.__file__).with_name("bootstrap.sql")
COLUMNS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'wangge'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
  AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname <> 'alembic_version'
GROUP BY c.relname ORDER BY c.relname
"""


@pytest.fixture
def older(cluster):
    """An empty database at an early revision."""
    name = "older_store"
    with closing(psycopg2.connect(libpq_url(cluster.url("postgres", "postgres")))) as server:
        server.autocommit = True
        server.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    with closing(_superuser(cluster, name)) as server, server:
        server.cursor().execute(BOOTSTRAP.read_text("utf-8"))
    migrate.upgrade(cluster.url("wangge_owner", name), to=FIRST)
    yield name
    with closing(psycopg2.connect(libpq_url(cluster.url("postgres", "postgres")))) as server:
        server.autocommit = True
        server.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")


def _superuser(cluster, name):
    connection = psycopg2.connect(libpq_url(cluster.url("postgres", name)))
    connection.cursor().execute("SET session_replication_role = replica")
    return connection


def _columns(cursor):
    cursor.execute(COLUMNS)
    return dict(cursor.fetchall())


def _digests(cursor, tables):
    found = {}
    for name, columns in tables.items():
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        cursor.execute(
            sql.SQL(
                "SELECT count(*), md5(coalesce(string_agg(r::text, '\n' ORDER BY r::text), ''))"
                " FROM (SELECT {} FROM wangge.{}) AS r"
            ).format(listed, sql.Identifier(name))
        )
        found[name] = cursor.fetchone()
    return found


def _fill(cursor, source, tables, tmp_path):
    """Copy the demo's rows into the older tables, column by column that both have."""
    newer = _columns(source)
    for name, columns in tables.items():
        both = [column for column in columns if column in newer.get(name, [])]
        listed = sql.SQL(", ").join(map(sql.Identifier, both))
        file = tmp_path / name
        with file.open("wb") as out:
            copy = sql.SQL("COPY (SELECT {} FROM wangge.{}) TO STDOUT")
            source.copy_expert(copy.format(listed, sql.Identifier(name)), out)
        with file.open("rb") as rows:
            copy = sql.SQL("COPY wangge.{} ({}) FROM STDIN")
            cursor.copy_expert(copy.format(sql.Identifier(name), listed), rows)


def test_the_demos_rows_survive_every_later_migration(cluster, older, demo_store, tmp_path):
    with closing(_superuser(cluster, older)) as server, server:
        cursor = server.cursor()
        tables = _columns(cursor)
        with closing(_superuser(cluster, demo_store.engine.url.database)) as demo:
            _fill(cursor, demo.cursor(), tables, tmp_path)
        before = _digests(cursor, tables)
    migrate.upgrade(cluster.url("wangge_owner", older))
    with closing(_superuser(cluster, older)) as server:
        cursor = server.cursor()
        kept = _columns(cursor)
        assert [c for name, c in tables.items() if set(c) - set(kept.get(name, []))] == []
        assert _digests(cursor, tables) == before
    assert before["dwellings"][0] > 1_000


@pytest.mark.parametrize(
    ("to", "why"), [(FIRST, "no way back"), ("9999", "no such revision"), ("x", "no such")]
)
def test_a_downgrade_is_refused_with_advice(store, to, why):
    with pytest.raises(BadInput, match=why):
        migrate.upgrade(store.urls.owner, to=to)


def test_a_store_of_a_newer_version_is_left_alone(store):
    """Whoever goes back to an older version of the software is told, not shown a trace."""
    with closing(psycopg2.connect(libpq_url(store.urls.owner))) as owner:
        with owner, owner.cursor() as cursor:
            cursor.execute("UPDATE wangge.alembic_version SET version_num = '9000'")
        with pytest.raises(BadInput, match=r"revision 9000 .* newer version"):
            migrate.upgrade(store.urls.owner)
        with owner, owner.cursor() as cursor:
            cursor.execute("SELECT version_num FROM wangge.alembic_version")
            assert cursor.fetchall() == [("9000",)]
