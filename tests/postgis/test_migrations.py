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


LIFTED = (
    "依据SAF-1，本期发生重大事件（抢劫抢夺×2、命案）而提级；评为红色。",
    "Under SAF-1, 9 incidents; lifted by severe events (robbery×2, homicide); rated red.",
)
TOLD = (
    "依据SAF-1，本期发生公布清单所列重大事件而提级；评为红色。",
    "Under SAF-1, 9 incidents; lifted by severe events of the published list; rated red.",
)
PLAIN = ("依据SAF-1，满足绿色门槛；评为绿色。", "Under SAF-1, both meet the green thresholds.")
RATED = """
INSERT INTO wangge.runs (area_code, analysis, period, as_of, policy_version, policy_digest,
                         input_digest, parameters, totals)
VALUES ('530102', 'rating', '2026Q3', '2026-09-30', '1', '1', '1', '{}', '{}');
INSERT INTO wangge.rating_cycles (area_code, period, revision, run_id, state, opened_by, digest,
                                  published_at, published_by, issuer)
SELECT '530102', '2026Q3', 1, id, 'published', 'a', 'd', now(), 'b', 'c' FROM wangge.runs
"""
STORED = """
INSERT INTO wangge.ratings (run_id, area_code, compound_code, compound_name, peer_group, colour,
                            observed, counts, lifted_by, quality, rule, reason_zh, reason_en)
SELECT id, '530102001001', %(code)s, '小区', 'old', 'red', 9, '{"theft": 9}', 'robbery', 'A',
       'SAF-1', %(zh)s, %(en)s FROM wangge.runs;
INSERT INTO wangge.published_ratings (cycle_id, area_code, compound_code, compound_name, colour,
                                      rated_colour, rule, reason_zh, reason_en)
SELECT id, '530102001001', %(code)s, '小区', 'red', 'red', 'SAF-1', %(zh)s, %(en)s
FROM wangge.rating_cycles
"""


def test_stored_reasons_stop_naming_the_kinds_of_severe_events(cluster, older):
    """Of what was rated and of what is published, which nothing else ever changes."""
    owner = cluster.url("wangge_owner", older)
    migrate.upgrade(owner, to="0033")
    with closing(_superuser(cluster, older)) as server, server:
        cursor = server.cursor()
        cursor.execute(RATED)
        for code, (zh, en) in (("A", LIFTED), ("B", PLAIN)):
            cursor.execute(STORED, {"code": code, "zh": zh, "en": en})
        before = [_unworded(cursor, table) for table in ("ratings", "published_ratings")]
    migrate.upgrade(owner, to="0034")
    with closing(_superuser(cluster, older)) as server:
        cursor = server.cursor()
        for table in ("ratings", "published_ratings"):
            words = sql.SQL("SELECT reason_zh, reason_en FROM wangge.{} ORDER BY compound_code")
            cursor.execute(words.format(sql.Identifier(table)))
            assert cursor.fetchall() == [TOLD, PLAIN]
        assert [_unworded(cursor, table) for table in ("ratings", "published_ratings")] == before
    with closing(psycopg2.connect(libpq_url(owner))) as server, server.cursor() as cursor:
        cursor.execute("SELECT wangge.enter('a', '{530102}', '{rating:read,rating:publish}')")
        cursor.execute("SELECT count(*) FROM pg_class WHERE relforcerowsecurity"
                       " AND relname IN ('ratings', 'published_ratings')")  # fmt: skip
        assert cursor.fetchone() == (2,)
        with pytest.raises(psycopg2.Error, match="a published rating is never changed"):
            cursor.execute("UPDATE wangge.published_ratings SET colour = 'green'")


def test_tiles_of_an_older_store_are_planned_for_their_own_box_too(cluster, older):
    """One plan for every box makes full tiles slower."""
    owner = cluster.url("wangge_owner", older)
    migrate.upgrade(owner, to="0061")
    with closing(_superuser(cluster, older)) as server, server:
        cursor = server.cursor()
        cursor.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'tile\\_%'"
                       " AND pronamespace = 'wangge'::regnamespace")  # fmt: skip
        made = [name for (name,) in cursor.fetchall()]
        for name in made:  # as they were
            cursor.execute(f"ALTER FUNCTION {name} RESET plan_cache_mode")
    migrate.upgrade(owner, to="0062")
    with closing(_superuser(cluster, older)) as server:
        cursor = server.cursor()
        cursor.execute(
            "SELECT proconfig FROM pg_proc WHERE oid = ANY (%s::regprocedure[])", (made,)
        )
        told = [dict(one.split("=", 1) for one in config) for (config,) in cursor.fetchall()]
    assert len(told) > 15
    assert {one["plan_cache_mode"] for one in told} == {"force_custom_plan"}
    assert {one["search_path"] for one in told} == {"wangge, public, pg_temp"}


def _unworded(cursor, table):
    """The rows of a table without their reasons."""
    rows = sql.SQL("SELECT to_jsonb(r) - '{{reason_zh,reason_en}}'::text[] FROM wangge.{} AS r"
                   " ORDER BY compound_code")  # fmt: skip
    cursor.execute(rows.format(sql.Identifier(table)))
    return cursor.fetchall()


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
