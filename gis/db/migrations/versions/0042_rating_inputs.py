"""the inputs of a quarter's rating are kept, so that it can be computed again bit for bit

Revision: 0042
Follows: 0041
"""

import sqlalchemy as sa
from alembic import op

from gis.db.rights import protect

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "rating_inputs",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("computed_with", sa.Text(), nullable=False),
        sa.CheckConstraint("payload <> ''", name=op.f("ck_rating_inputs_payload")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["wangge.runs.id"], name=op.f("fk_rating_inputs_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_rating_inputs")),
        schema="wangge",
    )
    protect(op, "rating_inputs", read=["incidents:read"], write=["runs:write"])
    op.execute("REVOKE UPDATE ON wangge.rating_inputs FROM wangge_app")
