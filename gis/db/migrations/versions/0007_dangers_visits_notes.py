"""hidden dangers with steps and photos; visits and notes

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from gis.db.rights import protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


# Whoever sees ratings sees counts per compound, never the incidents. Moments are cut to days, so that
# asking often does not tell the hour of one.
COUNTS = """
CREATE POLICY counted ON wangge.incidents FOR SELECT TO wangge_owner USING (true);
CREATE FUNCTION wangge.incidents_since(codes text[], moments timestamptz[])
RETURNS TABLE (code text, incidents bigint)
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT asked.code, count(*)
    FROM unnest(codes, moments) AS asked (code, moment)
    JOIN wangge.incidents AS incident
      ON incident.compound_code = asked.code
     AND incident.occurred_at >= date_trunc('day', asked.moment)
    WHERE (SELECT wangge.everywhere('{rating:read}'))
       OR incident.area_code LIKE ANY ((SELECT wangge.within('{rating:read}'))::text[])
    GROUP BY asked.code
$$;
REVOKE ALL ON FUNCTION wangge.incidents_since FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.incidents_since TO wangge_app
"""


def upgrade() -> None:
    """Forward."""
    op.create_geospatial_table(
        "dangers",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("grid_code", sa.Text(), nullable=True),
        sa.Column("compound_code", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_known", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_dangers_closed")
        ),
        sa.CheckConstraint(
            "handler IN ('community', 'street', 'departments')",
            name=op.f("ck_dangers_handler_listed"),
        ),
        sa.CheckConstraint(
            "kind IN ('fire', 'structure', 'power_gas', 'falling', 'road', 'light', 'other')",
            name=op.f("ck_dangers_kind_listed"),
        ),
        sa.CheckConstraint(
            "severity IN ('ordinary', 'urgent')", name=op.f("ck_dangers_severity_listed")
        ),
        sa.CheckConstraint(
            "state IN ('found', 'assigned', 'fixed', 'checked', 'closed')",
            name=op.f("ck_dangers_state_listed"),
        ),
        sa.CheckConstraint("due_at > found_at", name=op.f("ck_dangers_due_after")),
        sa.CheckConstraint("length(key) BETWEEN 8 AND 64", name=op.f("ck_dangers_key_length")),
        sa.CheckConstraint("length(place) <= 200", name=op.f("ck_dangers_place_length")),
        sa.CheckConstraint("length(what) BETWEEN 2 AND 500", name=op.f("ck_dangers_what_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dangers")),
        sa.UniqueConstraint("key", name=op.f("uq_dangers_key")),
        schema="wangge",
    )
    op.create_geospatial_index(
        "idx_dangers_geom",
        "dangers",
        ["geom"],
        unique=False,
        schema="wangge",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_dangers_area_code"),
        "dangers",
        ["area_code"],
        unique=False,
        schema="wangge",
        postgresql_ops={"area_code": "text_pattern_ops"},
    )
    op.create_index(
        "ix_dangers_open",
        "dangers",
        ["due_at"],
        unique=False,
        schema="wangge",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "place_notes",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "place_kind IN ('compound', 'facility', 'danger', 'grid')",
            name=op.f("ck_place_notes_place_kind_listed"),
        ),
        sa.CheckConstraint(
            "length(body) BETWEEN 2 AND 1000", name=op.f("ck_place_notes_body_length")
        ),
        sa.CheckConstraint("length(key) BETWEEN 8 AND 64", name=op.f("ck_place_notes_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_notes")),
        sa.UniqueConstraint("key", name=op.f("uq_place_notes_key")),
        schema="wangge",
    )
    op.create_index(
        op.f("ix_place_notes_area_code"),
        "place_notes",
        ["area_code"],
        unique=False,
        schema="wangge",
        postgresql_ops={"area_code": "text_pattern_ops"},
    )
    op.create_index(
        "ix_place_notes_place",
        "place_notes",
        ["place_kind", "place_code"],
        unique=False,
        schema="wangge",
    )
    op.create_geospatial_table(
        "visits",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "place_kind IN ('compound', 'facility', 'danger', 'grid')",
            name=op.f("ck_visits_place_kind_listed"),
        ),
        sa.CheckConstraint("done_at >= added_at", name=op.f("ck_visits_done")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_visits_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        schema="wangge",
    )
    op.create_geospatial_index(
        "idx_visits_geom",
        "visits",
        ["geom"],
        unique=False,
        schema="wangge",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_visits_area_code"),
        "visits",
        ["area_code"],
        unique=False,
        schema="wangge",
        postgresql_ops={"area_code": "text_pattern_ops"},
    )
    op.create_index(
        "ix_visits_done",
        "visits",
        ["place_kind", "place_code", "done_at"],
        unique=False,
        schema="wangge",
    )
    op.create_index(op.f("ix_visits_owner"), "visits", ["owner"], unique=False, schema="wangge")
    op.create_table(
        "danger_photos",
        sa.Column("danger_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("expires_at > added_at", name=op.f("ck_danger_photos_expiry")),
        sa.CheckConstraint(
            "octet_length(jpeg) BETWEEN 100 AND 1500000", name=op.f("ck_danger_photos_size")
        ),
        sa.ForeignKeyConstraint(
            ["danger_id"],
            ["wangge.dangers.id"],
            name=op.f("fk_danger_photos_danger_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_danger_photos")),
        schema="wangge",
    )
    op.create_index(
        op.f("ix_danger_photos_danger_id"),
        "danger_photos",
        ["danger_id"],
        unique=False,
        schema="wangge",
    )
    op.create_table(
        "danger_steps",
        sa.Column("danger_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "handler IN ('community', 'street', 'departments')",
            name=op.f("ck_danger_steps_handler_listed"),
        ),
        sa.CheckConstraint(
            "move IN ('report', 'assign', 'fix', 'reject', 'check', 'close', 'escalate')",
            name=op.f("ck_danger_steps_move_listed"),
        ),
        sa.CheckConstraint(
            "role IN ('viewer', 'grid_worker', 'grid_supervisor', 'planner', 'police_liaison', 'data_steward', 'system_admin', 'security_admin', 'auditor')",
            name=op.f("ck_danger_steps_role_listed"),
        ),
        sa.CheckConstraint(
            "state IN ('found', 'assigned', 'fixed', 'checked', 'closed')",
            name=op.f("ck_danger_steps_state_listed"),
        ),
        sa.CheckConstraint("length(remark) <= 500", name=op.f("ck_danger_steps_remark_length")),
        sa.ForeignKeyConstraint(
            ["danger_id"],
            ["wangge.dangers.id"],
            name=op.f("fk_danger_steps_danger_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_danger_steps")),
        schema="wangge",
    )
    op.create_index(
        op.f("ix_danger_steps_danger_id"),
        "danger_steps",
        ["danger_id"],
        unique=False,
        schema="wangge",
    )
    for table in ("dangers", "danger_steps", "danger_photos"):
        protect(op, table, read=["dangers:read"], write=["dangers:write"])
    for table, own in (("visits", "owner"), ("place_notes", None)):
        protect(op, table, read=["dangers:read"], write=["dangers:write"], own=own)
    op.execute(COUNTS)
