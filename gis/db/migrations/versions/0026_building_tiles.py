"""tiles of buildings, the ground below what points show

Revision: 0026
Follows: 0025
"""

from alembic import op

from gis.db.tile_functions import Rows, Tile, make

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# As they stand: one zoom of data serves all finer ones, where half a pixel of it would show.
TILE = Tile(
    "buildings", "place.source_key AS code, place.name, place.height_m", "buildings AS place",
    (Rows("place", "compounds:read"),), simplified=False,
)  # fmt: skip


def upgrade() -> None:
    """Forward."""
    make(op, TILE)
