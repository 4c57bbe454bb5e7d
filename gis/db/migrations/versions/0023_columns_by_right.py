"""columns that need more than their row: let dwellings in counts, square metres in view; single
dwellings for whoever exports or keeps them

Revision: 0023
Follows: 0022
"""

from alembic import op

from gis.db.columns import withhold
from gis.db.rights import read_by

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

LETTINGS = {"floating_residents": "integer", "rented_dwellings": "integer"}
GROUND = {
    "digest": "text",
    **dict.fromkeys(
        ("public_m2", "seen_m2", "seen_twice_m2", "seen_all_m2", "seen_all_twice_m2",
         "seen_measured_m2", "seen_potential_m2", "blind_m2", "street_m", "street_seen_m"),
        "double precision",
    ),
    **dict.fromkeys(("entrances", "entrances_seen", "key_places", "key_places_seen"), "integer"),
}  # fmt: skip
# Figures of places have their small counts suppressed; one dwelling with its people is a small one.
SINGLE = ["rental:export", "rental:write"]
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
    for table in ("compounds", "household_counts"):
        withhold(op, table, LETTINGS, needed="rental:read")
    withhold(op, "video_coverage", GROUND, needed="video:read", above=True, by_run=True)
    for table in ("dwellings", "standing_lettings"):
        read_by(op, table, SINGLE)
    op.execute(NEEDED)
