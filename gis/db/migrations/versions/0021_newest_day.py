"""indexes from which the newest day of the store is read without a scan

Every tile and every page without a day of its own asks for it.

Revision: 0021
Follows: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

DATED = (("camera_observations", "observed_at"), ("compounds", "households_as_of"),
         ("household_counts", "as_of"))  # fmt: skip


def upgrade() -> None:
    """Forward."""
    for table, column in DATED:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="wangge")
