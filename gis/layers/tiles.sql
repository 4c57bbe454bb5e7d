-- Vector tiles of the registry's layers, one statement each: key, display figures, geometry.
-- :z, :x, :y name the tile; :simplify_m is half a screen pixel at that zoom, in web Mercator metres.
-- :area_prefix (code prefix, '' for all), :as_of, :run_id as in queries.sql.
-- The box is a constant of the statement, so that the index on geom_3857 serves it; the aggregate
-- is ordered by key, so that the same rows always make the same bytes.

-- name: tile_grids
SELECT ST_AsMVT(shown, 'grids', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT code, name, households,
           ST_AsMVTGeom(ST_Simplify(geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM grids
    WHERE geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND area_code LIKE CAST(:area_prefix AS text) || '%'
      AND valid_from <= CAST(:as_of AS date)
      AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
      AND network = 'unified'
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_compounds
SELECT ST_AsMVT(shown, 'compounds', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT code, name, kind, households,
           ST_AsMVTGeom(ST_Simplify(geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM compounds
    WHERE geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND area_code LIKE CAST(:area_prefix AS text) || '%'
      AND valid_from <= CAST(:as_of AS date)
      AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_incidents
-- The compounds alone: their counts are asked for one by one, by whoever may see them.
SELECT ST_AsMVT(shown, 'incidents', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT code, name,
           ST_AsMVTGeom(ST_Simplify(geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM compounds
    WHERE geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND area_code LIKE CAST(:area_prefix AS text) || '%'
      AND valid_from <= CAST(:as_of AS date)
      AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_facilities
SELECT ST_AsMVT(shown, 'facilities', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT source_key AS code, name, function,
           CASE WHEN status IN ('open', 'closed') AND closed_on <= CAST(:as_of AS date) THEN 'closed'
                WHEN status IN ('open', 'closed') AND opened_on > CAST(:as_of AS date) THEN 'planned'
                WHEN status = 'closed' AND closed_on > CAST(:as_of AS date) THEN 'open'
                ELSE status END AS status,
           ST_AsMVTGeom(ST_Simplify(geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM facilities
    WHERE geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND area_code LIKE CAST(:area_prefix AS text) || '%'
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_coverage
SELECT ST_AsMVT(shown, 'coverage', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT result.subject_code AS code, result.name, result.verdict,
           ST_AsMVTGeom(ST_Simplify(area.geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM areas AS area
    JOIN coverage_results AS result
      ON result.run_id = CAST(:run_id AS bigint)
     AND result.subject_kind = CAST(:level AS text)
     AND result.subject_code = area.code
    WHERE area.geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND area.area_code LIKE CAST(:area_prefix AS text) || '%'
      AND area.valid_from <= CAST(:as_of AS date)
      AND (area.valid_to IS NULL OR area.valid_to > CAST(:as_of AS date))
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_rating
SELECT ST_AsMVT(shown, 'rating', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT rating.compound_code AS code, rating.compound_name AS name, rating.colour,
           ST_AsMVTGeom(ST_Simplify(compound.geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM compounds AS compound
    JOIN ratings AS rating
      ON rating.run_id = CAST(:run_id AS bigint) AND rating.compound_code = compound.code
    WHERE compound.geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND compound.area_code LIKE CAST(:area_prefix AS text) || '%'
      AND compound.valid_from <= CAST(:as_of AS date)
      AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_risk
SELECT ST_AsMVT(shown, 'risk', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT rating.compound_code AS code, rating.compound_name AS name, rating.colour,
           ST_AsMVTGeom(ST_Simplify(compound.geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM compounds AS compound
    JOIN ratings AS rating
      ON rating.run_id = CAST(:run_id AS bigint) AND rating.compound_code = compound.code
    WHERE compound.geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND compound.area_code LIKE CAST(:area_prefix AS text) || '%'
      AND compound.valid_from <= CAST(:as_of AS date)
      AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_rental
SELECT ST_AsMVT(shown, 'rental', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT result.subject_code AS code, result.name, result.rented_per_100, result.suppressed,
           ST_AsMVTGeom(ST_Simplify(compound.geom_3857, CAST(:simplify_m AS double precision), true),
                        ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM compounds AS compound
    JOIN rental_results AS result
      ON result.run_id = CAST(:run_id AS bigint)
     AND result.subject_kind = 'compound'
     AND result.subject_code = compound.code
    WHERE compound.geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND compound.area_code LIKE CAST(:area_prefix AS text) || '%'
      AND compound.valid_from <= CAST(:as_of AS date)
      AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_rental_h3
SELECT ST_AsMVT(shown, 'rental_h3', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT h3 AS code, rented_per_km2, suppressed,
           ST_AsMVTGeom(geom_3857, ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM rental_cells
    WHERE geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND run_id = CAST(:run_id AS bigint)
      AND resolution = CAST(:resolution AS integer)
      AND area_code LIKE CAST(:area_prefix AS text) || '%'
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_cameras
SELECT ST_AsMVT(shown, 'cameras', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT source_key AS code, name,
           ST_AsMVTGeom(geom_3857, ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM cameras
    WHERE geom_3857 && ST_TileEnvelope(:z, :x, :y, margin => 0.0390625)
      AND area_code LIKE CAST(:area_prefix AS text) || '%'
      AND (removed_on IS NULL OR removed_on > CAST(:as_of AS date))
      AND (status <> 'removed' OR removed_on > CAST(:as_of AS date)
           OR installed_on > CAST(:as_of AS date))
) AS shown
WHERE shown.geom IS NOT NULL;

-- name: tile_grid_audit
-- Findings are few and have no Mercator column: the box is brought to theirs.
SELECT ST_AsMVT(shown, 'grid_audit', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT id::text AS code, kind,
           ST_AsMVTGeom(ST_Transform(geom, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 160, true) AS geom
    FROM grid_findings
    WHERE geom && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 0.0390625), 4326)
      AND run_id = CAST(:run_id AS bigint)
      AND area_code LIKE CAST(:area_prefix AS text) || '%'
) AS shown
WHERE shown.geom IS NOT NULL;
