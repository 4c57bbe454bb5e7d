"""address, model and aim of a video point, as catalogues and 一机一档 sheets have them

Revision: 0035
Follows: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    for name in ("address", "model", "aim"):
        op.add_column("cameras", sa.Column(name, sa.Text()), schema="wangge")
