-- What each layer of the registry shows. Common parameters: :area_prefix (code prefix, '' for all),
-- :as_of (the day whose versions count), :run_id (the run a result layer shows), :key (one feature)
-- and :box (EWKT; what touches it); both null for all: the planner folds them away, so indexes serve.
-- Households are those of gis.areas: the newest count of the day, or the subject's own figure.
-- Every statement yields the registry's columns and geom (WKB, EPSG:4326), ordered by its key.

-- name: layer_grids
SELECT grid.code, grid.name, grid.area_code, grid.network, known.households,
       count(post.id) AS posts,
       CASE WHEN known.households IS NULL THEN 'unknown'
            WHEN known.households < CAST(:households_min AS integer) THEN 'low'
            WHEN known.households > CAST(:households_max AS integer) THEN 'high'
            ELSE 'within' END AS size_class,
       ST_AsBinary(grid.geom) AS geom
FROM grids AS grid
CROSS JOIN LATERAL (
    SELECT coalesce((
        SELECT counted.households FROM (
            SELECT households, as_of FROM household_counts
            WHERE subject_kind = 'grid' AND subject_code = grid.code
              AND as_of <= CAST(:as_of AS date) AND households IS NOT NULL
            ORDER BY as_of DESC LIMIT 1
        ) AS counted
        WHERE NOT wangge.grid_redrawn_since(grid.code, grid.geom, counted.as_of)
    ), grid.households) AS households
) AS known
LEFT JOIN worker_posts AS post
       ON post.grid_code = grid.code
      AND post.on_duty_on <= CAST(:as_of AS date)
      AND (post.off_duty_on IS NULL OR post.off_duty_on > CAST(:as_of AS date))
WHERE grid.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR grid.code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR grid.id = ANY (ARRAY(SELECT wangge.in_box('grids', CAST(:box AS geometry)))))
  AND grid.valid_from <= CAST(:as_of AS date)
  AND (grid.valid_to IS NULL OR grid.valid_to > CAST(:as_of AS date))
  AND grid.network = 'unified'
GROUP BY grid.id, known.households
ORDER BY grid.code;

-- name: layer_compounds
SELECT code, name, area_code, kind,
       (SELECT known.households FROM wangge.compound_households_on(
            compound.code, compound.households, compound.households_as_of, CAST(:as_of AS date)
        ) AS known) AS households,
       buildings, dwellings, built_year, gated, property_managed, grid_code,
       ST_AsBinary(geom) AS geom
FROM compounds AS compound
WHERE area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR id = ANY (ARRAY(SELECT wangge.in_box('compounds', CAST(:box AS geometry)))))
  AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY code;

-- name: layer_facilities
SELECT source_key AS code, name, area_code, function, provision, ownership,
       CASE WHEN status IN ('open', 'closed') AND closed_on <= CAST(:as_of AS date) THEN 'closed'
            WHEN status IN ('open', 'closed') AND opened_on > CAST(:as_of AS date) THEN 'planned'
            WHEN status = 'closed' AND closed_on > CAST(:as_of AS date) THEN 'open'
            ELSE status END AS status,
       floor_area_m2, opened_on, closed_on, ST_AsBinary(geom) AS geom
FROM facilities
WHERE area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR source_key = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR id = ANY (ARRAY(SELECT wangge.in_box('facilities', CAST(:box AS geometry)))))
ORDER BY source_key;

-- name: layer_incidents
-- Counts by compound and whole months, nothing finer: a single incident's place is police duty.
SELECT compound.code, compound.name, compound.area_code, coalesce(counted.incidents, 0) AS incidents,
       round(100.0 * coalesce(counted.incidents, 0) / nullif(known.households, 0), 2)
           ::double precision AS per_100_households,
       ST_AsBinary(compound.geom) AS geom
FROM compounds AS compound
LEFT JOIN wangge.incident_counts(CAST(:since AS timestamptz), CAST(:until AS timestamptz))
       AS counted ON counted.compound_code = compound.code
