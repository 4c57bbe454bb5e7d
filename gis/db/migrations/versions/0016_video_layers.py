"""tiles and boxes of covered shares, view fields, blind areas and video findings

Revision: 0016
Follows: 0015
"""

from alembic import op

from gis.db.tile_functions import Rows, Tile, make

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_VALID = "(place.valid_from <= shown_on AND (place.valid_to IS NULL OR place.valid_to > shown_on))"
_VIDEO = (Rows("place", "video:read"),)
TILES = (
    Tile("video_coverage",
         "result.subject_code AS code, result.name, 100 * result.covered_share AS covered_percent",
         "compounds AS place JOIN video_coverage AS result ON result.run_id = run"
         " AND result.subject_kind = 'compound' AND result.subject_code = place.code",
         (Rows("place", "compounds:read"), Rows("result", "rating:read")),
         f"{_VALID} AND result.met IS NOT NULL"),  # the verdict stands at the quality that decides
    Tile("view_fields", "concat_ws(':', place.camera_key, place.looks, place.quality) AS code,"
         " place.camera_key,"
         " CASE place.looks WHEN 'home' THEN place.quality ELSE 'potential' END AS shows",
         "view_fields AS place", _VIDEO, "(place.looks = 'home' OR place.quality = 'detect')"),
    Tile("blind_areas", "place.id::text AS code,"
         " coalesce(place.nearest, place.compound_code) AS name, place.area_m2",
         "video_blind_areas AS place", _VIDEO, "place.run_id = run"),
    Tile("video_findings", "place.id::text AS code, place.name, place.topic", """(
            SELECT finding.id, finding.run_id, finding.area_code,
                   coalesce(camera.name, compound.name, finding.camera_key, finding.compound_code)
                       AS name,
                   CASE WHEN finding.rule LIKE 'LAW-%' THEN 'law'
                        WHEN finding.kind IN ('camera_down', 'repair_overdue') THEN 'working'
                        WHEN finding.kind = 'compound_without_camera' THEN 'bare'
                        WHEN finding.kind LIKE 'id\\_%' THEN 'id' ELSE 'field' END AS topic,
                   coalesce(camera.geom_3857, compound.geom_3857) AS geom_3857
            FROM video_findings AS finding
            LEFT JOIN cameras AS camera ON camera.source_key = finding.camera_key
            LEFT JOIN compounds AS compound ON compound.code = finding.compound_code
                  AND compound.valid_from <= shown_on
                  AND (compound.valid_to IS NULL OR compound.valid_to > shown_on)
         ) AS place""", _VIDEO, "place.run_id = run", simplified=False),
)  # fmt: skip
IN_BOX = """
CREATE OR REPLACE FUNCTION wangge.in_box(source text, box geometry) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
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
    RETURN QUERY EXECUTE format(
        'SELECT id FROM wangge.%I WHERE geom && $1 AND ($2 OR area_code LIKE ANY ($3))', source
    ) USING box, wangge.everywhere(needed), wangge.within(needed, source = 'areas');
END
$$
"""


def upgrade() -> None:
    """Forward."""
    op.execute(IN_BOX)
    for tile in TILES:
        make(op, tile)
