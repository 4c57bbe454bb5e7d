"""the quarter's cycle: reviews, asked-for colours, published ratings that never change

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

from gis.db.rights import Reach, protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The published word stands: neither the application nor the owner changes it afterwards.
FREEZE = """
CREATE FUNCTION wangge.refuse_published_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'a published rating is never changed';
END
$$;
CREATE FUNCTION wangge.refuse_after_publication() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM wangge.rating_cycles
        WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.cycle_id ELSE NEW.cycle_id END
          AND state = 'review'
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the cycle is closed: nothing of it changes';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON wangge.published_ratings
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_published_change();
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON wangge.rating_cycles
FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION wangge.refuse_published_change();
CREATE TRIGGER only_in_review BEFORE INSERT ON wangge.published_ratings
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_after_publication();
CREATE TRIGGER only_in_review BEFORE INSERT OR UPDATE OR DELETE ON wangge.colour_reviews
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_after_publication();
CREATE TRIGGER only_in_review BEFORE INSERT OR UPDATE OR DELETE ON wangge.colour_overrides
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_after_publication();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON wangge.published_ratings
FOR EACH STATEMENT EXECUTE FUNCTION wangge.refuse_published_change();
"""


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "rating_cycles",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="review", nullable=False),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL AND published_by IS NOT NULL AND digest IS NOT NULL AND issuer IS NOT NULL)",
            name=op.f("ck_rating_cycles_published_whole"),
        ),
        sa.CheckConstraint("period ~ '^\\d{4}Q[1-4]$'", name=op.f("ck_rating_cycles_quarter")),
        sa.CheckConstraint(
            "state IN ('review', 'published', 'withdrawn')",
            name=op.f("ck_rating_cycles_state_listed"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["wangge.runs.id"], name=op.f("fk_rating_cycles_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_cycles")),
        sa.UniqueConstraint(
            "area_code",
            "period",
            "revision",
            name=op.f("uq_rating_cycles_area_code_period_revision"),
        ),
        schema="wangge",
    )
    op.create_index(
        op.f("ix_rating_cycles_run_id"), "rating_cycles", ["run_id"], unique=False, schema="wangge"
    )
    op.create_index(
        "uq_rating_cycles_one_in_review",
        "rating_cycles",
        ["area_code", "period"],
        unique=True,
        schema="wangge",
        postgresql_where="state = 'review'",
    )
    op.create_table(
        "colour_overrides",
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("compound_code", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("from_colour", sa.Text(), nullable=False),
        sa.Column("to_colour", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("decision", sa.Text(), server_default="asked", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "(decision = 'asked') = (decided_by IS NULL AND decided_at IS NULL)",
            name=op.f("ck_colour_overrides_decided"),
        ),
        sa.CheckConstraint(
            "decision IN ('asked', 'approved', 'rejected')",
            name=op.f("ck_colour_overrides_decision_listed"),
        ),
        sa.CheckConstraint(
            "from_colour IN ('green', 'yellow', 'red', 'unrated')",
            name=op.f("ck_colour_overrides_from_colour_listed"),
        ),
        sa.CheckConstraint(
            "origin IN ('review', 'objection')", name=op.f("ck_colour_overrides_origin_listed")
        ),
        sa.CheckConstraint(
            "to_colour IN ('green', 'yellow', 'red')", name=op.f("ck_colour_overrides_to_colour")
        ),
        sa.CheckConstraint(
            "decided_by <> asked_by", name=op.f("ck_colour_overrides_second_person")
        ),
        sa.CheckConstraint("length(trim(reason)) >= 10", name=op.f("ck_colour_overrides_reasoned")),
        sa.CheckConstraint("to_colour <> from_colour", name=op.f("ck_colour_overrides_changes")),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wangge.rating_cycles.id"], name=op.f("fk_colour_overrides_cycle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_colour_overrides")),
        schema="wangge",
    )
    op.create_index(
        "uq_colour_overrides_one_that_counts",
        "colour_overrides",
        ["cycle_id", "compound_code"],
        unique=True,
        schema="wangge",
        postgresql_where="decision IN ('asked', 'approved')",
    )
    op.create_table(
        "colour_reviews",
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("compound_code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column(
            "reviewed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wangge.rating_cycles.id"], name=op.f("fk_colour_reviews_cycle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_colour_reviews")),
        sa.UniqueConstraint(
            "cycle_id", "compound_code", name=op.f("uq_colour_reviews_cycle_id_compound_code")
        ),
        schema="wangge",
    )
    op.create_table(
        "published_ratings",
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("compound_code", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("compound_name", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("rated_colour", sa.Text(), nullable=False),
        sa.Column("override_id", sa.BigInteger(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason_zh", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "colour IN ('green', 'yellow', 'red', 'unrated')",
            name=op.f("ck_published_ratings_colour_listed"),
        ),
        sa.CheckConstraint(
            "rated_colour IN ('green', 'yellow', 'red', 'unrated')",
            name=op.f("ck_published_ratings_rated_colour_listed"),
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["wangge.rating_cycles.id"], name=op.f("fk_published_ratings_cycle_id")
        ),
        sa.ForeignKeyConstraint(
            ["override_id"],
            ["wangge.colour_overrides.id"],
            name=op.f("fk_published_ratings_override_id"),
        ),
        sa.PrimaryKeyConstraint("cycle_id", "compound_code", name=op.f("pk_published_ratings")),
        schema="wangge",
    )
    op.create_index(
        "ix_published_ratings_compound_code",
        "published_ratings",
        ["compound_code"],
        unique=False,
        schema="wangge",
    )
    op.execute(FREEZE)
    work = ["rating:write", "rating:publish"]
    protect(op, "rating_cycles", read=["rating:read"], write=work, reach=Reach.OWN_AND_ABOVE)
    for table in ("colour_overrides", "colour_reviews"):
        protect(op, table, read=work, write=work)
    protect(op, "published_ratings", read=["rating:read"], write=["rating:publish"])
