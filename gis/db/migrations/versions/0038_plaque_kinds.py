"""whoever prints plaques is told which kinds their advice is for, and no numbers

Revision: 0038
Follows: 0037
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

KINDS = """
CREATE FUNCTION wangge.plaque_kinds(of_cycle bigint)
RETURNS TABLE (compound_code text, kinds text[])
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT published.compound_code, ARRAY(
        SELECT kind.key FROM jsonb_each_text(rating.counts) AS kind
        WHERE CAST(kind.value AS numeric) > 0
        ORDER BY CAST(kind.value AS numeric) DESC, kind.key COLLATE "C")
    FROM wangge.published_ratings AS published
    JOIN wangge.rating_cycles AS cycle ON cycle.id = published.cycle_id
    JOIN wangge.ratings AS rating
      ON rating.run_id = cycle.run_id AND rating.compound_code = published.compound_code
    WHERE published.cycle_id = of_cycle
      AND cycle.state = 'published'
      AND published.colour IN ('yellow', 'red')
      AND ((SELECT wangge.everywhere('{rating:export}'))
           OR published.area_code LIKE ANY
              ((SELECT wangge.within('{rating:export}'))::text[]));
END;
REVOKE ALL ON FUNCTION wangge.plaque_kinds FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.plaque_kinds TO wangge_app;
ALTER FUNCTION wangge.plaque_kinds OWNER TO wangge_reader
"""


def upgrade() -> None:
    """Forward."""
    op.execute(KINDS)
