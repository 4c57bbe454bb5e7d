"""a run speaks of the whole district: whoever works in a part of it stores none

Revision: 0033
Follows: 0032
"""

from alembic import op

from gis.db.rights import written_by

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    written_by(op, "runs", ["runs:write"])
