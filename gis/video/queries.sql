-- Video inventory (VID-1, VID-2): the points of one day, and what surrounds each of them.

-- name: cameras_on
-- Every video point as it was on the day, with its newest observation not after it: the one that is
-- kept, unless that is later than the day. The status
-- follows the dates where they say more: not yet installed is planned, removed later was in use.
-- until is the first instant after the day in the district's time zone.
SELECT camera.source_key AS camera,
       camera.area_code,
       camera.grid_code,
       camera.compound_code,
       camera.name,
       camera.gb28181_id,
       camera.point_class,
       camera.kind,
       camera.owner_unit,
       camera.place_kind,
       camera.legal_basis,
       camera.filed_on,
       camera.sign_present,
       camera.retention_days,
       camera.installed_on,
       camera.removed_on,
       camera.contact_unit IS NOT NULL AS has_contact,
       camera.installed_on IS NOT NULL AS has_installed,
       camera.retention_days IS NOT NULL AS has_retention,
       (camera.direction_deg IS NOT NULL OR coalesce(camera.omnidirectional, false))
           AS has_direction,
       camera.height_m IS NOT NULL AS has_height,
       CASE WHEN length(camera.area_code) > 6 THEN left(camera.area_code, 6)  -- its community's
            ELSE held.code END AS county,
       wangge.camera_status_on(camera.status, camera.installed_on, camera.removed_on,
                               CAST(:as_of AS date)) AS status,
       coalesce(known.state, 'unknown') AS observed,
       failed.since AS down_since
FROM wangge.cameras AS camera
LEFT JOIN wangge.camera_states AS newest ON newest.camera_key = camera.source_key
CROSS JOIN LATERAL wangge.camera_state_before(
    camera.source_key, newest.state, newest.observed_at, CAST(:until AS timestamptz)) AS known
LEFT JOIN LATERAL (  -- in no community: the district on whose ground it stands, if one is drawn
    SELECT area.code FROM wangge.areas AS area
    WHERE length(camera.area_code) <= 6 AND area.level = 'district'
      AND area.valid_from <= CAST(:as_of AS date)
      AND (area.valid_to IS NULL OR area.valid_to > CAST(:as_of AS date))
      AND ST_Intersects(area.geom, camera.geom)
    ORDER BY area.code LIMIT 1
) AS held ON true
CROSS JOIN LATERAL (  -- the first failure after the last time the point worked; what works has none
    SELECT min(failure.observed_at) AS since
    FROM wangge.camera_observations AS failure
    WHERE (newest.state <> 'working' OR newest.observed_at >= CAST(:until AS timestamptz))
      AND failure.camera_key = camera.source_key
      AND failure.state = 'down' AND failure.observed_at < CAST(:until AS timestamptz)
      AND failure.observed_at > coalesce((
          SELECT max(fine.observed_at) FROM wangge.camera_observations AS fine
          WHERE fine.camera_key = camera.source_key AND fine.state = 'working'
            AND fine.observed_at < CAST(:until AS timestamptz)), '-infinity')
) AS failed
ORDER BY camera.source_key;

-- name: outlined_counties
-- Districts of the day whose outline is known.
SELECT code AS county FROM wangge.areas
WHERE level = 'district' AND geom IS NOT NULL
  AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY code;

-- name: register
-- The whole register with every stored field, removed points included; position in degrees.
SELECT source_key AS key, gb28181_id, name, area_code, point_class, kind, status, owner_unit,
       management_unit, org_code, contact_unit, place_kind, capture_position, capture_direction, mount, indoor, networked, function_type, address,
       model, aim,
       direction_deg, omnidirectional, horizontal_fov_deg, vertical_fov_deg, tilt_deg, height_m,
       max_distance_m, focal_mm, focal_min_mm, focal_max_mm, sensor_width_mm, width_px, height_px, light, imaging,
       security_level, installed_on, removed_on, retention_days, legal_basis, filed_on, filing_no,
       sign_present, consent_needed, ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM wangge.cameras
