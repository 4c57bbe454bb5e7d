"""every tile is planned for its own box

Revision: 0062
Follows: 0061
"""

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

# Those made from now on are so at once.
EACH = r"""
DO $$
DECLARE
    made regprocedure;
BEGIN
    FOR made IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'wangge'::regnamespace AND proname LIKE 'tile\_%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_custom_plan', made);
    END LOOP;
END
$$
"""


def upgrade() -> None:
    """Forward."""
    op.execute(EACH)
