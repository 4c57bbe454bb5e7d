"""scenarios, saves of the grid editor, and records written by hand

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from gis.db.rights import protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# A record of imports without a file stands for what somebody wrote by hand: whoever may write the
# records of that kind adds it, whoever may read them sees it.
BY_HAND = """
CREATE POLICY add_by_hand ON wangge.imports FOR INSERT WITH CHECK (
    file_sha256 = '' AND kind IN ('facilities', 'grids') AND NOT undoable
    AND area_code LIKE ANY ((SELECT wangge.within(
        CASE kind WHEN 'grids' THEN '{grids:write}' ELSE '{facilities:write}' END::text[]
    ))::text[])
);
CREATE POLICY read_by_hand ON wangge.imports FOR SELECT USING (
    file_sha256 = '' AND kind IN ('facilities', 'grids')
    AND area_code LIKE ANY ((SELECT wangge.within(
        CASE kind WHEN 'grids' THEN '{grids:read}' ELSE '{facilities:read}' END::text[]
    ))::text[])
)
"""
# A scenario is its owner's alone until it is shared; its changes go with it.
OWN_UNTIL_SHARED = """
CREATE POLICY own_until_shared ON wangge.scenarios AS RESTRICTIVE FOR SELECT
    USING (shared OR owner = (SELECT user_id FROM wangge.identity()));
CREATE POLICY own_change ON wangge.scenarios AS RESTRICTIVE FOR UPDATE
    USING (owner = (SELECT user_id FROM wangge.identity()));
CREATE POLICY own_removal ON wangge.scenarios AS RESTRICTIVE FOR DELETE
    USING (owner = (SELECT user_id FROM wangge.identity()));
CREATE POLICY with_scenario ON wangge.scenario_changes AS RESTRICTIVE FOR SELECT
    USING (EXISTS (SELECT FROM wangge.scenarios WHERE scenarios.id = scenario_id));
CREATE POLICY own_addition ON wangge.scenario_changes AS RESTRICTIVE FOR INSERT
    WITH CHECK (EXISTS (SELECT FROM wangge.scenarios WHERE scenarios.id = scenario_id
        AND scenarios.owner = (SELECT user_id FROM wangge.identity())));
CREATE POLICY own_removal ON wangge.scenario_changes AS RESTRICTIVE FOR DELETE
    USING (EXISTS (SELECT FROM wangge.scenarios WHERE scenarios.id = scenario_id
        AND scenarios.owner = (SELECT user_id FROM wangge.identity())))
"""
_NOW = sa.text("now()")


def _key() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "scenarios",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        _key(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenarios")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_scenarios_named")),
        schema="wangge",
    )
    op.create_table(
        "scenario_changes",
        sa.Column("scenario_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        _key(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_changes")),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["wangge.scenarios.id"], ondelete="CASCADE",
            name=op.f("fk_scenario_changes_scenario_id"),
        ),
        sa.CheckConstraint(
            "kind IN ('add', 'close', 'move', 'share', 'resize')",
            name=op.f("ck_scenario_changes_kind_listed"),
        ),
        schema="wangge",
    )  # fmt: skip
    op.create_index(
        "ix_scenario_changes_scenario_id", "scenario_changes", ["scenario_id"], schema="wangge"
    )
    op.create_table(
        "grid_edits",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", postgresql.JSONB(), nullable=False),
        sa.Column("made", postgresql.JSONB(), nullable=False),
        sa.Column("replaced", postgresql.JSONB(), nullable=False),
        _key(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_edits")),
        schema="wangge",
    )
    for table in ("scenarios", "scenario_changes", "grid_edits"):
        op.create_index(
            f"ix_{table}_area_code", table, ["area_code"], schema="wangge",
            postgresql_ops={"area_code": "text_pattern_ops"},
        )  # fmt: skip
    protect(op, "scenarios", read=["scenarios:read"], write=["scenarios:write"])
    protect(op, "scenario_changes", read=["scenarios:read"], write=["scenarios:write"])
    protect(op, "grid_edits", read=["grids:read"], write=["grids:write"])
    op.execute(OWN_UNTIL_SHARED)
    op.execute(BY_HAND)


def downgrade() -> None:
    """Back."""
    op.execute("DROP POLICY add_by_hand ON wangge.imports")
    op.execute("DROP POLICY read_by_hand ON wangge.imports")
    for table in ("grid_edits", "scenario_changes", "scenarios"):
        op.drop_table(table, schema="wangge")
