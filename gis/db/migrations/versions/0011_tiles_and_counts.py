"""functions that check the rights themselves: vector tiles, counts of incidents, what is newest

Revision: 0011
Follows: 0010
"""

from alembic import op

from gis.db.tile_functions import Rows, Tile, make

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


_VALID = "{0}.valid_from <= shown_on AND ({0}.valid_to IS NULL OR {0}.valid_to > shown_on)".format
_COMPOUND = Rows("place", "compounds:read")
_RATED = (
    "compounds AS place JOIN ratings AS result"
    " ON result.run_id = run AND result.compound_code = place.code"
)
_RATING = "result.compound_code AS code, result.compound_name AS name, result.colour"
TILES = (
    Tile("grids", "place.code, place.name, place.households", "grids AS place",
         (Rows("place", "grids:read"),), f"{_VALID('place')} AND place.network = 'unified'"),
    Tile("compounds", "place.code, place.name, place.kind, place.households",
         "compounds AS place", (_COMPOUND,), _VALID("place")),
    # The compounds alone: their counts are asked for one by one, by whoever may see them.
    Tile("incidents", "place.code, place.name", "compounds AS place",
         (_COMPOUND, Rows("place", "rating:read")), _VALID("place")),
    Tile("facilities", """place.source_key AS code, place.name, place.function,
        CASE WHEN place.status IN ('open', 'closed') AND place.closed_on <= shown_on THEN 'closed'
             WHEN place.status IN ('open', 'closed') AND place.opened_on > shown_on THEN 'planned'
             WHEN place.status = 'closed' AND place.closed_on > shown_on THEN 'open'
             ELSE place.status END AS status""",
         "facilities AS place", (Rows("place", "facilities:read"),)),
    Tile("coverage", "result.subject_code AS code, result.name, result.verdict",
         "areas AS place JOIN coverage_results AS result ON result.run_id = run"
         " AND result.subject_kind = subject_level AND result.subject_code = place.code",
         (Rows("place", "areas:read", above=True), Rows("result", "coverage:read", above=True)),
         _VALID("place")),
    Tile("rating", _RATING, _RATED, (_COMPOUND, Rows("result", "rating:read")), _VALID("place")),
    Tile("risk", _RATING, _RATED, (_COMPOUND, Rows("result", "rating:read")), _VALID("place")),
    Tile("rental", "result.subject_code AS code, result.name, result.rented_per_100,"
         " result.suppressed",
         "compounds AS place JOIN rental_results AS result ON result.run_id = run"
         " AND result.subject_kind = 'compound' AND result.subject_code = place.code",
         (_COMPOUND, Rows("result", "rental:read")), _VALID("place")),
    Tile("rental_h3", "place.h3 AS code, place.rented_per_km2, place.suppressed",
         "rental_cells AS place", (Rows("place", "rental:read"),),
         "place.run_id = run AND place.resolution = h3_resolution", simplified=False),
    Tile("cameras", "place.source_key AS code, place.name", "cameras AS place",
         (Rows("place", "video:read"),),
         "(place.removed_on IS NULL OR place.removed_on > shown_on)"
         " AND (place.status <> 'removed' OR place.removed_on > shown_on"
         " OR place.installed_on > shown_on)", simplified=False),
    Tile("grid_audit", "place.id::text AS code, place.kind",
         # Findings are few and have no Mercator column.
         "(SELECT *, ST_Transform(geom, 3857) AS geom_3857 FROM grid_findings) AS place",
         (Rows("place", "grids:read"),), "place.run_id = run", simplified=False),
)  # fmt: skip
NEWEST = """
CREATE FUNCTION wangge.newest(OUT import_id bigint, OUT run_id bigint)
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT (SELECT max(id) + count(undone_at) FROM wangge.imports),
           (SELECT max(id) FROM wangge.runs)
    WHERE wangge.holds('{}');
END
"""
DAY = """
CREATE FUNCTION wangge.newest_day(zone text) RETURNS date
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT max(day)
    FROM (
        SELECT (max(occurred_at) AT TIME ZONE zone)::date AS day FROM wangge.incidents
        UNION ALL SELECT max(as_of) FROM wangge.household_counts
        UNION ALL SELECT (max(observed_at) AT TIME ZONE zone)::date
                  FROM wangge.camera_observations
        UNION ALL SELECT max(registered_on) FROM wangge.dwellings
        UNION ALL SELECT max(households_as_of) FROM wangge.compounds
        UNION ALL SELECT max(valid_from) FROM wangge.areas WHERE valid_from > '0001-01-01'
    ) AS dated
    WHERE wangge.holds('{}');
END
"""
INCIDENTS = """
CREATE FUNCTION wangge.newest_incident() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT max(occurred_at) FROM wangge.incidents HAVING wangge.holds('{}');
END;
CREATE FUNCTION wangge.incident_counts(since timestamptz, until timestamptz)
RETURNS TABLE (compound_code text, incidents bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    in_all CONSTANT boolean := wangge.everywhere('{rating:read}');
    mine CONSTANT text[] := wangge.within('{rating:read}');
BEGIN
    RETURN QUERY
        SELECT incident.compound_code, count(*)
        FROM incidents AS incident
        WHERE incident.occurred_at >= since AND incident.occurred_at < until
          AND incident.compound_code IS NOT NULL
          AND (in_all OR incident.area_code LIKE ANY (mine))
        GROUP BY incident.compound_code;
END
$$
"""
# The counters tell of changes that were neither an import nor a run; they follow a commit by at
# most ten seconds. A restore makes new tables, hence their numbers.
VERSION = """
CREATE FUNCTION wangge.version_of(sources text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT concat_ws('.', newest.import_id, newest.run_id, string_agg(concat_ws('-', oid,
            pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid)
            + pg_stat_get_tuples_deleted(oid)), '.' ORDER BY oid))
        FROM pg_class, wangge.newest() AS newest
        WHERE relnamespace = 'wangge'::regnamespace AND relname = ANY (sources)
        GROUP BY newest.import_id, newest.run_id
    );
END
$$
"""
# For any statement with a box: the keys are found by the spatial index, the rows under row rights.
IN_BOX = """
CREATE FUNCTION wangge.in_box(source text, box geometry) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    needed CONSTANT text[] := CASE source
        WHEN 'areas' THEN '{areas:read}' WHEN 'streets' THEN '{areas:read}'
        WHEN 'buildings' THEN '{compounds:read}' WHEN 'compounds' THEN '{compounds:read}'
        WHEN 'cameras' THEN '{video:read}' WHEN 'dwellings' THEN '{rental:read}'
        WHEN 'rental_cells' THEN '{rental:read}' WHEN 'facilities' THEN '{facilities:read}'
        WHEN 'grids' THEN '{grids:read}' WHEN 'grid_findings' THEN '{grids:read}'
        WHEN 'incidents' THEN '{incidents:read}' END;
BEGIN
    IF needed IS NULL THEN
        RAISE undefined_table USING MESSAGE = format('no box is asked of %I', source);
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT id FROM wangge.%I WHERE geom && $1 AND ($2 OR area_code LIKE ANY ($3))', source
    ) USING box, wangge.everywhere(needed), wangge.within(needed, source = 'areas');
END
$$
"""
SIGNATURES = ("newest()", "newest_day(text)", "newest_incident()",
              "incident_counts(timestamptz, timestamptz)", "version_of(text[])",
              "in_box(text, geometry)")  # fmt: skip


def upgrade() -> None:
    """Forward."""
    op.execute("GRANT EXECUTE ON FUNCTION wangge.holds, wangge.everywhere, wangge.within"
               " TO wangge_reader")  # fmt: skip
    for statement in (NEWEST, DAY, INCIDENTS, VERSION, IN_BOX):
        op.execute(statement)
    for signature in SIGNATURES:
        op.execute(f"GRANT EXECUTE ON FUNCTION wangge.{signature} TO wangge_app")
        op.execute(f"ALTER FUNCTION wangge.{signature} OWNER TO wangge_reader")
    for tile in TILES:
        make(op, tile)
