"""whether a grid was redrawn is asked by the server process that knows who asks

Revision: 0066
Follows: 0065
"""

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

# The function reads grids under row rights; in a parallel worker nobody has entered, so it would
# see none and say of every grid that it is as it was.
HERE = "ALTER FUNCTION wangge.grid_redrawn_since(text, public.geometry, date) PARALLEL RESTRICTED"


def upgrade() -> None:
    """Forward."""
    op.execute(HERE)
