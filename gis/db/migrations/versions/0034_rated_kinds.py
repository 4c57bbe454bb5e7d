"""kinds of incidents in a rating, and monthly previews, are for whoever may read incidents

Revision: 0034
Follows: 0033
"""

from alembic import op

from gis.db.columns import withhold

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# The owner has no area of its own, and what was published is held fast: both step aside for words
# that named the kinds of severe events. Colours, and the digest of a publication, stay.
WORDS = """
ALTER TABLE wangge.{table} NO FORCE ROW LEVEL SECURITY;
UPDATE wangge.{table} SET
    reason_zh = regexp_replace(reason_zh, '发生重大事件（[^）]*）而提级', '发生公布清单所列重大事件而提级'),
    reason_en = regexp_replace(reason_en, 'lifted by severe events \\([^)]*\\)',
                               'lifted by severe events of the published list')
WHERE reason_zh LIKE '%发生重大事件（%';
ALTER TABLE wangge.{table} FORCE ROW LEVEL SECURITY
"""
PREVIEWS = """
ALTER POLICY read ON wangge.runs USING (
    (SELECT wangge.holds('{}'))
    AND (analysis <> 'rating' OR period LIKE '%Q%' OR (SELECT wangge.holds('{incidents:read}')))
);
CREATE POLICY previews ON wangge.ratings AS RESTRICTIVE FOR SELECT USING (
    run_id IN (SELECT id FROM wangge.runs)
)
"""


def upgrade() -> None:
    """Forward."""
    op.execute("ALTER TABLE wangge.published_ratings DISABLE TRIGGER never_changed")
    for table in ("ratings", "published_ratings"):
        op.execute(WORDS.format(table=table))
    op.execute("ALTER TABLE wangge.published_ratings ENABLE TRIGGER never_changed")
    withhold(
        op, "ratings", {"counts": "jsonb", "lifted_by": "text"}, needed="incidents:read",
        by_run=True,
    )  # fmt: skip
    op.execute(PREVIEWS)
