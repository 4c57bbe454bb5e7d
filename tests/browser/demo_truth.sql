-- What the pages of the demo district should say, asked of the store without the product's queries.
-- counts_<layer>: class and rows; known_<layer>: one record with its key (code), its name and
-- figures under the registry's column names. Parameters: :day, the run ids :rating, :coverage,
-- :rental, :grids, :video, and :since, :until, the 24 months of incidents.

-- name: counts_rating
SELECT colour, count(*) FROM ratings WHERE run_id = :rating GROUP BY 1;

-- name: counts_risk
SELECT colour, count(*) FROM ratings WHERE run_id = :rating GROUP BY 1;

-- name: counts_coverage
SELECT verdict, count(*) FROM coverage_results
WHERE run_id = :coverage AND subject_kind = 'community' GROUP BY 1;

-- name: counts_facilities
SELECT CASE WHEN status <> 'open' THEN status WHEN closed_on <= :day THEN 'closed'
            WHEN opened_on > :day THEN 'planned' ELSE 'open' END, count(*)
FROM facilities GROUP BY 1;

-- name: counts_grids
SELECT coalesce((ARRAY['low', 'within', 'high'])[1 + width_bucket(households, ARRAY[300, 501])],
                'unknown'), count(*)
FROM grids WHERE network = 'unified' AND daterange(valid_from, valid_to) @> CAST(:day AS date)
GROUP BY 1;

-- name: counts_grid_audit
SELECT kind, count(*) FROM grid_findings WHERE run_id = :grids GROUP BY 1;

-- name: counts_rental
SELECT coalesce(width_bucket(rented_per_100, CAST('{0,5,10,20,35,50}' AS float8[]))::text,
                'missing'), count(*)
FROM rental_results WHERE run_id = :rental AND subject_kind = 'compound' GROUP BY 1;

-- name: counts_rental_h3
SELECT coalesce(width_bucket(rented_per_km2, CAST('{0,100,500,1000,2500,5000}' AS float8[]))::text,
                'missing'), count(*)
FROM rental_cells WHERE run_id = :rental AND resolution = 9 GROUP BY 1;

-- name: counts_cameras
WITH newest AS (
    SELECT camera_key, state,
           row_number() OVER (PARTITION BY camera_key ORDER BY observed_at DESC) AS age
    FROM camera_observations
    WHERE CAST(observed_at AT TIME ZONE 'Asia/Shanghai' AS date) <= :day)
SELECT CASE WHEN installed_on > :day THEN 'planned'
            WHEN status IN ('planned', 'repair') THEN status
            ELSE coalesce(state, 'unknown') END, count(*)
FROM cameras LEFT JOIN newest ON camera_key = source_key AND age = 1
WHERE (removed_on IS NULL OR removed_on > :day) AND (status <> 'removed' OR removed_on > :day)
GROUP BY 1;

-- name: counts_video_coverage
SELECT coalesce(width_bucket(100 * ground.seen_m2 / nullif(ground.public_m2, 0),
                             CAST('{0,20,40,60,80,95}' AS float8[]))::text, 'missing'), count(*)
FROM video_coverage JOIN withheld_video_coverage(:video) AS ground USING (id)
WHERE run_id = :video AND subject_kind = 'compound' AND quality = 'detect'
GROUP BY 1;

-- name: counts_view_fields
SELECT CASE looks WHEN 'home' THEN quality ELSE looks END, count(*) FROM view_fields
WHERE looks = 'home' OR quality = 'detect' GROUP BY 1;

-- name: counts_blind_areas
SELECT width_bucket(area_m2, CAST('{0,50,200,1000}' AS float8[]))::text, count(*)
FROM video_blind_areas WHERE run_id = :video GROUP BY 1;

-- name: counts_video_places
SELECT CASE WHEN shares IS NULL THEN 'unknown' WHEN (shares ->> 0)::float8 <= 0 THEN 'dark'
            WHEN kind = 'entrance' OR (shares ->> 0)::float8 >= 1
              OR kind = 'key_place' AND (shares ->> 0)::float8 >= 0.5 THEN 'seen'
            ELSE 'partly' END, count(*)
FROM video_places WHERE run_id = :video GROUP BY 1;

-- name: counts_video_findings
SELECT CASE WHEN kind LIKE 'id~_%' ESCAPE '~' THEN 'id'
            WHEN kind IN ('camera_down', 'repair_overdue') THEN 'working'
            WHEN kind = 'compound_without_camera' THEN 'bare'
            WHEN kind IN ('field_missing', 'view_field_missing') THEN 'field'
            ELSE 'law' END, count(*)
FROM video_findings WHERE run_id = :video GROUP BY 1;

-- name: counts_compounds
SELECT kind, count(*) FROM compounds
WHERE daterange(valid_from, valid_to) @> CAST(:day AS date) GROUP BY 1;

-- name: counts_incidents
SELECT 'incidents', count(*) FROM compounds
WHERE daterange(valid_from, valid_to) @> CAST(:day AS date);

