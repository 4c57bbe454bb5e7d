"""a grid whose outline came back rounded has not been redrawn

Revision: 0065
Follows: 0064
"""

from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

# Files give degrees with six decimals: a corner moves by 0.08 m at most (centimetres move it by
# 0.01 m), so that the ground differs by no more than a strip as wide along the outline. Equal
# outlines are known by their bytes; only others are laid over each other.
REDRAWN = """
CREATE OR REPLACE FUNCTION wangge.grid_redrawn_since(grid text, ground public.geometry, day date)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM wangge.grids AS earlier
    WHERE earlier.network = 'unified' AND earlier.code = grid
      AND earlier.valid_from <= day AND (earlier.valid_to IS NULL OR earlier.valid_to > day)
      AND CASE WHEN earlier.geom OPERATOR(public.=) ground THEN false
          ELSE public.ST_Area(CAST(public.ST_SymDifference(earlier.geom, ground)
                                   AS public.geography))
               > greatest(1, 0.1 * public.ST_Perimeter(CAST(ground AS public.geography)))
          END
)
"""


def upgrade() -> None:
    """Forward."""
    op.execute(REDRAWN)
