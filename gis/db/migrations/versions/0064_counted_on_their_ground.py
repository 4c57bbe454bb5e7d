"""a count of a grid speaks of the ground that the grid had when it was counted

Revision: 0064
Follows: 0063
"""

from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

# A square metre is rounding on the way to a browser and back. Whoever reads asks it of counts alone.
REDRAWN = """
CREATE FUNCTION wangge.grid_redrawn_since(grid text, ground public.geometry, day date)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM wangge.grids AS earlier
    WHERE earlier.network = 'unified' AND earlier.code = grid
      AND earlier.valid_from <= day AND (earlier.valid_to IS NULL OR earlier.valid_to > day)
      AND NOT earlier.geom OPERATOR(public.=) ground
      AND public.ST_Area(CAST(public.ST_SymDifference(earlier.geom, ground)
                              AS public.geography)) > 1
)
"""


def upgrade() -> None:
    """Forward."""
    op.execute(REDRAWN)
    op.execute("GRANT EXECUTE ON FUNCTION wangge.grid_redrawn_since TO wangge_app")
