"""indexes by measured plans; fresh statistics for the application

Revision: 0002
Follows: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RECORDS = (
    "areas", "buildings", "camera_observations", "cameras", "compounds", "dwellings", "evaluations",
    "facilities", "grids", "household_counts", "incidents", "streets", "worker_posts",
)  # fmt: skip
UNUSED = {
    "areas": ("parent_code",),
    "buildings": ("compound_code", "grid_code"),
    "camera_observations": ("camera_key",),
    "cameras": ("compound_code", "gb28181_id", "grid_code"),
    "compounds": ("grid_code",),
    "coverage_results": ("area_code", "run_id"),
    "dwellings": ("building_key", "compound_code", "grid_code"),
    "facilities": ("compound_code", "grid_code"),
    "facility_shares": ("area_code", "facility_id"),
    "grid_findings": ("area_code",),
    "incidents": ("compound_code", "compound_time", "grid_code"),
    "ratings": ("area_code", "compound_code", "run_id"),
    "rental_cells": ("area_code", "run_id"),
    "rental_results": ("area_code", "run_id"),
    "video_findings": ("area_code",),
    "video_results": ("area_code", "run_id"),
}
NEWEST = """
ALTER TABLE wangge.camera_observations
    DROP CONSTRAINT uq_camera_observations_camera_key_observed_at,
    ADD CONSTRAINT uq_camera_observations_camera_key_observed_at
        UNIQUE (camera_key, observed_at) INCLUDE (state)
"""
# ANALYZE wants the owner of a table; an import makes its statistics with this.
ANALYZE = """
CREATE FUNCTION wangge.analyze_table(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = 'wangge'::regnamespace AND relkind = 'r' AND relname = name
    ) THEN
        RAISE undefined_table USING MESSAGE = format('%I is no table of the store', name);
    END IF;
    EXECUTE format('ANALYZE wangge.%I', name);
END
$$
"""


def upgrade() -> None:
    """Forward."""
    for table, columns in UNUSED.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table, schema="wangge")
    for table in RECORDS:
        op.drop_index(f"ix_{table}_area_code", table, schema="wangge")
        op.create_index(
            f"ix_{table}_area_code",
            table,
            ["area_code"],
            schema="wangge",
            postgresql_ops={"area_code": "text_pattern_ops"},
        )
    op.create_index(
        "ix_incidents_in_compounds",
        "incidents",
        ["compound_code", "occurred_at"],
        schema="wangge",
        postgresql_include=["category"],
        postgresql_where="compound_code IS NOT NULL",
    )
    op.execute(NEWEST)
    op.execute(ANALYZE)
    op.execute("REVOKE ALL ON FUNCTION wangge.analyze_table FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION wangge.analyze_table TO wangge_app")