LEFT JOIN LATERAL wangge.compound_households_on(
    compound.code, compound.households, compound.households_as_of, CAST(:as_of AS date)
) AS known ON true
WHERE compound.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR compound.code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR compound.id = ANY (ARRAY(SELECT wangge.in_box('compounds', CAST(:box AS geometry)))))
  AND compound.valid_from <= CAST(:as_of AS date)
  AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
ORDER BY compound.code;

-- name: layer_coverage
SELECT result.subject_code AS code, result.name, result.households, result.facilities,
       result.floor_area_m2, result.estimated_m2, result.m2_per_100_households,
       result.required_m2, result.gap_m2, result.verdict, result.rule, result.reason_zh,
       result.reason_en, ST_AsBinary(area.geom) AS geom
FROM coverage_results AS result
JOIN areas AS area ON area.code = result.subject_code
 AND area.valid_from <= CAST(:as_of AS date)
 AND (area.valid_to IS NULL OR area.valid_to > CAST(:as_of AS date))
WHERE result.run_id = CAST(:run_id AS bigint)
  AND result.subject_kind = CAST(:level AS text)
  AND result.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR result.subject_code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR area.id = ANY (ARRAY(SELECT wangge.in_box('areas', CAST(:box AS geometry)))))
ORDER BY result.subject_code;

-- name: layer_rating
SELECT rating.compound_code AS code, rating.compound_name AS name, rating.area_code, rating.colour,
       rating.rated_colour, rating.previous_colour, rating.peer_group, rating.observed, rating.expected,
       rating.relative_risk, rating.p_red, rating.quality, rating.households, rating.rule,
       rating.reason_zh, rating.reason_en, ST_AsBinary(compound.geom) AS geom
FROM shown_ratings AS rating
JOIN compounds AS compound ON compound.code = rating.compound_code
 AND compound.valid_from <= CAST(:as_of AS date)
 AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
WHERE rating.run_id = CAST(:run_id AS bigint)
  AND rating.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR rating.compound_code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR compound.id = ANY (ARRAY(SELECT wangge.in_box('compounds', CAST(:box AS geometry)))))
ORDER BY rating.compound_code;

-- name: layer_rental
SELECT result.subject_code AS code, result.name, result.area_code, result.rented_dwellings,
       result.dwellings, result.rented_per_100, result.rented_per_km2,
       result.occupants_per_dwelling, result.floating_share, result.suspected_group,
       result.suppressed, result.mainly_rental, result.rule, result.reason_zh, result.reason_en,
       ST_AsBinary(compound.geom) AS geom
FROM rental_results AS result
JOIN compounds AS compound ON compound.code = result.subject_code
 AND compound.valid_from <= CAST(:as_of AS date)
 AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
WHERE result.run_id = CAST(:run_id AS bigint)
  AND result.subject_kind = 'compound'
  AND result.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR result.subject_code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR compound.id = ANY (ARRAY(SELECT wangge.in_box('compounds', CAST(:box AS geometry)))))
ORDER BY result.subject_code;

-- name: layer_rental_h3
SELECT h3 AS code, area_code, resolution, rented_dwellings, dwellings, rented_per_100,
       rented_per_km2, occupants_per_dwelling, floating_share, suspected_group, suppressed,
       mainly_rental, rule, reason_zh, reason_en, ST_AsBinary(geom) AS geom
FROM rental_cells
WHERE run_id = CAST(:run_id AS bigint)
  AND resolution = CAST(:resolution AS integer)
  AND area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR h3 = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR id = ANY (ARRAY(SELECT wangge.in_box('rental_cells', CAST(:box AS geometry)))))
ORDER BY h3;

-- name: layer_video_coverage
-- Covered share of each compound at the quality that the rule asks for; it names no point.
SELECT result.subject_code AS code, result.name, result.area_code,
       100 * result.covered_share AS covered_percent, result.met, result.rule, result.reason_zh,
       result.reason_en, ST_AsBinary(compound.geom) AS geom
