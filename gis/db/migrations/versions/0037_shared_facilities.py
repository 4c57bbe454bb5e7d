"""host and guest of a shared facility both see who counts how much of it

Revision: 0037
Follows: 0036
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OWN = """((SELECT wangge.everywhere('{{facilities:read}}'))
           OR {row}.area_code LIKE ANY
              ((SELECT wangge.within('{{facilities:read}}'))::text[]))"""
# All parts of a facility that stands in the user's areas or is shared with them: parts that sum to
# more than the whole are scaled down together.
SHARES = """
CREATE FUNCTION wangge.shares_in_reach()
RETURNS TABLE (facility text, area_code text, share double precision)
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT host.source_key, given.area_code, given.share
    FROM wangge.facility_shares AS given
    JOIN wangge.facilities AS host ON host.id = given.facility_id
    WHERE {host}
       OR EXISTS (SELECT FROM wangge.facility_shares AS mine
                  WHERE mine.facility_id = host.id AND {mine});
END
"""
# Of a neighbour's facility only what its part is counted with: no address, no place.
FACILITIES = """
CREATE FUNCTION wangge.shared_by_neighbours(srid integer)
RETURNS TABLE (source_key text, name text, area_code text, function text, provision text,
               ownership text, status text, floor_area_m2 double precision, storeys integer,
               opened_on date, closed_on date, footprint_m2 double precision)
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT host.source_key, host.name, host.area_code, host.function, host.provision,
           host.ownership, host.status, host.floor_area_m2, host.storeys, host.opened_on,
           host.closed_on,
           CASE WHEN host.floor_area_m2 IS NULL AND public.ST_Dimension(host.geom) = 2
                THEN public.ST_Area(public.ST_Transform(host.geom, srid)) END
    FROM wangge.facilities AS host
    WHERE NOT {host}
      AND EXISTS (SELECT FROM wangge.facility_shares AS mine
                  WHERE mine.facility_id = host.id AND {mine});
END
"""
OPEN = """
REVOKE ALL ON FUNCTION wangge.shares_in_reach, wangge.shared_by_neighbours FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.shares_in_reach, wangge.shared_by_neighbours TO wangge_app;
ALTER FUNCTION wangge.shares_in_reach OWNER TO wangge_reader;
ALTER FUNCTION wangge.shared_by_neighbours OWNER TO wangge_reader
"""


def upgrade() -> None:
    """Forward."""
    own = {row: OWN.format(row=row) for row in ("host", "mine")}
    for statement in (SHARES, FACILITIES):
        op.execute(statement.format(**own))
    op.execute(OPEN)
