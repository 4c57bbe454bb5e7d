-- Covered ground: scenes in metres, kept view fields, results of coverage runs.

-- name: scene_cameras
-- Points as `cameras_on` has them, with place in metres and all that shapes a field; box (EWKT,
-- EPSG:4326) may limit them.
SELECT camera.source_key AS camera, camera.area_code, camera.kind, camera.indoor,
       camera.omnidirectional, camera.direction_deg, camera.horizontal_fov_deg,
       camera.vertical_fov_deg, camera.tilt_deg, camera.height_m, camera.max_distance_m,
       camera.focal_mm, camera.focal_min_mm, camera.focal_max_mm, camera.sensor_width_mm,
       camera.width_px, camera.height_px,
       wangge.camera_status_on(camera.status, camera.installed_on, camera.removed_on,
                               CAST(:as_of AS date)) AS status,
       coalesce(known.state, 'unknown') AS observed,
       ST_X(metric.geom) AS x_m, ST_Y(metric.geom) AS y_m
FROM wangge.cameras AS camera
CROSS JOIN LATERAL (SELECT ST_Transform(camera.geom, CAST(:srid AS int)) AS geom) AS metric
LEFT JOIN wangge.camera_states AS newest ON newest.camera_key = camera.source_key
CROSS JOIN LATERAL wangge.camera_state_before(
    camera.source_key, newest.state, newest.observed_at, CAST(:until AS timestamptz)) AS known
WHERE CAST(:box AS text) IS NULL
   OR camera.id = ANY (ARRAY(SELECT wangge.in_box('cameras', CAST(:box AS geometry))))
ORDER BY camera.source_key;

-- name: scene_compounds
-- Compounds of the day in metres, with their entrances.
SELECT code AS compound, name, area_code, grid_code,
       ST_AsBinary(ST_Transform(entrances, CAST(:srid AS int))) AS entrances,
       ST_AsBinary(ST_Transform(geom, CAST(:srid AS int))) AS geom
FROM wangge.compounds
WHERE valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
  AND (CAST(:compound AS text) IS NULL OR code = CAST(:compound AS text))
  AND area_code ^@ CAST(:area_prefix AS text)
ORDER BY code;

-- name: scene_buildings
SELECT coalesce(name, source_key) AS name, height_m,
       ST_AsBinary(ST_Transform(geom, CAST(:srid AS int))) AS geom
FROM wangge.buildings
WHERE CAST(:box AS text) IS NULL
   OR id = ANY (ARRAY(SELECT wangge.in_box('buildings', CAST(:box AS geometry))))
ORDER BY source_key;

-- name: scene_private_places
SELECT source_key AS place, kind, name AS place_name,
       ST_AsBinary(ST_Transform(geom, CAST(:srid AS int))) AS geom
FROM wangge.private_places
WHERE CAST(:box AS text) IS NULL OR geom && CAST(:box AS geometry)
ORDER BY source_key;

-- name: scene_streets
SELECT source_key AS street, name, area_code,
       ST_AsBinary(ST_Transform(geom, CAST(:srid AS int))) AS geom
FROM wangge.streets ORDER BY source_key;

-- name: scene_cells
-- Unified grids and communities of the day: streets are told apart by them.
SELECT 'grid' AS cell, code AS grid_code, area_code,
       ST_AsBinary(ST_Transform(geom, CAST(:srid AS int))) AS geom
FROM wangge.grids
WHERE network = 'unified' AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
UNION ALL
SELECT level, NULL, code, ST_AsBinary(ST_Transform(geom, CAST(:srid AS int)))
FROM wangge.areas
WHERE level = 'community' AND geom IS NOT NULL AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY cell, grid_code, area_code;

-- name: scene_key_places
-- Facilities of the given functions that work on the day.
SELECT source_key AS place_key, name, area_code, grid_code, compound_code,
       ST_AsBinary(ST_Transform(geom, CAST(:srid AS int))) AS geom
FROM wangge.facilities
WHERE function = ANY (CAST(:functions AS text[]))
  AND (status = 'open' OR (status = 'closed' AND closed_on IS NOT NULL))
  AND (opened_on IS NULL OR opened_on <= CAST(:as_of AS date))
  AND (closed_on IS NULL OR closed_on > CAST(:as_of AS date))
ORDER BY source_key;

-- name: view_digests
SELECT camera_key AS camera, min(digest) AS digest FROM wangge.view_fields GROUP BY camera_key;

-- name: forget_views
DELETE FROM wangge.view_fields WHERE camera_key = ANY (CAST(:cameras AS text[]));

-- name: kept_coverage
-- The compounds' rows of an earlier run, to be kept where nothing changed.
SELECT subject_code AS compound, quality, ground.digest, ground.public_m2, ground.seen_m2,
       ground.seen_twice_m2, ground.seen_deeper_m2, ground.seen_all_m2,
       ground.seen_all_twice_m2, ground.seen_measured_m2, ground.seen_potential_m2,
       ground.blind_m2
FROM wangge.video_coverage
JOIN wangge.withheld_video_coverage(CAST(:run_id AS bigint)) AS ground USING (id)
WHERE run_id = CAST(:run_id AS bigint) AND subject_kind = 'compound' AND answer = 'measured'
ORDER BY subject_code, id;

-- name: kept_blind_areas
SELECT compound_code AS compound, area_m2, ST_AsBinary(geom) AS geom
FROM wangge.video_blind_areas WHERE run_id = CAST(:run_id AS bigint) ORDER BY id;

-- name: kept_weak_points
SELECT compound_code AS compound, camera_key, lost_m2
FROM wangge.video_weak_points WHERE run_id = CAST(:run_id AS bigint) ORDER BY id;

