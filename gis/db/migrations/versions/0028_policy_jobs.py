"""previews of a policy are jobs

Revision: 0028
Follows: 0027
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

KINDS = "kind IN ('import', 'run', 'export', 'audit', 'preview', 'policy')"


def upgrade() -> None:
    """Forward."""
    listed = op.f("ck_jobs_kind_listed")
    op.drop_constraint(listed, "jobs", schema="wangge")
    op.create_check_constraint(listed, "jobs", KINDS, schema="wangge")
