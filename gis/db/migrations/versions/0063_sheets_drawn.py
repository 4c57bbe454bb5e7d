"""map sheets of very many features are drawn by jobs

Revision: 0063
Follows: 0062
"""

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

KINDS = "kind IN ('import', 'run', 'export', 'audit', 'preview', 'policy', 'plaques', 'sheet')"


def upgrade() -> None:
    """Forward."""
    listed = op.f("ck_jobs_kind_listed")
    op.drop_constraint(listed, "jobs", schema="wangge")
    op.create_check_constraint(listed, "jobs", KINDS, schema="wangge")
