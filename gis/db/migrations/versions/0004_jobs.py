"""jobs, and procrastinate's queue in a schema of its own

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RIGHTS = """
GRANT USAGE ON SCHEMA procrastinate TO wangge_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA procrastinate TO wangge_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA procrastinate TO wangge_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA procrastinate TO wangge_app
"""
# The library's functions name their tables without a schema.
QUEUE_JOB = """
CREATE FUNCTION wangge.queue_job(job bigint, kind text) RETURNS bigint
LANGUAGE sql SET search_path = procrastinate, pg_catalog, pg_temp
AS $$
    SELECT (procrastinate_defer_jobs_v1(ARRAY[CAST(ROW(
        'wangge', 'wangge.' || kind, 0, 'job-' || job, NULL, jsonb_build_object('job_id', job), NULL
    ) AS procrastinate_job_to_defer_v1)]))[1]
$$
"""


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "jobs",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_as", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("message_zh", sa.Text(), nullable=True),
        sa.Column("message_en", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.CheckConstraint(
            "kind IN ('import', 'run', 'export', 'audit')", name=op.f("ck_jobs_kind_listed")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_jobs_state_listed"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_jobs_progress_share")),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (state IN ('queued', 'running'))",
            name=op.f("ck_jobs_finished_when_ended"),
        ),
        schema="wangge",
    )
    op.create_index(
        "ix_jobs_area_code", "jobs", ["area_code"], schema="wangge",
        postgresql_ops={"area_code": "text_pattern_ops"},
    )  # fmt: skip
    op.create_index("ix_jobs_asked_by", "jobs", ["asked_by", "id"], schema="wangge")
    _queue()


def _queue() -> None:
    """The library's own schema, as its pinned version has it."""
    connection = op.get_bind()
    before = connection.execute(sa.text("SELECT current_setting('search_path')")).scalar_one()
    op.execute("CREATE SCHEMA procrastinate")
    op.execute("SET LOCAL search_path TO procrastinate")
    with connection.connection.cursor() as cursor:  # the file holds colons and percent signs
        cursor.execute(SchemaManager.get_schema())
    connection.execute(
        sa.text("SELECT set_config('search_path', :before, true)"), {"before": before}
    )
    op.execute(RIGHTS)
    op.execute(QUEUE_JOB)
    op.execute("REVOKE ALL ON FUNCTION wangge.queue_job FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION wangge.queue_job TO wangge_app")


def downgrade() -> None:
    """Back."""
    op.execute("DROP FUNCTION wangge.queue_job")
    op.execute("DROP SCHEMA procrastinate CASCADE")
    op.drop_table("jobs", schema="wangge")
