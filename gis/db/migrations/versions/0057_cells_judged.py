"""H3 cells say whether they are mainly rental, and why

Revision: 0057
Follows: 0056
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

COLUMNS = {
    "mainly_rental": sa.Boolean(), "rule": sa.Text(), "threshold": sa.Float(),
    "reason_zh": sa.Text(), "reason_en": sa.Text(),
}  # fmt: skip


def upgrade() -> None:
    """Forward."""
    for name, kind in COLUMNS.items():
        op.add_column("rental_cells", sa.Column(name, kind), schema="wangge")
