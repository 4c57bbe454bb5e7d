"""the wide and the long end of a camera's zoom

Revision: 0041
Follows: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    for name in ("focal_min_mm", "focal_max_mm"):
        op.add_column("cameras", sa.Column(name, sa.Float()), schema="wangge")
    for name, rule in (
        ("focal", "focal_min_mm > 0 AND focal_max_mm > 0"),
        ("zoom", "focal_min_mm <= focal_max_mm"),
    ):
        op.create_check_constraint(name, "cameras", rule, schema="wangge")