-- name: known_rating
SELECT compound_code AS code, compound_name AS name, observed, expected, relative_risk, reason_zh
FROM ratings WHERE run_id = :rating AND colour = 'red' ORDER BY observed DESC, 1 LIMIT 1;

-- name: known_risk
SELECT compound_code AS code, compound_name AS name, relative_risk, p_red, r.rented_per_100,
       ratings.reason_zh
FROM ratings JOIN rental_results AS r
  ON r.run_id = :rental AND r.subject_kind = 'compound' AND r.subject_code = compound_code
WHERE ratings.run_id = :rating AND r.rented_per_100 > 0
ORDER BY p_red DESC NULLS LAST, 1 LIMIT 1;

-- name: known_coverage
SELECT subject_code AS code, name, m2_per_100_households, required_m2, gap_m2, reason_zh
FROM coverage_results
WHERE run_id = :coverage AND subject_kind = 'community' AND verdict = 'below'
ORDER BY gap_m2 DESC LIMIT 1;

-- name: known_facilities
SELECT source_key AS code, name, floor_area_m2 FROM facilities
WHERE floor_area_m2 IS NOT NULL ORDER BY floor_area_m2 DESC, 1 LIMIT 1;

-- name: known_grids
SELECT code, code AS name, households,
       (SELECT count(*) FROM worker_posts
        WHERE grid_code = code
          AND daterange(on_duty_on, off_duty_on) @> CAST(:day AS date)) AS posts
FROM grids WHERE network = 'unified' ORDER BY households DESC NULLS LAST, 1 LIMIT 1;

-- name: known_grid_audit
SELECT id::text AS code, id::text AS name, area_m2, reason_zh FROM grid_findings
WHERE run_id = :grids AND kind = 'gap' ORDER BY area_m2 DESC LIMIT 1;

-- name: known_rental
SELECT subject_code AS code, name, rented_per_100, rented_dwellings, occupants_per_dwelling
FROM rental_results WHERE run_id = :rental AND subject_kind = 'compound'
ORDER BY rented_dwellings DESC NULLS LAST, 1 LIMIT 1;

-- name: known_rental_h3
SELECT h3 AS code, h3 AS name, rented_per_km2, rented_dwellings FROM rental_cells
WHERE run_id = :rental AND resolution = 9 ORDER BY 4 DESC NULLS LAST, 1 LIMIT 1;

-- name: known_cameras
SELECT c.source_key AS code, c.name, direction_deg,
       (SELECT count(*) FROM incidents AS i
        WHERE ST_DWithin(ST_Transform(i.geom, 4543), ST_Transform(c.geom, 4543), 50)
          AND i.occurred_at >= :since AND i.occurred_at < :until) AS incidents_50m
FROM cameras AS c WHERE status = 'in_use' AND direction_deg IS NOT NULL
ORDER BY 1 LIMIT 1;

-- name: known_video_coverage
SELECT subject_code AS code, name, 100 * ground.seen_m2 / ground.public_m2 AS covered_percent, reason_zh
FROM video_coverage JOIN withheld_video_coverage(:video) AS ground USING (id)
WHERE run_id = :video AND subject_kind = 'compound' AND quality = 'detect'
  AND ground.public_m2 > 0 ORDER BY ground.seen_m2 DESC, 1 LIMIT 1;

-- name: known_view_fields
SELECT camera_key || ':home:detect' AS code, camera_key AS name, area_m2 FROM view_fields
WHERE looks = 'home' AND quality = 'detect' ORDER BY area_m2, 1 LIMIT 1;

-- name: known_blind_areas
SELECT id::text AS code, coalesce(nearest, compound_code) AS name, area_m2
FROM video_blind_areas WHERE run_id = :video ORDER BY area_m2 DESC LIMIT 1;

-- name: known_video_places
SELECT id::text AS code, coalesce(name, place_key) AS name,
       100 * (shares ->> 0)::float8 AS seen_percent, length_m, points
FROM video_places WHERE run_id = :video AND kind = 'street' AND (shares ->> 0)::float8 > 0.2
ORDER BY length_m DESC LIMIT 1;

-- name: known_video_findings
SELECT f.id::text AS code, c.name, f.reason_zh FROM video_findings AS f
JOIN cameras AS c ON c.source_key = f.camera_key
WHERE run_id = :video AND f.kind = 'forbidden_place' ORDER BY f.id LIMIT 1;

-- name: known_compounds
SELECT code, name, buildings, dwellings FROM compounds ORDER BY dwellings DESC NULLS LAST, 1 LIMIT 1;

-- name: known_incidents
SELECT c.code, c.name, count(*) AS incidents
FROM compounds AS c JOIN incidents AS i ON i.compound_code = c.code
WHERE i.occurred_at >= :since AND i.occurred_at < :until
GROUP BY c.code, c.name ORDER BY 3 DESC, 1 LIMIT 1;
