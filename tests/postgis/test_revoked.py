"""Functions that could change who one is, or tell what one may not see, are revoked."""

import psycopg2
import pytest
from psycopg2 import errors as refusals
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gis.db.cluster.urls import libpq_url

REVOKED = [
    "set_config('wangge.identity', '', true)",
    "pg_sleep(0)", "pg_sleep_for('0')", "pg_sleep_until(now())",
    "query_to_xml('SELECT 1', true, true, '')", "table_to_xml('areas', true, true, '')",
    "schema_to_xml('wangge', true, true, '')", "database_to_xml(true, true, '')",
    "cursor_to_xml('c', 1, true, true, '')", "query_to_xmlschema('SELECT 1', true, true, '')",
    "ts_stat('SELECT 1')", "ts_rewrite('a', 'SELECT 1')",
    "pg_terminate_backend(1)", "pg_cancel_backend(1)", "pg_stat_get_backend_activity(1)",
    "lo_import('/etc/passwd')", "lo_export(1, '/tmp/x')", "lo_create(0)", "lo_from_bytea(0, '')",
    "lo_get(1)", "lo_put(1, 0, '')", "lo_unlink(1)", "lo_open(1, 1)", "loread(1, 1)",
    "pg_read_file('/etc/passwd')", "pg_read_binary_file('/etc/passwd')", "pg_ls_dir('/')",
    "pg_stat_file('/')", "pg_export_snapshot()", "pg_logical_emit_message(false, '', '')",
    "ST_EstimatedExtent('wangge', 'cameras', 'geom')", "ST_EstimatedExtent('cameras', 'geom')",
    "ST_FindExtent('cameras', 'geom')", "_postgis_stats('cameras', 'geom')",
    "_postgis_selectivity('cameras', 'geom', ST_MakeEnvelope(0, 0, 1, 1, 4326))",
    "_postgis_join_selectivity('cameras', 'geom', 'cameras', 'geom')",
    "_postgis_index_extent('cameras', 'geom')",
]  # fmt: skip


@pytest.mark.parametrize("call", REVOKED)
def test_the_application_may_not_call(db, call):
    with pytest.raises(ProgrammingError, match="permission denied for function"):
        db.execute(text(f"SELECT {call}".replace(":", r"\:")))


@pytest.mark.parametrize("view", ["pg_stat_activity", "pg_stat_replication"])
def test_nobody_watches_what_others_ask(db, view):
    with pytest.raises(ProgrammingError, match="permission denied for function"):
        db.execute(text(f"SELECT * FROM {view}"))


def test_dblink_cannot_be_installed(db):
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text("CREATE EXTENSION dblink"))


def test_statistics_hide_the_values_of_bound_tables(store):
    """Most common values would tell what rows hold; PostgreSQL hides them where rows are hidden."""
    with psycopg2.connect(libpq_url(store.urls.owner)) as owner:
        owner.cursor().execute("ANALYZE wangge.alembic_version")
    with psycopg2.connect(libpq_url(store.urls.app)) as app, app.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stats WHERE schemaname = 'wangge'")
        assert cursor.fetchone() == (0,)
        with pytest.raises(refusals.InsufficientPrivilege):
            cursor.execute("SELECT * FROM pg_statistic")