-- name: kept_places
SELECT place_key, digest, shares, points
FROM wangge.video_places
WHERE run_id = CAST(:run_id AS bigint) AND shares IS NOT NULL ORDER BY id;

-- name: views_of
-- The fields of one point, or of all; quality and how it looks.
SELECT camera_key, quality, looks, area_m2, assumed, ST_AsBinary(geom) AS geom
FROM wangge.view_fields
WHERE CAST(:camera AS text) IS NULL OR camera_key = CAST(:camera AS text)
ORDER BY camera_key, looks, id;

-- name: coverage_rows
-- Covered ground of one run by level, quality and area; square metres where video may be read.
-- depth_shares: the share that at least 1, 2, 3 ... working points see.
SELECT subject_kind, subject_code, area_code, name, quality, answer, ground.public_m2,
       ground.seen_m2, covered_share, ground.seen_twice_m2,
       ground.seen_twice_m2 / nullif(ground.public_m2, 0) AS twice_share,
       (SELECT jsonb_agg(CAST(m2 AS float8) / nullif(ground.public_m2, 0) ORDER BY k)
        FROM jsonb_array_elements_text(
                 jsonb_build_array(ground.seen_m2, ground.seen_twice_m2) || ground.seen_deeper_m2
             ) WITH ORDINALITY AS by_k (m2, k)) AS depth_shares,
       1 - ground.seen_measured_m2 / nullif(ground.seen_m2, 0) AS assumed_share,
       ground.seen_all_m2, ground.seen_all_twice_m2, ground.seen_measured_m2,
       ground.seen_potential_m2, ground.blind_m2, ground.entrances, ground.entrances_seen,
       ground.street_m, ground.street_seen_m, ground.key_places, ground.key_places_seen,
       met, rule, threshold, reason_zh, reason_en
FROM wangge.video_coverage
LEFT JOIN wangge.withheld_video_coverage(CAST(:run_id AS bigint)) AS ground USING (id)
WHERE run_id = CAST(:run_id AS bigint)
  AND subject_kind = CAST(:level AS text) AND quality = CAST(:quality AS text)
  AND area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:code AS text) IS NULL OR subject_code = CAST(:code AS text))
ORDER BY subject_code
LIMIT CAST(:limit AS int) OFFSET CAST(:offset AS int);

-- name: places
-- The places of one run: kind, compound, seen or not.
SELECT kind, place_key, name, area_code, grid_code, compound_code, length_m, area_m2, seen_share,
       shares, points
FROM wangge.video_places
WHERE run_id = CAST(:run_id AS bigint)
  AND area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:kind AS text) IS NULL OR kind = CAST(:kind AS text))
  AND (CAST(:compound AS text) IS NULL OR compound_code = CAST(:compound AS text))
  AND (CAST(:below AS float8) IS NULL OR seen_share < CAST(:below AS float8))
ORDER BY id;

-- name: weak_points
-- The points of one run whose single failure blinds most, worst first.
SELECT weak.compound_code, weak.area_code, weak.camera_key, weak.lost_m2,
       weak.lost_m2 / nullif(ground.public_m2, 0) AS lost_share
FROM wangge.video_weak_points AS weak
LEFT JOIN wangge.video_coverage AS covered
       ON covered.run_id = weak.run_id AND covered.subject_kind = 'compound'
      AND covered.subject_code = weak.compound_code
      AND covered.quality = CAST(:quality AS text)
LEFT JOIN wangge.withheld_video_coverage(CAST(:run_id AS bigint)) AS ground
       ON ground.id = covered.id
WHERE weak.run_id = CAST(:run_id AS bigint)
  AND weak.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:compound AS text) IS NULL OR weak.compound_code = CAST(:compound AS text))
ORDER BY weak.lost_m2 DESC, weak.id;

-- name: incidents_in_view
-- Incidents in [since, until): all, those in a home field of the given points, those in any field.
WITH home AS (
    SELECT wangge.touching('incidents', ARRAY(
        SELECT geom FROM wangge.view_fields
        WHERE quality = CAST(:quality AS text) AND looks = 'home'
          AND camera_key = ANY (CAST(:cameras AS text[])))) AS id
),
anywhere AS (
    SELECT wangge.touching('incidents', ARRAY(
        SELECT geom FROM wangge.view_fields
        WHERE quality = CAST(:quality AS text)
          AND camera_key = ANY (CAST(:cameras AS text[])))) AS id
)
SELECT count(*) AS incidents, count(home.id) AS assured, count(anywhere.id) AS possible
FROM wangge.incidents AS incident
LEFT JOIN home ON home.id = incident.id
LEFT JOIN anywhere ON anywhere.id = incident.id
WHERE incident.occurred_at >= CAST(:since AS timestamptz)
  AND incident.occurred_at < CAST(:until AS timestamptz)
  AND incident.area_code ^@ CAST(:area_prefix AS text);

-- name: plan_incidents
-- Places of incidents in [since, until) within the box, metres, with how many happened there.
SELECT ST_X(metric.geom) AS x_m, ST_Y(metric.geom) AS y_m, spot.incidents
FROM (
    SELECT geom, count(*) AS incidents
    FROM wangge.incidents
    WHERE occurred_at >= CAST(:since AS timestamptz)
      AND occurred_at < CAST(:until AS timestamptz)
      AND category <> ALL (CAST(:apart AS text[]))
      AND id = ANY (ARRAY(SELECT wangge.in_box('incidents', CAST(:box AS geometry))))
    GROUP BY geom
) AS spot
CROSS JOIN LATERAL (SELECT ST_Transform(spot.geom, CAST(:srid AS int)) AS geom) AS metric
ORDER BY x_m, y_m;
