"""plaques of an area are printed by jobs, and what was printed is found by its short code

Revision: 0060
Follows: 0059
"""

import sqlalchemy as sa
from alembic import op

from gis.db.rights import protect

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

KINDS = "kind IN ('import', 'run', 'export', 'audit', 'preview', 'policy', 'plaques')"
FREEZE = """
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON wangge.plaque_labels
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_filed_change()
"""


def upgrade() -> None:
    """Forward."""
    listed = op.f("ck_jobs_kind_listed")
    op.drop_constraint(listed, "jobs", schema="wangge")
    op.create_check_constraint(listed, "jobs", KINDS, schema="wangge")
    op.create_table(
        "plaque_labels",
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("compound_code", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("check_text", sa.Text(), nullable=False),
        sa.Column(
            "first_printed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("label ~ '^[A-Z2-7]{8}$'", name=op.f("ck_plaque_labels_signs")),
        sa.CheckConstraint("length(check_text) <= 400", name=op.f("ck_plaque_labels_length")),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wangge.rating_cycles.id"], name=op.f("fk_plaque_labels_cycle_id")
        ),
        sa.PrimaryKeyConstraint(
            "label", "cycle_id", "compound_code", name=op.f("pk_plaque_labels")
        ),
        schema="wangge",
    )
    op.execute(FREEZE)
    protect(op, "plaque_labels", read=["rating:read"], write=["rating:export"])
    # Of cycles that are there already, plaques may hang whose short code is not kept.
    op.add_column(
        "rating_cycles",
        sa.Column("labels_kept", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="wangge",
    )
    op.alter_column("rating_cycles", "labels_kept", server_default=sa.text("true"), schema="wangge")