WHERE area_code ^@ CAST(:area_prefix AS text)
ORDER BY source_key;

-- name: points
-- The inventory, removed points included; position in degrees.
SELECT source_key AS camera, gb28181_id, name, area_code, grid_code, compound_code, point_class,
       kind, status, owner_unit, place_kind, direction_deg, height_m, installed_on, removed_on,
       retention_days, legal_basis, filed_on, sign_present, ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM wangge.cameras
WHERE area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:point_class AS text) IS NULL OR point_class = CAST(:point_class AS text))
  AND (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
  AND (CAST(:owner AS text) IS NULL OR owner_unit = CAST(:owner AS text))
  AND (CAST(:compound AS text) IS NULL OR compound_code = CAST(:compound AS text))
ORDER BY source_key;

-- name: private_places
-- Outlines of the given kinds.
SELECT source_key AS place, kind, name, area_code, ST_AsBinary(geom) AS geom
FROM wangge.private_places
WHERE kind = ANY (CAST(:kinds AS text[]))
ORDER BY source_key;

-- name: points_in_private_places
-- Points that stand inside an outline of the given kinds: camera, place.
SELECT camera.source_key AS camera, place.source_key AS place, place.kind, place.name AS place_name
FROM wangge.private_places AS place
JOIN wangge.cameras AS camera ON ST_Intersects(place.geom, camera.geom)
WHERE place.kind = ANY (CAST(:kinds AS text[]))
  AND camera.id = ANY (ARRAY(SELECT wangge.touching('cameras', ARRAY(
          SELECT geom FROM wangge.private_places
          WHERE kind = ANY (CAST(:kinds AS text[]))))))
ORDER BY camera.source_key, place.source_key;

-- name: states_between
-- Each point's newest state before since and, where it was not working then, the beginning of that
-- failure; and every observation in [since, until).
WITH before AS (
    SELECT DISTINCT ON (camera_key) camera_key, observed_at, state
    FROM wangge.camera_observations
    WHERE observed_at < CAST(:since AS timestamptz)
    ORDER BY camera_key DESC, observed_at DESC
)
SELECT camera_key AS camera, observed_at, state FROM before
UNION
SELECT failure.camera_key, min(failure.observed_at), 'down'
FROM before
JOIN wangge.camera_observations AS failure ON failure.camera_key = before.camera_key
WHERE before.state <> 'working' AND failure.state = 'down'
  AND failure.observed_at < CAST(:since AS timestamptz)
  AND failure.observed_at > coalesce((
      SELECT max(fine.observed_at) FROM wangge.camera_observations AS fine
      WHERE fine.camera_key = before.camera_key AND fine.state = 'working'
        AND fine.observed_at < CAST(:since AS timestamptz)), '-infinity')
GROUP BY failure.camera_key
UNION ALL
SELECT camera_key, observed_at, state
FROM wangge.camera_observations
WHERE observed_at >= CAST(:since AS timestamptz) AND observed_at < CAST(:until AS timestamptz)
ORDER BY camera, observed_at;

-- name: findings
-- Findings of a run in the order they were written.
SELECT area_code, kind, rule, camera_key, compound_code, since, reason_zh, reason_en
FROM wangge.video_findings
WHERE run_id = CAST(:run_id AS bigint)
  AND area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:kind AS text) IS NULL OR kind = CAST(:kind AS text))
  AND (CAST(:camera AS text) IS NULL OR camera_key = CAST(:camera AS text))
ORDER BY id;

-- name: camera_area
-- Where a point is registered; no row where there is none.
SELECT area_code FROM wangge.cameras WHERE source_key = CAST(:camera AS text);

-- name: observation_on
-- What was noted of a point at one instant.
SELECT state, cause FROM wangge.camera_observations
WHERE camera_key = CAST(:camera AS text) AND observed_at = CAST(:observed_at AS timestamptz);

-- name: observe
-- One observation; a second one of the same instant corrects the first.
INSERT INTO wangge.camera_observations
    (area_code, source_key, import_id, camera_key, observed_at, state, cause)
