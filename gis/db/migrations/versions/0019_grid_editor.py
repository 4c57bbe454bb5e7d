"""the grid editor: records on redrawn ground name their new grid, whoever may read them

Revision: 0019
Follows: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Whoever may write grids need not see incidents, dwellings or cameras, and still leaves none of
# them in a grid that is gone. The code follows from the ground alone, and nothing is answered.
PLACE = """
CREATE FUNCTION wangge.place_in_grids(outlines geometry[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    needed CONSTANT text[] := '{grids:write}';
    source text;
BEGIN
    FOREACH source IN ARRAY ARRAY['incidents', 'dwellings', 'cameras', 'facilities', 'compounds',
                                  'buildings'] LOOP
        EXECUTE format(
            'WITH touched AS MATERIALIZED (
                 SELECT DISTINCT one.id, ST_PointOnSurface(one.geom) AS spot
                 FROM unnest($1) AS outline
                 JOIN wangge.%1$I AS one ON ST_Intersects(one.geom, outline)
                 WHERE ($2 OR one.area_code LIKE ANY ($3)) %2$s
             )
             UPDATE wangge.%1$I AS record SET grid_code = placed.code
             FROM (
                 SELECT touched.id, min(grids.code COLLATE "C") AS code
                 FROM touched
                 LEFT JOIN wangge.grids ON grids.network = ''unified'' AND grids.valid_to IS NULL
                     AND ST_Intersects(grids.geom, touched.spot)
                 GROUP BY touched.id
             ) AS placed
             WHERE record.id = placed.id AND record.grid_code IS DISTINCT FROM placed.code',
            source, CASE source WHEN 'compounds' THEN 'AND one.valid_to IS NULL' ELSE '' END
        ) USING outlines, wangge.everywhere(needed), wangge.within(needed);
    END LOOP;
END
$$
"""
# Changed dwellings are counted anew by their trigger, as whoever changed them.
RIGHTS = """
REVOKE ALL ON FUNCTION wangge.place_in_grids FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.place_in_grids TO wangge_app;
GRANT UPDATE (grid_code) ON wangge.incidents, wangge.dwellings, wangge.cameras, wangge.facilities,
    wangge.compounds, wangge.buildings TO wangge_reader;
GRANT INSERT, UPDATE ON wangge.standing_lettings TO wangge_reader;
ALTER FUNCTION wangge.place_in_grids OWNER TO wangge_reader
"""


def upgrade() -> None:
    """Forward."""
    op.execute(PLACE)
    op.execute(RIGHTS)
