"""tiles and boxes of the places that must be seen

Revision: 0025
Follows: 0024
"""

from alembic import op

from gis.db.tile_functions import Rows, Tile, make

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TILE = Tile(
    "video_places",
    "place.id::text AS code, coalesce(place.name, place.place_key) AS name, place.kind,"
    " 100 * place.seen_share AS seen_percent",
    "video_places AS place", (Rows("place", "video:read"),), "place.run_id = run",
)  # fmt: skip
NEEDED = """
CREATE OR REPLACE FUNCTION wangge.needed_to_see(source text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    needed CONSTANT text[] := CASE source
        WHEN 'areas' THEN '{areas:read}' WHEN 'streets' THEN '{areas:read}'
        WHEN 'buildings' THEN '{compounds:read}' WHEN 'compounds' THEN '{compounds:read}'
        WHEN 'cameras' THEN '{video:read}' WHEN 'dwellings' THEN '{rental:export,rental:write}'
        WHEN 'view_fields' THEN '{video:read}' WHEN 'video_blind_areas' THEN '{video:read}'
        WHEN 'video_places' THEN '{video:read}'
        WHEN 'rental_cells' THEN '{rental:read}' WHEN 'facilities' THEN '{facilities:read}'
        WHEN 'grids' THEN '{grids:read}' WHEN 'grid_findings' THEN '{grids:read}'
        WHEN 'incidents' THEN '{incidents:read}' END;
BEGIN
    IF needed IS NULL THEN
        RAISE undefined_table USING MESSAGE = format('no box is asked of %I', source);
    END IF;
    RETURN needed;
END
$$
"""


def upgrade() -> None:
    """Forward."""
    op.execute(NEEDED)
    make(op, TILE)
