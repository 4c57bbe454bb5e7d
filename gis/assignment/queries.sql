-- The temporary tables live inside one transaction: spots holds points to place, placed the answer,
-- declared what a file itself says, elsewhere the contradictions; outlines and redrawn serve redrawing.

-- name: drop_spots
DROP TABLE IF EXISTS pg_temp.spots, pg_temp.placed, pg_temp.declared, pg_temp.elsewhere;

-- name: create_spots
CREATE TEMPORARY TABLE spots (
    id bigint NOT NULL, geom geometry(Point, 4326) NOT NULL
) ON COMMIT DROP;

-- name: create_placed
CREATE TEMPORARY TABLE placed (
    id bigint NOT NULL, area_code text, grid_code text, compound_code text
) ON COMMIT DROP;

-- name: create_declared
CREATE TEMPORARY TABLE declared (
    id bigint NOT NULL, area_code text, grid_code text, compound_code text
) ON COMMIT DROP;

-- name: create_elsewhere
CREATE TEMPORARY TABLE elsewhere (
    id bigint NOT NULL, layer text NOT NULL, code text NOT NULL, distance_m float8 NOT NULL
) ON COMMIT DROP;

-- name: index_spots
CREATE INDEX ON spots USING gist (geom);

-- name: analyze_spots
ANALYZE spots;

-- name: analyze_placed
ANALYZE placed;

-- name: place
-- ST_Intersects, so that a point on a boundary lies in both neighbours; the lowest code by bytes
-- takes it. MATERIALIZED makes the planner walk polygon by polygon over the index of the spots: a
-- polygon is unpacked and indexed once for all its points (300,000 points, 21,168 grids: 0.9 s of
-- processor time against 12 s point by point). Only polygons near the spots are walked, whoever may
-- see them: a point has one place, not one for each reader.
INSERT INTO placed (id, area_code, grid_code, compound_code)
WITH ground AS MATERIALIZED (
    SELECT ST_SetSRID(CAST(ST_Extent(geom) AS geometry), 4326) AS box FROM spots
), community AS MATERIALIZED (
    SELECT code, geom FROM wangge.outlines('areas', (SELECT box FROM ground))
), unified AS MATERIALIZED (
    SELECT code, geom FROM wangge.outlines('grids', (SELECT box FROM ground))
), residential AS MATERIALIZED (
    SELECT code, geom FROM wangge.outlines('compounds', (SELECT box FROM ground))
), area AS (
    SELECT spots.id, min(community.code COLLATE "C") AS code
    FROM community
    JOIN spots ON ST_Intersects(community.geom, spots.geom)
    GROUP BY spots.id
), grid AS (
    SELECT spots.id, min(unified.code COLLATE "C") AS code
    FROM unified
    JOIN spots ON ST_Intersects(unified.geom, spots.geom)
    GROUP BY spots.id
), compound AS (
    SELECT spots.id, min(residential.code COLLATE "C") AS code
    FROM residential
    JOIN spots ON ST_Intersects(residential.geom, spots.geom)
    GROUP BY spots.id
)
SELECT spots.id, area.code, grid.code, compound.code
FROM spots
LEFT JOIN area ON area.id = spots.id
LEFT JOIN grid ON grid.id = spots.id
LEFT JOIN compound ON compound.id = spots.id;

-- name: any_ended
-- Whether an outline has an end: only then is there anything for place_in_ended_… to do.
SELECT wangge.any_ended();

-- name: place_in_ended_areas
-- An outline whose newest version has an end, be it to come or past, keeps the ground that no outline
-- in force has taken: what happened there is still its own on every day on which it was in force.
WITH ended AS MATERIALIZED (
    SELECT code, geom, valid_to FROM wangge.ended_outlines(
        'areas', (SELECT ST_SetSRID(CAST(ST_Extent(geom) AS geometry), 4326) FROM spots))
), held AS (
    SELECT DISTINCT ON (spots.id) spots.id, ended.code
    FROM ended
    JOIN spots ON ST_Intersects(ended.geom, spots.geom)
    ORDER BY spots.id, ended.valid_to DESC, ended.code COLLATE "C"
)
UPDATE placed SET area_code = held.code
FROM held WHERE held.id = placed.id AND placed.area_code IS NULL;

