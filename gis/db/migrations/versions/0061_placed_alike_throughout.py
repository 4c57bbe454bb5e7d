"""ended outlines, single points and redrawn ground are placed alike by whoever writes

Revision: 0061
Follows: 0060
"""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

# Whoever writes records must have them placed, also by an outline that he is not shown.
MAY_PLACE = """
CREATE FUNCTION wangge.may_place(source text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = wangge, pg_temp
AS $$
    SELECT wangge.holds(wangge.needed_to_see(source) || CAST(
        '{imports:write,areas:write,grids:write,compounds:write,facilities:write,incidents:write,'
        'rental:write,video:write,dangers:write,scenarios:write}' AS text[]))
$$
"""
OUTLINES = """
CREATE OR REPLACE FUNCTION wangge.outlines(source text, box geometry)
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
    IF wangge.may_place(source) THEN
        RETURN QUERY EXECUTE format(
            'SELECT place.code, place.geom FROM wangge.%I AS place
             WHERE place.valid_to IS NULL AND place.geom && $1 AND %s', source, chosen
        ) USING box;
    END IF;
END
$$
"""
ENDED = """
CREATE FUNCTION wangge.ended_outlines(source text, box geometry)
RETURNS TABLE (code text, geom geometry, valid_to date)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    chosen CONSTANT text := CASE source
        WHEN 'areas' THEN 'place.level = ''community'''
        WHEN 'grids' THEN 'place.network = ''unified''' WHEN 'compounds' THEN 'true' END;
    same CONSTANT text := CASE source WHEN 'grids' THEN 'later.network = place.network'
        ELSE 'true' END;
BEGIN
    IF chosen IS NULL THEN
        RAISE undefined_table USING MESSAGE = format('no point is placed in %I', source);
    END IF;
    IF wangge.may_place(source) THEN
        RETURN QUERY EXECUTE format(
            'SELECT place.code, place.geom, place.valid_to FROM wangge.%1$I AS place
             WHERE place.valid_to IS NOT NULL AND place.geom && $1 AND %2$s
               AND NOT EXISTS (SELECT FROM wangge.%1$I AS later
                               WHERE later.code = place.code AND %3$s
                                 AND later.valid_from > place.valid_from)', source, chosen, same
        ) USING box;
    END IF;
END
$$
"""
ANY_ENDED = """
CREATE FUNCTION wangge.any_ended() RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, public, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM areas WHERE valid_to IS NOT NULL)
        OR EXISTS (SELECT FROM grids WHERE valid_to IS NOT NULL)
        OR EXISTS (SELECT FROM compounds WHERE valid_to IS NOT NULL)
$$
"""
# Of the outlines in force the lowest code, else of those that ended last: as a file of points.
LOCATED = """
CREATE FUNCTION wangge.located(spot geometry)
RETURNS TABLE (area_code text, grid_code text, compound_code text)
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, public, pg_temp
AS $$
    SELECT
        (SELECT place.code FROM areas AS place
         WHERE wangge.may_place('areas') AND place.geom && spot AND place.level = 'community'
           AND ST_Intersects(place.geom, spot)
           AND NOT EXISTS (SELECT FROM areas AS later WHERE later.code = place.code
                           AND later.valid_from > place.valid_from)
         ORDER BY place.valid_to DESC NULLS FIRST, place.code COLLATE "C" LIMIT 1),
        (SELECT place.code FROM grids AS place
         WHERE wangge.may_place('grids') AND place.geom && spot AND place.network = 'unified'
           AND ST_Intersects(place.geom, spot)
           AND NOT EXISTS (SELECT FROM grids AS later WHERE later.code = place.code
                           AND later.network = place.network
                           AND later.valid_from > place.valid_from)
         ORDER BY place.valid_to DESC NULLS FIRST, place.code COLLATE "C" LIMIT 1),
        (SELECT place.code FROM compounds AS place
         WHERE wangge.may_place('compounds') AND place.geom && spot
           AND ST_Intersects(place.geom, spot)
           AND NOT EXISTS (SELECT FROM compounds AS later WHERE later.code = place.code
                           AND later.valid_from > place.valid_from)
         ORDER BY place.valid_to DESC NULLS FIRST, place.code COLLATE "C" LIMIT 1)
$$
"""
REGISTER = """
CREATE FUNCTION wangge.communities(drawn boolean) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, public, pg_temp
AS $$
    SELECT code FROM areas
    WHERE wangge.may_place('areas') AND level = 'community' AND valid_to IS NULL
      AND (geom IS NOT NULL) = drawn
$$
"""
# What somebody may not write stays as it is when he redraws; then two would redraw differently.
# Told is whether there is such a record, to whoever may write that kind of outline, of his own.
MOVED = """
CREATE FUNCTION wangge.moved_elsewhere(
    source text, layer text, codes text[], ground geometry[]
) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    needed CONSTANT text[] := CASE source
        WHEN 'incidents' THEN '{incidents:write}' WHEN 'dwellings' THEN '{rental:write}'
        WHEN 'cameras' THEN '{video:write}' WHEN 'facilities' THEN '{facilities:write}'
        WHEN 'streets' THEN '{areas:write}' WHEN 'compounds' THEN '{compounds:write}'
        WHEN 'buildings' THEN '{compounds:write}' END;
    held CONSTANT text := CASE layer WHEN 'areas' THEN 'area_code' WHEN 'grids' THEN 'grid_code'
        WHEN 'compounds' THEN 'compound_code' END;
    draws CONSTANT text[] := CASE layer WHEN 'areas' THEN '{areas:write}'
        WHEN 'grids' THEN '{grids:write}' WHEN 'compounds' THEN '{compounds:write}' END;
    district CONSTANT text := (SELECT value FROM store_facts WHERE key = 'district');
    found boolean;
BEGIN
    IF needed IS NULL OR held IS NULL THEN
        RAISE undefined_table USING MESSAGE = format('no %I is placed in %I', source, layer);
    END IF;
    IF wangge.everywhere(needed) OR NOT wangge.holds(draws) THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'SELECT EXISTS (SELECT
         FROM (SELECT DISTINCT one.id FROM unnest($1) AS outline
               JOIN wangge.%1$I AS one ON ST_Intersects(one.geom, outline)
               WHERE NOT coalesce(one.area_code LIKE ANY ($2), false) %3$s) AS touched
         JOIN wangge.%1$I AS record USING (id)
         CROSS JOIN LATERAL wangge.located(ST_PointOnSurface(record.geom)) AS here
         CROSS JOIN LATERAL (SELECT %4$s) AS now (code)
         WHERE now.code IS DISTINCT FROM record.%2$I
           AND (now.code = ANY ($3) OR record.%2$I = ANY ($3)))',
        source, held, CASE source WHEN 'compounds' THEN 'AND one.valid_to IS NULL' ELSE '' END,
        CASE layer WHEN 'areas' THEN 'coalesce(here.area_code, $4)' ELSE 'here.' || held END
    ) INTO found USING ground, wangge.within(needed), codes, district;
    RETURN found;
END
$$
"""
SIGNATURES = (
    "may_place(text)", "ended_outlines(text, geometry)", "any_ended()", "located(geometry)",
    "communities(boolean)", "moved_elsewhere(text, text, text[], geometry[])",
)  # fmt: skip


def upgrade() -> None:
    """Forward."""
    for statement in (MAY_PLACE, OUTLINES, ENDED, ANY_ENDED, LOCATED, REGISTER, MOVED):
        op.execute(statement)
    for signature in SIGNATURES:
        op.execute(f"REVOKE ALL ON FUNCTION wangge.{signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION wangge.{signature} TO wangge_app")
        op.execute(f"ALTER FUNCTION wangge.{signature} OWNER TO wangge_reader")
