"""monthly pages of communities, as they were published

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gis.db.rights import protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FREEZE = """
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON wangge.bulletins
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_published_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON wangge.bulletins
FOR EACH STATEMENT EXECUTE FUNCTION wangge.refuse_published_change();
"""


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "bulletins",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(r"month ~ '^\d{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_bulletins_month")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletins")),
        sa.UniqueConstraint(
            "area_code",
            "month",
            "revision",
            name=op.f("uq_bulletins_area_code_month_revision"),
        ),
        schema="wangge",
    )
    protect(op, "bulletins", read=["reports:read"], write=["reports:publish"])
    op.execute(FREEZE)
