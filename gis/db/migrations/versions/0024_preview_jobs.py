"""previews of large files are jobs

Revision: 0024
Follows: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KINDS = "kind IN ('import', 'run', 'export', 'audit', 'preview')"


def upgrade() -> None:
    """Forward."""
    listed = op.f("ck_jobs_kind_listed")
    op.drop_constraint(listed, "jobs", schema="wangge")
    op.create_check_constraint(listed, "jobs", KINDS, schema="wangge")
    op.add_column("uploads", sa.Column("preview_job", sa.BigInteger()), schema="wangge")
    op.create_foreign_key(
        op.f("fk_uploads_preview_job"), "uploads", "jobs", ["preview_job"], ["id"],
        source_schema="wangge", referent_schema="wangge",
    )  # fmt: skip
