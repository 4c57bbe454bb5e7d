"""a quarter's rating is a draft until it is published; drafts are for who works with them

Revision: 0045
Follows: 0044
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

# Ratings are shown through their run (policy previews of 0034), so the run's policy decides both.
READ = """
ALTER POLICY read ON wangge.runs USING (
    (SELECT wangge.holds('{}'))
    AND CASE
        WHEN analysis <> 'rating' THEN true
        WHEN period NOT LIKE '%Q%' THEN (SELECT wangge.holds('{incidents:read}'))
        ELSE (SELECT wangge.holds('{drafts:read}'))
             OR id IN (SELECT run_id FROM wangge.rating_cycles WHERE state = 'published')
    END
)
"""


def upgrade() -> None:
    """Forward."""
    op.execute(READ)