-- name: place_in_ended_grids
WITH ended AS MATERIALIZED (
    SELECT code, geom, valid_to FROM wangge.ended_outlines(
        'grids', (SELECT ST_SetSRID(CAST(ST_Extent(geom) AS geometry), 4326) FROM spots))
), held AS (
    SELECT DISTINCT ON (spots.id) spots.id, ended.code
    FROM ended
    JOIN spots ON ST_Intersects(ended.geom, spots.geom)
    ORDER BY spots.id, ended.valid_to DESC, ended.code COLLATE "C"
)
UPDATE placed SET grid_code = held.code
FROM held WHERE held.id = placed.id AND placed.grid_code IS NULL;

-- name: place_in_ended_compounds
WITH ended AS MATERIALIZED (
    SELECT code, geom, valid_to FROM wangge.ended_outlines(
        'compounds', (SELECT ST_SetSRID(CAST(ST_Extent(geom) AS geometry), 4326) FROM spots))
), held AS (
    SELECT DISTINCT ON (spots.id) spots.id, ended.code
    FROM ended
    JOIN spots ON ST_Intersects(ended.geom, spots.geom)
    ORDER BY spots.id, ended.valid_to DESC, ended.code COLLATE "C"
)
UPDATE placed SET compound_code = held.code
FROM held WHERE held.id = placed.id AND placed.compound_code IS NULL;

-- name: locate
-- One point, for a record that is written by itself; placed as in a file, whoever writes it.
SELECT area_code, grid_code, compound_code
FROM wangge.located(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326));

-- name: outlines_drawn
SELECT EXISTS (SELECT FROM wangge.communities(drawn => true));

-- name: place_by_register
-- A community that is on the register without an outline holds the records that name it.
UPDATE placed SET area_code = declared.area_code
FROM declared
JOIN wangge.communities(drawn => false) AS listed (code) ON listed.code = declared.area_code
WHERE declared.id = placed.id AND placed.area_code IS NULL;

-- name: outside_communities
SELECT id FROM placed WHERE area_code IS NULL ORDER BY id;

-- name: declared_unknown
SELECT declared.id, declared.area_code
FROM declared
WHERE declared.area_code IS NOT NULL
  AND NOT EXISTS (SELECT FROM areas WHERE areas.code = declared.area_code)
  AND NOT EXISTS (SELECT FROM grids WHERE grids.code = declared.area_code)
  AND NOT EXISTS (SELECT FROM compounds WHERE compounds.code = declared.area_code)
ORDER BY declared.id;

-- name: declared_outside
-- Records that lie outside the area, grid or compound they name, each with its distance. What was
-- placed where it says needs no look at outlines.
INSERT INTO elsewhere (id, layer, code, distance_m)
SELECT declared.id, 'areas', areas.code,
       ST_Distance(ST_Transform(areas.geom, CAST(:srid AS integer)),
                   ST_Transform(spots.geom, CAST(:srid AS integer)))
FROM declared
JOIN spots ON spots.id = declared.id
JOIN placed ON placed.id = declared.id
    AND placed.area_code IS DISTINCT FROM declared.area_code
JOIN areas ON areas.code = declared.area_code AND areas.valid_to IS NULL
WHERE NOT ST_Intersects(areas.geom, spots.geom)
UNION ALL
SELECT declared.id, 'grids', grids.code,
       ST_Distance(ST_Transform(grids.geom, CAST(:srid AS integer)),
                   ST_Transform(spots.geom, CAST(:srid AS integer)))
FROM declared
JOIN spots ON spots.id = declared.id
JOIN placed ON placed.id = declared.id
    AND placed.grid_code IS DISTINCT FROM declared.grid_code
JOIN grids ON grids.code = declared.grid_code
    AND grids.network = 'unified' AND grids.valid_to IS NULL
WHERE NOT ST_Intersects(grids.geom, spots.geom)
UNION ALL
SELECT declared.id, 'compounds', compounds.code,
       ST_Distance(ST_Transform(compounds.geom, CAST(:srid AS integer)),
                   ST_Transform(spots.geom, CAST(:srid AS integer)))
