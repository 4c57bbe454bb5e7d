"""view fields, covered public ground, blind areas and weak points

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from gis.db.rights import Reach, protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _text(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _floats(*names: str, nullable: bool = True) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float(), nullable=nullable) for name in names]


def _shapes() -> list[sa.Column[str]]:
    kind = {"geometry_type": "MULTIPOLYGON", "spatial_index": False}
    return [
        sa.Column("geom", Geometry(srid=4326, **kind), nullable=False),
        sa.Column(
            "geom_3857", Geometry(srid=3857, **kind),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True), nullable=False,
        ),
    ]  # fmt: skip


def _of_run(table: str) -> list[sa.Column[int] | sa.Constraint]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["wangge.runs.id"], name=op.f(f"fk_{table}_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _indexed(table: str, *columns: str) -> None:
    for name in ("geom", "geom_3857"):
        op.create_index(
            f"idx_{table}_{name}", table, [name], schema="wangge", postgresql_using="gist"
        )
    for name in columns:
        ops = {"area_code": "text_pattern_ops"} if name == "area_code" else {}
        op.create_index(
            op.f(f"ix_{table}_{name}"), table, [name], schema="wangge", postgresql_ops=ops
        )


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "view_fields",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_text("area_code", "camera_key", "quality", "looks", "digest"),
        *_floats("area_m2", nullable=False),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        *_shapes(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_fields")),
        sa.UniqueConstraint(
            "camera_key", "quality", "looks", name=op.f("uq_view_fields_camera_key_quality_looks")
        ),
        schema="wangge",
    )
    _indexed("view_fields", "area_code")
    op.create_table(
        "video_coverage",
        *_of_run("video_coverage"),
        *_text("area_code", "subject_kind", "subject_code", "name", "quality", "answer", "rule"),
        *_text("reason_zh", "reason_en"),
        *_text("digest", nullable=True),
        *_floats("public_m2", "seen_m2", "seen_twice_m2", "seen_all_m2", "seen_all_twice_m2"),
        *_floats("seen_measured_m2", "seen_potential_m2", "covered_share", "blind_m2"),
        sa.Column("entrances", sa.Integer()),
        sa.Column("entrances_seen", sa.Integer()),
        sa.Column("met", sa.Boolean()),
        *_floats("threshold", nullable=False),
        sa.UniqueConstraint(
            "run_id", "subject_kind", "subject_code", "quality",
            name=op.f("uq_video_coverage_run_id_subject_kind_subject_code_quality"),
        ),
        schema="wangge",
    )  # fmt: skip
    for table, more in (
        ("video_blind_areas", [*_text("nearest", nullable=True), *_floats("area_m2", nullable=False), *_shapes()]),
        ("video_weak_points", [*_text("camera_key"), *_floats("lost_m2", nullable=False)]),
    ):  # fmt: skip
        op.create_table(
            table, *_of_run(table), *_text("area_code", "compound_code"), *more, schema="wangge"
        )
    _indexed("video_blind_areas", "run_id")
    op.create_index(
        op.f("ix_video_weak_points_run_id"), "video_weak_points", ["run_id"], schema="wangge"
    )
    protect(
        op, "video_coverage", read=["rating:read"], write=["runs:write"], reach=Reach.OWN_AND_ABOVE
    )
    for table in ("view_fields", "video_blind_areas", "video_weak_points"):
        protect(op, table, read=["video:read"], write=["runs:write"])
