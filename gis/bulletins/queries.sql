-- What a community's monthly page is made of, and the pages that were published.

-- name: incidents
-- Incidents of the month that lie in the communities, by category and place; compounds or not.
SELECT area_code, category AS name, ST_X(geom) AS lon, ST_Y(geom) AS lat, count(*) AS times
FROM wangge.incidents
WHERE area_code = ANY (CAST(:codes AS text[]))
  AND occurred_at >= CAST(:start AS timestamptz)
  AND occurred_at < CAST(:end AS timestamptz)
GROUP BY area_code, category, lon, lat;

-- name: colours
-- Published colours of the community's compounds.
SELECT colour, count(*) AS compounds
FROM wangge.published_ratings
WHERE cycle_id = CAST(:cycle_id AS bigint) AND area_code = CAST(:area_code AS text)
GROUP BY colour;

-- name: coverage
-- as_of is text: the page keeps plain JSON.
SELECT result.verdict, result.households, result.floor_area_m2, result.m2_per_100_households,
       result.required_m2, result.gap_m2, result.rule, result.reason_zh, result.reason_en,
       CAST(run.as_of AS text) AS as_of
FROM wangge.coverage_results AS result
JOIN wangge.runs AS run ON run.id = result.run_id
WHERE result.run_id = CAST(:run_id AS bigint)
  AND result.subject_kind = 'community' AND result.subject_code = CAST(:area_code AS text);

-- name: facilities
-- Facilities open on the day, by function and place; one that closed later was open (as
-- gis.facilities says).
SELECT area_code, function AS name, ST_X(ST_PointOnSurface(geom)) AS lon,
       ST_Y(ST_PointOnSurface(geom)) AS lat, count(*) AS times
FROM wangge.facilities
WHERE area_code = ANY (CAST(:codes AS text[]))
  AND (status = 'open' OR (status = 'closed' AND closed_on IS NOT NULL))
  AND (opened_on IS NULL OR opened_on <= CAST(:as_of AS date))
  AND (closed_on IS NULL OR closed_on > CAST(:as_of AS date))
GROUP BY area_code, function, lon, lat;

-- name: next_revision
SELECT coalesce(max(revision), 0) + 1
FROM wangge.bulletins
WHERE area_code = CAST(:area_code AS text) AND month = CAST(:month AS text);

-- name: newest
-- The newest page of a community: of one month, or of its last month.
SELECT id
FROM wangge.bulletins
WHERE area_code = CAST(:area_code AS text)
  AND (CAST(:month AS text) IS NULL OR month = CAST(:month AS text))
ORDER BY month DESC, revision DESC
LIMIT 1;

-- name: months
SELECT DISTINCT month
FROM wangge.bulletins
WHERE area_code = CAST(:area_code AS text)
ORDER BY month DESC;
