-- Counts of one day, without verdicts: the import has assigned every record, so each question is
-- a GROUP BY over codes. What would have to be read again and again is kept at write time:
-- lettings without an end, the newest state of each video point, the ground of each compound.

-- name: floor_area_by_community
-- Facility area that FAC-1 counts (shared facilities by share) and its ratio per 100 households.
WITH counted AS (
    SELECT id, area_code,
           coalesce(floor_area_m2, CASE WHEN ST_Dimension(geom) = 2
               THEN ST_Area(ST_Transform(geom, CAST(:srid AS int)))
                    * greatest(coalesce(storeys, 1), 1) END, 0) AS area_m2
    FROM wangge.facilities
    WHERE (status = 'open' OR (status = 'closed' AND closed_on IS NOT NULL))
      AND (opened_on IS NULL OR opened_on <= CAST(:as_of AS date))
      AND (closed_on IS NULL OR closed_on > CAST(:as_of AS date))
      AND function = ANY (CAST(:functions AS text[]))
), part AS (
    SELECT area_code, area_m2 FROM counted
    UNION ALL
    SELECT moved.code, moved.sign * share * area_m2
    FROM counted JOIN wangge.facility_shares AS given ON given.facility_id = counted.id
    CROSS JOIN LATERAL (VALUES (given.area_code, 1), (counted.area_code, -1)) AS moved (code, sign)
), placed AS (
    SELECT area_code AS code, sum(area_m2) AS area_m2 FROM part GROUP BY area_code
), newest AS (
    SELECT DISTINCT ON (subject_code) subject_code AS code, households
    FROM wangge.household_counts
    WHERE subject_kind = 'community' AND as_of <= CAST(:as_of AS date) AND households IS NOT NULL
    ORDER BY subject_code, as_of DESC
)
SELECT area.code, coalesce(area_m2, 0) AS floor_area_m2,
       100 * coalesce(area_m2, 0) / nullif(coalesce(newest.households, area.households), 0)
           AS m2_per_100_households
FROM wangge.areas AS area
LEFT JOIN placed ON placed.code = area.code
LEFT JOIN newest ON newest.code = area.code
WHERE area.level = 'community'
  AND area.valid_from <= CAST(:as_of AS date)
  AND (area.valid_to IS NULL OR area.valid_to > CAST(:as_of AS date))
ORDER BY area.code;

-- name: incidents_by_compound
-- Incidents of the window by compound and category; the index on incidents in compounds holds all
-- that is asked, in the order that is asked for.
SELECT compound_code AS code, category, count(*) AS incidents
FROM wangge.incidents
WHERE compound_code IS NOT NULL
  AND occurred_at >= CAST(:start AS timestamptz)
  AND occurred_at < CAST(:end AS timestamptz)
GROUP BY compound_code, category;

-- name: lettings_by_compound
-- Dwellings let on the day and their people: the lettings without an end that are kept, less those
-- registered after the day, and those that ended after it.
WITH part AS (
    SELECT compound_code, lettings, occupants FROM wangge.standing_lettings
    UNION ALL
    SELECT compound_code, -1, -coalesce(occupants, 0) FROM wangge.dwellings
    WHERE compound_code IS NOT NULL AND ended_on IS NULL AND registered_on > CAST(:as_of AS date)
    UNION ALL
    SELECT compound_code, 1, coalesce(occupants, 0) FROM wangge.dwellings
    WHERE compound_code IS NOT NULL AND ended_on > CAST(:as_of AS date)
      AND (registered_on IS NULL OR registered_on <= CAST(:as_of AS date))
), let AS (
    SELECT compound_code AS code, CAST(sum(lettings) AS bigint) AS rented,
           CAST(sum(occupants) AS bigint) AS occupants
    FROM part GROUP BY compound_code
)
SELECT compound.code, coalesce(rented, 0) AS rented_dwellings,
       coalesce(occupants, 0) AS occupants,
       coalesce(rented, 0) * 1e6
           / CASE WHEN compound.ground_srid = CAST(:srid AS int) THEN compound.ground_m2
                  ELSE ST_Area(ST_Transform(compound.geom, CAST(:srid AS int))) END
           AS rented_per_km2
FROM wangge.compounds AS compound LEFT JOIN let ON let.code = compound.code
WHERE compound.valid_from <= CAST(:as_of AS date)
  AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date));

-- name: cameras_by_compound
-- Video points that stand, those in use and those of them whose newest state up to the day is
-- working; compounds with any point. Status and state as in the inventory (gis.video, cameras_on).
WITH point AS (
    SELECT source_key, compound_code AS code,
           wangge.camera_status_on(status, installed_on, removed_on, CAST(:as_of AS date)) AS status
    FROM wangge.cameras
    WHERE compound_code IS NOT NULL
)
SELECT point.code,
       count(*) FILTER (WHERE status NOT IN ('planned', 'removed')) AS cameras,
       count(*) FILTER (WHERE status = 'in_use') AS in_use,
       count(*) FILTER (WHERE status = 'in_use' AND known.state = 'working') AS working
FROM point LEFT JOIN wangge.camera_states AS newest ON newest.camera_key = point.source_key
CROSS JOIN LATERAL wangge.camera_state_before(
    point.source_key, newest.state, newest.observed_at, CAST(:until AS timestamptz)) AS known
GROUP BY point.code;
