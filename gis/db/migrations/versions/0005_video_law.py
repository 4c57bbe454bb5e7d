"""private places, and since when a finding holds; working points of key industries

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "private_places",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("frame", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('guest_room', 'dormitory', 'bath', 'changing', 'nursing', 'garden')",
            name=op.f("ck_private_places_kind_listed"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["wangge.imports.id"], name=op.f("fk_private_places_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_places")),
        sa.UniqueConstraint("source_key", name=op.f("uq_private_places_source_key")),
        schema="wangge",
    )
    op.create_index(
        "idx_private_places_geom", "private_places", ["geom"],
        schema="wangge", postgresql_using="gist",
    )  # fmt: skip
    op.create_index(
        op.f("ix_private_places_area_code"), "private_places", ["area_code"],
        schema="wangge", postgresql_ops={"area_code": "text_pattern_ops"},
    )  # fmt: skip
    op.create_index(
        op.f("ix_private_places_import_id"), "private_places", ["import_id"], schema="wangge"
    )
    for name in ("known", "key_known", "key_working"):
        column = sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        op.add_column("video_results", column, schema="wangge")
    op.add_column("video_results", sa.Column("key_threshold", sa.Float()), schema="wangge")
    op.add_column("video_findings", sa.Column("since", sa.Date()), schema="wangge")
