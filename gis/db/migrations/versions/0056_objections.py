"""objections to a published rating, and the public keys that have signed plaques

Revision: 0056
Follows: 0055
"""

import sqlalchemy as sa
from alembic import op

from gis.db.rights import Reach, protect

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

FREEZE = """
CREATE FUNCTION wangge.refuse_filed_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('a line of %s is never changed', TG_TABLE_NAME);
END
$$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON wangge.rating_objections
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_filed_change();
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON wangge.plaque_keys
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_filed_change();
"""


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "rating_objections",
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("compound_code", sa.Text(), nullable=False),
        sa.Column("to_colour", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column(
            "filed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "to_colour IN ('green', 'yellow', 'red')", name=op.f("ck_rating_objections_to_colour")
        ),
        sa.CheckConstraint(
            "length(trim(reason)) >= 10", name=op.f("ck_rating_objections_reasoned")
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wangge.rating_cycles.id"], name=op.f("fk_rating_objections_cycle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_objections")),
        sa.UniqueConstraint(
            "cycle_id", "compound_code", name=op.f("uq_rating_objections_cycle_id_compound_code")
        ),
        schema="wangge",
    )
    op.create_table(
        "plaque_keys",
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column(
            "first_used_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("public_key", name=op.f("pk_plaque_keys")),
        schema="wangge",
    )
    op.execute(FREEZE)
    work = ["rating:write", "rating:publish"]
    protect(op, "rating_objections", read=work, write=work)
    protect(op, "plaque_keys", read=["rating:read"], write=["rating:export"], reach=Reach.ALL)
