"""a tile's tag moves with the commit that changes its rows, and never comes back after a crash

Revision: 0050
Follows: 0048
"""

from alembic import op

revision = "0050"
down_revision = "0048"
branch_labels = None
depends_on = None

# The change counters are statistics: a crash or a reset begins them anew, and tags that once named
# other rows would come back. The server notes when it last began them (after a crash the cluster's,
# at a reset the database's), so that moment is part of what they say.
VERSION = """
CREATE OR REPLACE FUNCTION wangge.version_of(sources text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT concat_ws('.', newest.import_id, newest.run_id,
            extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()),
            extract(epoch FROM pg_stat_get_db_stat_reset_time(
                (SELECT oid FROM pg_database WHERE datname = current_database()))),
            string_agg(concat_ws('-', oid,
                pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid)
                + pg_stat_get_tuples_deleted(oid)), '.' ORDER BY oid))
        FROM pg_class, wangge.newest() AS newest
        WHERE relnamespace = 'wangge'::regnamespace AND relname = ANY (sources)
        GROUP BY newest.import_id, newest.run_id
    );
END
$$
"""
# A server counts at the end of a transaction but tells others up to ten seconds later, unless the
# transaction asks for it. PostgreSQL 14 has no way to ask.
TELL = """
CREATE FUNCTION wangge.tell_of_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('server_version_num')::integer >= 150000 THEN
        PERFORM pg_stat_force_next_flush();
    END IF;
    RETURN NULL;
END
$$
"""
TABLES = (
    "areas", "buildings", "cameras", "compounds", "coverage_results", "facilities",
    "grid_findings", "grids", "rating_cycles", "ratings", "rental_cells", "rental_results",
    "video_blind_areas", "video_coverage", "video_findings", "video_places", "view_fields",
)  # fmt: skip


def upgrade() -> None:
    """Forward."""
    op.execute(VERSION)
    op.execute(TELL)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE ON wangge.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION wangge.tell_of_change()"
        )
