"""points are placed alike by whoever writes them, and keys that another area holds can be told

Revision: 0054
Follows: 0050
"""

from alembic import op

revision = "0054"
down_revision = "0050"
branch_labels = None
depends_on = None

# Under row rights an importer of one street would not see the outline beyond its border, and a
# point on that border would lie in one community for him and in another for the district.
OUTLINES = """
CREATE FUNCTION wangge.outlines(source text, box geometry)
RETURNS TABLE (code text, geom geometry)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    chosen CONSTANT text := CASE source
        WHEN 'areas' THEN 'level = ''community''' WHEN 'grids' THEN 'network = ''unified'''
        WHEN 'compounds' THEN 'true' END;
BEGIN
    IF chosen IS NULL THEN
        RAISE undefined_table USING MESSAGE = format('no point is placed in %I', source);
    END IF;
    IF wangge.holds(wangge.needed_to_see(source)) THEN
        RETURN QUERY EXECUTE format(
            'SELECT place.code, place.geom FROM wangge.%I AS place
             WHERE place.valid_to IS NULL AND place.geom && $1 AND %s', source, chosen
        ) USING box;
    END IF;
END
$$
"""
KEYS = """
CREATE FUNCTION wangge.keys_elsewhere(source text, keys text[]) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
BEGIN
    IF wangge.holds('{imports:write}') THEN
        RETURN QUERY EXECUTE format(
            'SELECT source_key FROM wangge.%I
             WHERE source_key = ANY ($1) AND NOT ($2 OR area_code LIKE ANY ($3))', source
        ) USING keys, wangge.everywhere('{}'), wangge.within('{}');
    END IF;
END
$$
"""


def upgrade() -> None:
    """Forward."""
    for statement in (OUTLINES, KEYS):
        op.execute(statement)
    for signature in ("outlines(text, geometry)", "keys_elsewhere(text, text[])"):
        op.execute(f"REVOKE ALL ON FUNCTION wangge.{signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION wangge.{signature} TO wangge_app")
        op.execute(f"ALTER FUNCTION wangge.{signature} OWNER TO wangge_reader")
