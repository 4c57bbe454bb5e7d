"""uploads, saved mappings, and what is needed to undo an import

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gis.db.rights import protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column(
        "imports",
        sa.Column("undoable", sa.Boolean(), server_default="false", nullable=False),
        schema="wangge",
    )
    op.add_column(
        "imports",
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        schema="wangge",
    )
    op.create_table(
        "import_changes",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("shares", postgresql.JSONB(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["wangge.imports.id"], ondelete="CASCADE",
            name=op.f("fk_import_changes_import_id"),
        ),
        schema="wangge",
    )  # fmt: skip
    op.create_index("ix_import_changes_import_id", "import_changes", ["import_id"], schema="wangge")
    op.create_table(
        "uploads",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("trial_job", sa.BigInteger(), nullable=True),
        sa.Column("commit_job", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("folder", name=op.f("uq_uploads_folder")),
        sa.ForeignKeyConstraint(
            ["trial_job"], ["wangge.jobs.id"], name=op.f("fk_uploads_trial_job")
        ),
        sa.ForeignKeyConstraint(
            ["commit_job"], ["wangge.jobs.id"], name=op.f("fk_uploads_commit_job")
        ),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_uploads_size")),
        schema="wangge",
    )
    op.create_table(
        "import_profiles",
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profiles")),
        sa.UniqueConstraint(
            "area_code", "kind", "name", name=op.f("uq_import_profiles_area_code_kind_name")
        ),
        schema="wangge",
    )
    for table in ("import_changes", "uploads", "import_profiles"):
        op.create_index(
            f"ix_{table}_area_code", table, ["area_code"], schema="wangge",
            postgresql_ops={"area_code": "text_pattern_ops"},
        )  # fmt: skip
    protect(op, "import_changes", read=["imports:read"], write=["imports:write"])
    protect(op, "import_profiles", read=["imports:read"], write=["imports:write"])
    protect(op, "uploads", read=["imports:read"], write=["imports:write"], own="asked_by")


def downgrade() -> None:
    """Back."""
    for table in ("import_profiles", "uploads", "import_changes"):
        op.drop_table(table, schema="wangge")
    op.drop_column("imports", "undone_at", schema="wangge")
    op.drop_column("imports", "undoable", schema="wangge")