FROM video_coverage AS result
JOIN compounds AS compound ON compound.code = result.subject_code
 AND compound.valid_from <= CAST(:as_of AS date)
 AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
WHERE result.run_id = CAST(:run_id AS bigint)
  AND result.subject_kind = 'compound'
  AND result.quality = CAST(:video_quality AS text)
  AND result.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR result.subject_code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR compound.id = ANY (ARRAY(SELECT wangge.in_box('compounds', CAST(:box AS geometry)))))
ORDER BY result.subject_code;

-- name: layer_view_fields
-- The recorded position's fields of the newest run by quality, and where a point could turn to.
SELECT concat_ws(':', camera_key, looks, quality) AS code, camera_key, area_code,
       CASE looks WHEN 'home' THEN quality ELSE 'potential' END AS shows, area_m2, assumed,
       ST_AsBinary(geom) AS geom
FROM view_fields AS field
WHERE (looks = 'home' OR quality = 'detect')
  AND area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR concat_ws(':', camera_key, looks, quality) = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR id = ANY (ARRAY(SELECT wangge.in_box('view_fields', CAST(:box AS geometry)))))
ORDER BY code;

-- name: layer_blind_areas
-- Named by the nearest building.
SELECT blind.id::text AS code, coalesce(blind.nearest, blind.compound_code) AS name,
       blind.area_code, blind.compound_code, compound.name AS compound_name, blind.area_m2,
       ST_AsBinary(blind.geom) AS geom
FROM video_blind_areas AS blind
LEFT JOIN compounds AS compound ON compound.code = blind.compound_code
 AND compound.valid_from <= CAST(:as_of AS date)
 AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
WHERE blind.run_id = CAST(:run_id AS bigint)
  AND blind.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR blind.id::text = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR blind.id = ANY (ARRAY(SELECT wangge.in_box('video_blind_areas', CAST(:box AS geometry)))))
ORDER BY blind.id;

-- name: layer_video_places
-- Entrances, pieces of streets and key places, and whether each counts as seen: a gate that any
-- working point reaches, a key place from the policy's share on, a street as ground does (VID-2).
SELECT place.id::text AS code, coalesce(place.name, place.place_key) AS name, place.area_code,
       place.kind,
       CASE WHEN place.seen_share IS NULL THEN 'unknown'
            WHEN place.seen_share = 0 THEN 'dark'
            WHEN place.seen_share >= CASE place.kind
                     WHEN 'key_place' THEN CAST(:key_place_share AS float8)
                     WHEN 'street' THEN CAST(:coverage_share AS float8) ELSE 0 END THEN 'seen'
            ELSE 'partly' END AS seen,
       100 * place.seen_share AS seen_percent, place.points, place.length_m, place.area_m2,
       place.compound_code, place.grid_code, ST_AsBinary(place.geom) AS geom
FROM video_places AS place
WHERE place.run_id = CAST(:run_id AS bigint)
  AND place.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR place.id::text = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR place.id = ANY (ARRAY(SELECT wangge.in_box('video_places', CAST(:box AS geometry)))))
ORDER BY place.id;

-- name: layer_video_findings
-- At the point, or on the outline of the compound, that the finding is about.
SELECT finding.id::text AS code,
       coalesce(camera.name, compound.name, finding.camera_key, finding.compound_code) AS name,
       finding.area_code,
       CASE WHEN finding.rule LIKE 'LAW-%' THEN 'law'
            WHEN finding.kind IN ('camera_down', 'repair_overdue') THEN 'working'
            WHEN finding.kind = 'compound_without_camera' THEN 'bare'
            WHEN finding.kind LIKE 'id\_%' THEN 'id' ELSE 'field' END AS topic,
       finding.kind, finding.camera_key, finding.compound_code, finding.since, finding.rule,
       finding.reason_zh, finding.reason_en,
       ST_AsBinary(coalesce(camera.geom, compound.geom)) AS geom
FROM video_findings AS finding
LEFT JOIN cameras AS camera ON camera.source_key = finding.camera_key
LEFT JOIN compounds AS compound ON compound.code = finding.compound_code
 AND compound.valid_from <= CAST(:as_of AS date)
 AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