VALUES (:area_code,
        concat_ws('@', CAST(:camera AS text),  -- as an import writes it: file and POST meet
                  to_char(timezone('UTC', CAST(:observed_at AS timestamptz)),
                          'YYYY-MM-DD"T"HH24:MI:SS.US')),
        :import_id, CAST(:camera AS text), CAST(:observed_at AS timestamptz), :state,
        CAST(:cause AS text))
ON CONFLICT (camera_key, observed_at)
DO UPDATE SET state = excluded.state, cause = excluded.cause, import_id = excluded.import_id;

-- name: compounds_on
-- Compounds of the day, to find those without a camera.
SELECT code AS compound, name, area_code, grid_code
FROM wangge.compounds
WHERE valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY code;

-- name: camera_context
-- Each point that stands on the day with its grid, its compound, that compound's colour in the
-- given rating run, the incidents around it in [since, until) and the rental density of its
-- compound, else of the H3 cell that it stands in, in the given rental run. Distances are metres in the given SRID.
-- Incidents are found by equality of square buckets as wide as the radius (the point's own and
-- the eight around it), so the join is a hash join and needs no spatial index; within a bucket
-- the distance decides.
WITH point AS MATERIALIZED (
    SELECT camera.*,
           wangge.camera_status_on(camera.status, camera.installed_on, camera.removed_on,
                                   CAST(:as_of AS date)) AS status_on,
           ST_X(metric.geom) AS x_m,
           ST_Y(metric.geom) AS y_m
    FROM wangge.cameras AS camera
    CROSS JOIN LATERAL (SELECT ST_Transform(camera.geom, CAST(:srid AS int)) AS geom) AS metric
    WHERE camera.area_code ^@ CAST(:area_prefix AS text)
      AND (CAST(:key AS text) IS NULL OR camera.source_key = CAST(:key AS text))
      AND (CAST(:box AS text) IS NULL
           OR camera.id = ANY (ARRAY(SELECT wangge.in_box('cameras', CAST(:box AS geometry)))))
),
ground AS (  -- round all points; a degree of longitude is 10 km or more up to 84 degrees of latitude
    SELECT ST_Expand(ST_SetSRID(CAST(ST_Extent(geom) AS geometry), 4326),
                     CAST(:radius_m AS float8) / 10000) AS box
    FROM point
),
spot AS MATERIALIZED (  -- registers snap incidents to places: one row per place, not per incident
    SELECT geom, count(*) AS incidents
    FROM wangge.incidents
    WHERE occurred_at >= CAST(:since AS timestamptz)
      AND occurred_at < CAST(:until AS timestamptz)
      AND (CAST(:key AS text) IS NULL AND CAST(:box AS text) IS NULL  -- all points: all incidents
           OR id = ANY (ARRAY(SELECT wangge.in_box('incidents', (SELECT box FROM ground)))))
    GROUP BY geom
),
happened AS MATERIALIZED (
    SELECT ST_X(metric.geom) AS x_m, ST_Y(metric.geom) AS y_m, spot.incidents,
           floor(ST_X(metric.geom) / CAST(:radius_m AS float8)) * 1e8
               + floor(ST_Y(metric.geom) / CAST(:radius_m AS float8)) AS bucket
    FROM spot
    CROSS JOIN LATERAL (SELECT ST_Transform(spot.geom, CAST(:srid AS int)) AS geom) AS metric
),
around AS (
    SELECT point.id, sum(happened.incidents)::bigint AS incidents
    FROM point
    CROSS JOIN generate_series(-1, 1) AS east (step)
    CROSS JOIN generate_series(-1, 1) AS north (step)
    JOIN happened  -- one key for both axes: the planner would hash the first of two alone
      ON happened.bucket
         = (floor(point.x_m / CAST(:radius_m AS float8)) + east.step) * 1e8
           + floor(point.y_m / CAST(:radius_m AS float8)) + north.step
    WHERE power(happened.x_m - point.x_m, 2) + power(happened.y_m - point.y_m, 2)
          <= power(CAST(:radius_m AS float8), 2)
    GROUP BY point.id
),
cell AS MATERIALIZED (  -- H3 cells of resolution 9, else the next to it, in buckets of 0.01 degrees
    SELECT one.*, east.step * 1e6 + north.step AS bucket
    FROM wangge.rental_cells AS one
    CROSS JOIN LATERAL generate_series(floor(ST_XMin(one.geom) * 100)::bigint,
                                       floor(ST_XMax(one.geom) * 100)::bigint) AS east (step)
    CROSS JOIN LATERAL generate_series(floor(ST_YMin(one.geom) * 100)::bigint,
                                       floor(ST_YMax(one.geom) * 100)::bigint) AS north (step)
    WHERE one.run_id = CAST(:rental_run_id AS bigint)
      AND one.resolution = (SELECT resolution FROM wangge.rental_cells
                            WHERE run_id = CAST(:rental_run_id AS bigint)
                            ORDER BY abs(resolution - 9) LIMIT 1)
),
near AS MATERIALIZED (  -- by bucket first: every point against every cell is a minute in a city
    SELECT point.id, point.geom, cell.h3, cell.geom AS ground, cell.rented_per_100,
           cell.rented_per_km2, cell.suppressed
    FROM point
    JOIN cell ON cell.bucket = floor(ST_X(point.geom) * 100) * 1e6 + floor(ST_Y(point.geom) * 100)
    WHERE point.compound_code IS NULL
),
beside AS (  -- round a point on the street: the cell that it stands in
    SELECT DISTINCT ON (id) id, h3, rented_per_100, rented_per_km2, suppressed
    FROM near
    WHERE ST_Covers(ground, geom)
    ORDER BY id, h3
),
seen AS (
    SELECT point.source_key AS camera_key,
           known.state
    FROM point
    JOIN wangge.camera_states AS newest ON newest.camera_key = point.source_key
    CROSS JOIN LATERAL wangge.camera_state_before(
        point.source_key, newest.state, newest.observed_at, CAST(:until AS timestamptz)) AS known
),
told AS MATERIALIZED (  -- sorted when it is whole: for the order alone the planner would nest loops
    SELECT point.source_key AS code,
           point.name,
           point.area_code,
           point.gb28181_id,
           point.point_class,
           point.kind,
           CASE WHEN point.status_on IN ('planned', 'repair') THEN point.status_on
                ELSE coalesce(seen.state, 'unknown') END AS state,
           point.owner_unit,
           point.direction_deg,
           point.grid_code,
           point.compound_code,
           compound.name AS compound_name,
           rating.colour AS compound_colour,
           CASE WHEN (SELECT wangge.holds('{incidents:read}'))  -- else nobody's count, not none
                THEN coalesce(around.incidents, 0) END AS incidents_50m,
           coalesce(rental.subject_code, beside.h3) AS rental_of,
           coalesce(rental.rented_per_100, beside.rented_per_100) AS rented_per_100,
           coalesce(rental.rented_per_km2, beside.rented_per_km2) AS rented_per_km2,
           coalesce(rental.suppressed, beside.suppressed, false) AS rental_suppressed,
           ST_AsBinary(point.geom) AS geom
    FROM point
    LEFT JOIN seen ON seen.camera_key = point.source_key
    LEFT JOIN around ON around.id = point.id
    LEFT JOIN wangge.compounds AS compound
           ON compound.code = point.compound_code
          AND compound.valid_from <= CAST(:as_of AS date)
          AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
    LEFT JOIN wangge.shown_ratings AS rating
           ON rating.run_id = CAST(:rating_run_id AS bigint)
          AND rating.compound_code = point.compound_code
    LEFT JOIN wangge.rental_results AS rental
           ON rental.run_id = CAST(:rental_run_id AS bigint)
          AND rental.subject_kind = 'compound'
          AND rental.subject_code = point.compound_code
    LEFT JOIN beside ON beside.id = point.id
    WHERE point.status_on <> 'removed'
)
SELECT * FROM told ORDER BY code;
