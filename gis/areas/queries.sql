-- Divisions and other subjects on one day. A version holds from valid_from to the day before
-- valid_to; ranges of dates are half-open in the same way.

-- name: subjects_on
-- Every division, unified grid and compound of the day with its households: the newest count whose
-- day is not later, or the subject's own figure where that is newer or no count exists. A figure
-- dated after the day is not used: on that day nobody knew it. Nor is that of a grid which has been
-- redrawn since: it speaks of other ground.
WITH counted AS (
    SELECT DISTINCT ON (subject_kind, subject_code)
           subject_kind, subject_code, households, as_of
    FROM wangge.household_counts
    WHERE subject_kind = ANY (CAST(:kinds AS text[]))
      AND as_of <= CAST(:as_of AS date) AND households IS NOT NULL
    ORDER BY subject_kind, subject_code, as_of DESC
),
subject AS (
    SELECT level AS subject_kind, code, area_code, parent_code, name, newly_built,
           households, CAST(NULL AS date) AS own_as_of, CAST(NULL AS geometry) AS ground
    FROM wangge.areas
    WHERE valid_from <= CAST(:as_of AS date)
      AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
    UNION ALL
    SELECT 'grid', code, area_code, area_code, coalesce(name, code), NULL, households, NULL, geom
    FROM wangge.grids
    WHERE network = 'unified'
      AND valid_from <= CAST(:as_of AS date)
      AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
    UNION ALL
    SELECT 'compound', code, area_code, area_code, name, NULL,
           CASE WHEN households_as_of > CAST(:as_of AS date) THEN NULL ELSE households END,
           households_as_of, NULL
    FROM wangge.compounds
    WHERE valid_from <= CAST(:as_of AS date)
      AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
)
SELECT subject.subject_kind,
       subject.code AS subject_code,
       subject.area_code,
       subject.parent_code,
       subject.name,
       subject.newly_built,
       best.households,
       best.households_as_of,
       best.households_source
FROM subject
LEFT JOIN counted
       ON counted.subject_kind = subject.subject_kind AND counted.subject_code = subject.code
      AND NOT (subject.subject_kind = 'grid'
               AND wangge.grid_redrawn_since(subject.code, subject.ground, counted.as_of))
CROSS JOIN LATERAL (
    SELECT subject.households IS NOT NULL
           AND (counted.as_of IS NULL OR subject.own_as_of > counted.as_of) IS TRUE AS own_wins
) AS choice
CROSS JOIN LATERAL (
    SELECT CASE WHEN own_wins THEN subject.households ELSE counted.households END AS households,
           CASE WHEN own_wins THEN subject.own_as_of ELSE counted.as_of END AS households_as_of,
           CASE WHEN own_wins THEN 'register'
                WHEN counted.as_of IS NOT NULL THEN 'count' END AS households_source
) AS best
WHERE subject.subject_kind = ANY (CAST(:kinds AS text[]))
ORDER BY subject.subject_kind, subject.code;

-- name: workers_on
-- Community workers as the register has them on the day; no row where there is no such division.
SELECT workers
FROM wangge.areas
WHERE code = CAST(:code AS text)
  AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date));

-- name: areas_on
-- The divisions of the day with their outlines, null where the register came without.
SELECT level, code, name, parent_code, households, residents, workers, newly_built,
       ST_AsBinary(geom) AS geom
FROM wangge.areas
WHERE valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
  AND level = ANY (CAST(:levels AS text[]))
ORDER BY code;

-- name: first_code
SELECT min(code) FROM areas WHERE level = CAST(:level AS text);

-- name: codes_of_later_days
-- Codes of communities, unified grids or compounds (named by the column that records carry) that have
-- a version after the day, but none on it.
WITH version AS NOT MATERIALIZED (
    SELECT 'area_code' AS carried, code, valid_from, valid_to
    FROM wangge.areas WHERE level = 'community'
    UNION ALL
    SELECT 'grid_code', code, valid_from, valid_to FROM wangge.grids WHERE network = 'unified'
    UNION ALL
    SELECT 'compound_code', code, valid_from, valid_to FROM wangge.compounds
)
SELECT DISTINCT other.code
FROM version AS other
WHERE other.carried = CAST(:carried AS text)
  AND other.valid_from > CAST(:as_of AS date)
  AND NOT EXISTS (
      SELECT FROM version AS own
      WHERE own.carried = CAST(:carried AS text) AND own.code = other.code
        AND own.valid_from <= CAST(:as_of AS date)
        AND (own.valid_to IS NULL OR own.valid_to > CAST(:as_of AS date)))
ORDER BY other.code;

-- name: outlines_of_day
-- Their outlines on the day, in the order in which one of several takes a point.
SELECT code, ST_AsBinary(geom) AS geom
FROM (
    SELECT 'area_code' AS carried, code, valid_from, valid_to, geom
    FROM wangge.areas WHERE level = 'community'
    UNION ALL
    SELECT 'grid_code', code, valid_from, valid_to, geom FROM wangge.grids WHERE network = 'unified'
    UNION ALL
    SELECT 'compound_code', code, valid_from, valid_to, geom FROM wangge.compounds
) AS version
WHERE carried = CAST(:carried AS text) AND geom IS NOT NULL
  AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY code COLLATE "C";

-- name: begins_a_code
-- Of any day: an area that was redrawn is still somebody's. Null where there are no areas.
SELECT CASE WHEN EXISTS (SELECT FROM wangge.areas) THEN EXISTS (
    SELECT FROM wangge.areas WHERE starts_with(code, CAST(:prefix AS text))
) END;
