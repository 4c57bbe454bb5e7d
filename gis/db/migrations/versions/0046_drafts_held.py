"""tiles keep drafts back too, and tokens read what they read before

Revision: 0046
Follows: 0045
"""

from alembic import op

from gis.db.tile_functions import Rows, Tile, make

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# What the policy of wangge.runs says (0045), for functions that row rights do not bind.
SHOWN = """
CREATE FUNCTION wangge.rating_shown(run bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT CASE
        WHEN asked.period NOT LIKE '%Q%' THEN wangge.holds('{incidents:read}')
        ELSE wangge.holds('{drafts:read}') OR EXISTS (
            SELECT FROM wangge.rating_cycles WHERE run_id = run AND state = 'published')
    END
    FROM wangge.runs AS asked WHERE asked.id = run;
END;
ALTER FUNCTION wangge.rating_shown OWNER TO wangge_reader
"""
COLOURED = (
    "compounds AS place JOIN ratings AS result"
    " ON result.run_id = run AND result.compound_code = place.code"
)
RATED = (
    "place.valid_from <= shown_on AND (place.valid_to IS NULL OR place.valid_to > shown_on)"
    " AND (SELECT wangge.rating_shown(run))"
)
SIGNATURE = "(integer, integer, integer, text, date, bigint, text, integer)"
# A token's rights were written down before there was a word for drafts; its account's bind it.
TOKENS = """
ALTER TABLE wangge.tokens NO FORCE ROW LEVEL SECURITY;
UPDATE wangge.tokens SET rights = rights || ARRAY['drafts:read'] WHERE 'rating:read' = ANY (rights);
ALTER TABLE wangge.tokens FORCE ROW LEVEL SECURITY
"""


def upgrade() -> None:
    """Forward."""
    op.execute(SHOWN)
    for layer in ("rating", "risk"):
        op.execute(f"DROP FUNCTION wangge.tile_{layer}{SIGNATURE}")
        make(op, Tile(
            layer, "result.compound_code AS code, result.compound_name AS name, result.colour",
            COLOURED, (Rows("place", "compounds:read"), Rows("result", "rating:read")), RATED,
        ))  # fmt: skip
    op.execute(TOKENS)
