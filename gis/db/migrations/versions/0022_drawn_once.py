"""each geometry of a tile is drawn once

``WHERE shown.geom IS NOT NULL`` round the drawn geometry made PostgreSQL draw it twice, once to
look and once to show; ST_AsMVT leaves features without a geometry out by itself.

Revision: 0022
Follows: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

DRAWN_ONCE = r"""
DO $$
DECLARE
    tile regprocedure;
    filter CONSTANT text := '\s+WHERE shown\.geom IS NOT NULL';
BEGIN
    FOR tile IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'wangge'::regnamespace AND proname ^@ 'tile_'
    LOOP
        EXECUTE regexp_replace(pg_get_functiondef(tile), filter, '');
    END LOOP;
END
$$
"""


def upgrade() -> None:
    """Forward."""
    op.execute(DRAWN_ONCE)