FROM declared
JOIN spots ON spots.id = declared.id
JOIN placed ON placed.id = declared.id
    AND placed.compound_code IS DISTINCT FROM declared.compound_code
JOIN compounds ON compounds.code = declared.compound_code AND compounds.valid_to IS NULL
WHERE NOT ST_Intersects(compounds.geom, spots.geom);

-- name: elsewhere_page
SELECT elsewhere.id, elsewhere.layer, elsewhere.code, elsewhere.distance_m,
       CASE elsewhere.layer
           WHEN 'areas' THEN placed.area_code
           WHEN 'grids' THEN placed.grid_code
           ELSE placed.compound_code END AS found,
       ST_X(spots.geom) AS lon, ST_Y(spots.geom) AS lat
FROM elsewhere
JOIN spots ON spots.id = elsewhere.id
JOIN placed ON placed.id = elsewhere.id
WHERE elsewhere.layer = CAST(:layer AS text) AND elsewhere.id > :after
ORDER BY elsewhere.id
LIMIT :most;

-- name: outlines_of_areas
SELECT code, ST_AsBinary(geom) AS geom
FROM areas
WHERE code = ANY(CAST(:codes AS text[])) AND valid_to IS NULL AND geom IS NOT NULL;

-- name: drop_outlines
DROP TABLE IF EXISTS pg_temp.outlines, pg_temp.redrawn;

-- name: create_outlines
CREATE TEMPORARY TABLE outlines (
    code text NOT NULL, after boolean NOT NULL, ended boolean NOT NULL, geom geometry
) ON COMMIT DROP;

-- name: create_redrawn
CREATE TEMPORARY TABLE redrawn (geom geometry NOT NULL) ON COMMIT DROP;

-- name: remember_areas
INSERT INTO outlines (code, after, ended, geom)
SELECT DISTINCT ON (code) code, CAST(:after AS boolean), valid_to IS NOT NULL, geom FROM areas
WHERE code = ANY(CAST(:codes AS text[])) AND level = 'community' AND geom IS NOT NULL
ORDER BY code, valid_from DESC;

-- name: remember_grids
INSERT INTO outlines (code, after, ended, geom)
SELECT DISTINCT ON (code) code, CAST(:after AS boolean), valid_to IS NOT NULL, geom FROM grids
WHERE code = ANY(CAST(:codes AS text[])) AND network = 'unified'
ORDER BY code, valid_from DESC;

-- name: remember_compounds
INSERT INTO outlines (code, after, ended, geom)
SELECT DISTINCT ON (code) code, CAST(:after AS boolean), valid_to IS NOT NULL, geom FROM compounds
WHERE code = ANY(CAST(:codes AS text[]))
ORDER BY code, valid_from DESC;

-- name: redraw
-- The ground before and after of every outline that is not the same any more.
INSERT INTO redrawn (geom)
SELECT outline.geom
FROM outlines AS outline
WHERE NOT EXISTS (
    SELECT FROM outlines AS other
    WHERE other.code = outline.code AND other.after <> outline.after
      AND other.ended = outline.ended AND other.geom = outline.geom
);

-- name: moved_elsewhere
-- Whether redrawn ground hands over a record that is not whoever redraws it may write.
SELECT wangge.moved_elsewhere(
    :source, :layer, CAST(:codes AS text[]), ARRAY(SELECT geom FROM redrawn)
);

-- name: analyze_redrawn
ANALYZE redrawn;

-- name: follow_compounds
-- Counts of a compound carry the area of the compound.
UPDATE household_counts SET area_code = compounds.area_code
FROM compounds
WHERE household_counts.subject_kind = 'compound' AND compounds.valid_to IS NULL
  AND compounds.code = household_counts.subject_code
  AND household_counts.area_code <> compounds.area_code;

-- name: follow_cameras
-- Observations of a camera carry the area of the camera.
UPDATE camera_observations SET area_code = cameras.area_code
FROM cameras
WHERE cameras.source_key = camera_observations.camera_key
  AND camera_observations.area_code <> cameras.area_code;
