"""compounds that begin after a day are found by an index

Revision: 0069
Follows: 0068
"""

from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_compounds_valid_from", "compounds", ["valid_from"], schema="wangge")


def downgrade() -> None:
    op.drop_index("ix_compounds_valid_from", "compounds", schema="wangge")
