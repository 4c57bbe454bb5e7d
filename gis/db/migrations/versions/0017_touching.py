"""which rows outlines touch, found by the spatial index under row rights

Revision: 0017
Follows: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NEEDED = """
CREATE FUNCTION wangge.needed_to_see(source text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    needed CONSTANT text[] := CASE source
        WHEN 'areas' THEN '{areas:read}' WHEN 'streets' THEN '{areas:read}'
        WHEN 'buildings' THEN '{compounds:read}' WHEN 'compounds' THEN '{compounds:read}'
        WHEN 'cameras' THEN '{video:read}' WHEN 'dwellings' THEN '{rental:read}'
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
IN_BOX = """
CREATE OR REPLACE FUNCTION wangge.in_box(source text, box geometry) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    needed CONSTANT text[] := wangge.needed_to_see(source);
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT id FROM wangge.%I WHERE geom && $1 AND ($2 OR area_code LIKE ANY ($3))', source
    ) USING box, wangge.everywhere(needed), wangge.within(needed, source = 'areas');
END
$$
"""
# One statement for all outlines: twenty thousand boxes asked one by one would take a minute.
TOUCHING = """
CREATE FUNCTION wangge.touching(source text, outlines geometry[]) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    needed CONSTANT text[] := wangge.needed_to_see(source);
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT DISTINCT touched.id
         FROM unnest($1) AS outline JOIN wangge.%I AS touched ON ST_Intersects(touched.geom, outline)
         WHERE $2 OR touched.area_code LIKE ANY ($3)', source
    ) USING outlines, wangge.everywhere(needed), wangge.within(needed, source = 'areas');
END
$$
"""
RIGHTS = """
REVOKE ALL ON FUNCTION wangge.needed_to_see, wangge.touching FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.needed_to_see TO wangge_reader;
GRANT EXECUTE ON FUNCTION wangge.touching TO wangge_app;
ALTER FUNCTION wangge.touching OWNER TO wangge_reader
"""


def upgrade() -> None:
    """Forward."""
    for statement in (NEEDED, IN_BOX, TOUCHING, RIGHTS):
        op.execute(statement)
