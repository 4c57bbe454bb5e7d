"""entrances, streets and key places in coverage runs

Revision: 0020
Follows: 0019
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from gis.db.rights import protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_FIGURES = (
    ("street_m", sa.Float()), ("street_seen_m", sa.Float()),
    ("key_places", sa.Integer()), ("key_places_seen", sa.Integer()),
)  # fmt: skip


def upgrade() -> None:
    """Forward."""
    for name, kind in _FIGURES:
        op.add_column("video_coverage", sa.Column(name, kind), schema="wangge")
    op.create_table(
        "video_places",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("grid_code", sa.Text()),
        sa.Column("compound_code", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("length_m", sa.Float()),
        sa.Column("area_m2", sa.Float()),
        sa.Column("seen_share", sa.Float()),
        sa.Column("shares", postgresql.JSONB()),
        sa.Column("points", sa.Integer()),
        sa.Column(
            "geom", Geometry("GEOMETRY", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column(
            "geom_3857", Geometry("GEOMETRY", srid=3857, spatial_index=False),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True), nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('entrance', 'street', 'key_place')", name=op.f("ck_video_places_kind_listed")
        ),
        sa.CheckConstraint(
            "seen_share BETWEEN 0 AND 1", name=op.f("ck_video_places_seen_share")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["wangge.runs.id"], name=op.f("fk_video_places_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_places")),
        schema="wangge",
    )  # fmt: skip
    for name in ("geom", "geom_3857"):
        op.create_index(
            f"idx_video_places_{name}", "video_places", [name], schema="wangge",
            postgresql_using="gist",
        )  # fmt: skip
    op.create_index(op.f("ix_video_places_run_id"), "video_places", ["run_id"], schema="wangge")
    protect(op, "video_places", read=["video:read"], write=["runs:write"])