WHERE finding.run_id = CAST(:run_id AS bigint)
  AND finding.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR finding.id::text = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR camera.id = ANY (ARRAY(SELECT wangge.in_box('cameras', CAST(:box AS geometry))))
       OR compound.id = ANY (ARRAY(SELECT wangge.in_box('compounds', CAST(:box AS geometry)))))
ORDER BY finding.id;

-- name: layer_grid_audit
SELECT finding.id::text AS code, finding.area_code, finding.kind, finding.grid_codes,
       finding.area_m2, finding.figure, finding.threshold, finding.rule, finding.reason_zh,
       finding.reason_en, ST_AsBinary(finding.geom) AS geom
FROM grid_findings AS finding
WHERE finding.run_id = CAST(:run_id AS bigint)
  AND finding.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR finding.id::text = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR finding.id = ANY (ARRAY(SELECT wangge.in_box('grid_findings', CAST(:box AS geometry)))))
ORDER BY finding.id;

-- name: layer_risk
SELECT rating.compound_code AS code, rating.compound_name AS name, rating.area_code, compound.kind,
       rating.colour, rating.rated_colour, rating.previous_colour, rating.peer_group,
       rating.observed, rating.expected, rating.relative_risk, rating.p_red, rating.quality,
       rental.rented_dwellings,
       rental.dwellings, rental.rented_per_100, rental.rented_per_km2, rating.rule,
       rating.reason_zh, rating.reason_en, ST_AsBinary(compound.geom) AS geom
FROM shown_ratings AS rating
JOIN compounds AS compound ON compound.code = rating.compound_code
 AND compound.valid_from <= CAST(:as_of AS date)
 AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
LEFT JOIN rental_results AS rental
       ON rental.run_id = CAST(:rental_run_id AS bigint)
      AND rental.subject_kind = 'compound'
      AND rental.subject_code = rating.compound_code
WHERE rating.run_id = CAST(:run_id AS bigint)
  AND rating.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:key AS text) IS NULL OR rating.compound_code = CAST(:key AS text))
  AND (CAST(:box AS text) IS NULL
       OR compound.id = ANY (ARRAY(SELECT wangge.in_box('compounds', CAST(:box AS geometry)))))
ORDER BY rating.compound_code;

-- name: outlines
-- Quiet background of every map: the outlines of one level.
SELECT code, name, ST_AsBinary(geom) AS geom
FROM areas
WHERE level = CAST(:level AS text) AND geom IS NOT NULL
  AND code ^@ CAST(:area_prefix AS text)
  AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY code;

-- name: street_lines
SELECT source_key AS code, name, kind, ST_AsBinary(geom) AS geom
FROM streets
WHERE area_code ^@ CAST(:area_prefix AS text)
ORDER BY source_key;

-- name: buildings
-- Footprints in the shown area: the ground below what points show.
SELECT ST_AsBinary(geom) AS geom
FROM buildings
WHERE area_code ^@ CAST(:area_prefix AS text)
ORDER BY source_key;

-- name: buildings_up_to
-- How many there are, counted no further than most.
SELECT count(*) FROM (
    SELECT FROM buildings WHERE area_code ^@ CAST(:area_prefix AS text) LIMIT CAST(:most AS int)
) AS counted;

-- name: own_bounds
-- The areas that begin with one of the prefixes, without those they lie in.
SELECT ST_XMin(extent) AS west, ST_YMin(extent) AS south,
       ST_XMax(extent) AS east, ST_YMax(extent) AS north
FROM (
    SELECT ST_Extent(area.geom) AS extent
    FROM areas AS area
    JOIN unnest(CAST(:prefixes AS text[])) AS prefix ON area.code ^@ prefix
    WHERE area.valid_to IS NULL
) AS own;

-- name: version_of
-- Of the layer's tables, as the server counts their changes, and of imports and runs.
SELECT wangge.version_of(CAST(:sources AS text[]));
