"""what a camera takes (部位, 车头车尾) and the code of the unit in charge, each in a field of its own

Revision: 0059
Follows: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    for name in ("org_code", "capture_position", "capture_direction"):
        op.add_column("cameras", sa.Column(name, sa.Text()), schema="wangge")
    op.create_check_constraint(
        op.f("ck_cameras_capture_direction_listed"), "cameras",
        "capture_direction IN ('front', 'rear')", schema="wangge",
    )  # fmt: skip
