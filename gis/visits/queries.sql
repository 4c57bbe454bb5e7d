-- Visits and notes: places by code, the list of one account, incidents since a place was last seen.

-- name: place
-- Name, community and a point of one place of today.
SELECT name, area_code, ST_X(point) AS lon, ST_Y(point) AS lat
FROM (
    SELECT 'compound' AS kind, code, name, area_code, ST_PointOnSurface(geom) AS point
    FROM compounds WHERE valid_to IS NULL
    UNION ALL
    SELECT 'facility', source_key, name, area_code, ST_PointOnSurface(geom)
    FROM facilities WHERE geom IS NOT NULL
    UNION ALL
    SELECT 'grid', code, coalesce(name, code), area_code, ST_PointOnSurface(geom)
    FROM grids WHERE valid_to IS NULL
    UNION ALL
    SELECT 'danger', CAST(id AS text), what, area_code, geom FROM dangers
) AS place
WHERE kind = CAST(:place_kind AS text) AND code = CAST(:place_code AS text)
LIMIT 1;

-- name: open_visits
-- The list of one account in walking order.
SELECT id, area_code, place_kind, place_code, name, seq, added_at,
       ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM visits
WHERE owner = CAST(:owner AS text) AND done_at IS NULL
ORDER BY seq, id;

-- name: done_visits
-- What one account visited, newest first.
SELECT place_kind, place_code, name, done_at
FROM visits
WHERE owner = CAST(:owner AS text) AND done_at IS NOT NULL
ORDER BY done_at DESC, id DESC
LIMIT 20;

-- name: incidents_since_visit
-- Incidents per compound since the day anybody last visited it, else since :since; counts only, by
-- a function that reads for those who may see ratings.
WITH asked AS (
    SELECT compound.code, compound.name, compound.area_code, compound.geom,
           (SELECT max(done_at) FROM visits
            WHERE place_kind = 'compound' AND place_code = compound.code) AS visited_at
    FROM compounds AS compound
    WHERE compound.valid_to IS NULL
      AND compound.area_code ^@ CAST(:area_prefix AS text)
)
SELECT asked.code, asked.name, asked.area_code, asked.visited_at, counted.incidents,
       ST_X(ST_PointOnSurface(asked.geom)) AS lon, ST_Y(ST_PointOnSurface(asked.geom)) AS lat
FROM wangge.incidents_since(
    ARRAY(SELECT code FROM asked ORDER BY code),
    ARRAY(SELECT coalesce(visited_at, CAST(:since AS timestamptz)) FROM asked ORDER BY code)
) AS counted
JOIN asked ON asked.code = counted.code
ORDER BY counted.incidents DESC, asked.code
LIMIT CAST(:most AS integer);

-- name: notes
-- Notes below a code prefix, newest first; null :place_code asks for every place.
SELECT id, place_kind, place_code, name, body, written_at, area_code
FROM place_notes
WHERE area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:place_code AS text) IS NULL
       OR (place_kind = CAST(:place_kind AS text) AND place_code = CAST(:place_code AS text)))
ORDER BY written_at DESC, id DESC
LIMIT CAST(:most AS integer);
