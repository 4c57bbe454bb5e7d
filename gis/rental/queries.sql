-- Rental density (REN-1, REN-2): let dwellings and the ground they are counted on, on one day.

-- name: let_dwellings
-- Dwellings let on the day, one row per place: registered by then (or undated), not ended.
-- Dwellings of one building often share a point, so the rows are fewer than the dwellings. In no
-- order: they are summed up at once, and half a million rows take longer to sort than to read.
-- A letting is suspected to be a group one by either measure; both need the number of people.
SELECT area_code,
       grid_code,
       compound_code,
       ST_X(geom) AS lon,
       ST_Y(geom) AS lat,
       count(*) AS rented,
       coalesce(sum(occupants), 0) AS occupants,
       count(occupants) AS counted,
       coalesce(sum(floating_occupants) FILTER (WHERE occupants IS NOT NULL), 0) AS floating,
       coalesce(sum(occupants) FILTER (WHERE floating_occupants IS NOT NULL), 0) AS floating_of,
       count(*) FILTER (
           WHERE usable_m2 / nullif(occupants, 0) < CAST(:min_m2_per_person AS float8)
              OR occupants / CAST(nullif(rooms, 0) AS float8)
                 > CAST(:max_persons_per_room AS float8)
       ) AS suspected
FROM wangge.dwellings
WHERE (registered_on IS NULL OR registered_on <= CAST(:as_of AS date))
  AND (ended_on IS NULL OR ended_on > CAST(:as_of AS date))
GROUP BY area_code, grid_code, compound_code, ST_X(geom), ST_Y(geom);

-- name: housing
-- Dwellings of buildings, one row per building at the point where it was placed (and where lettings placed by their
-- building are); without a number where people may live and nobody said how many dwellings there are.
SELECT ST_X(spot) AS lon, ST_Y(spot) AS lat, dwellings
FROM (
    SELECT ST_PointOnSurface(geom) AS spot, dwellings FROM wangge.buildings
    WHERE dwellings IS NOT NULL OR use IS NULL OR use IN ('residential', 'mixed')
) AS building;

-- name: any_dwelling
-- Whether single lettings are registered at all; without a register no letting is not zero.
SELECT EXISTS (SELECT FROM wangge.dwellings) AS registered;

-- name: compounds_on
-- Compounds of the day: kind, ground in m² (in the district's SRID, as the import measured it) and each count in its
-- newest version, be it the compound's own or a dated one, never one from after the day: the compound's own number wins
-- where it is known on the day and newer than the newest dated one. Its dwellings stand whatever day its households are of.
-- Residents and floating residents are taken together, from one record.
WITH dated AS MATERIALIZED (
    SELECT subject_code, as_of, dwellings, households, rented_dwellings, residents,
           floating_residents
    FROM wangge.whole_household_counts
    WHERE subject_kind = 'compound' AND as_of <= CAST(:as_of AS date)
), housing AS (
    SELECT DISTINCT ON (subject_code) subject_code, as_of, dwellings
    FROM dated WHERE dwellings IS NOT NULL ORDER BY subject_code, as_of DESC
), homes AS (
    SELECT DISTINCT ON (subject_code) subject_code, as_of, households
    FROM dated WHERE households IS NOT NULL ORDER BY subject_code, as_of DESC
), letting AS (
    SELECT DISTINCT ON (subject_code) subject_code, as_of, rented_dwellings
    FROM dated WHERE rented_dwellings IS NOT NULL ORDER BY subject_code, as_of DESC
), people AS (
    SELECT DISTINCT ON (subject_code) subject_code, as_of, residents, floating_residents
    FROM dated WHERE residents IS NOT NULL AND floating_residents IS NOT NULL
    ORDER BY subject_code, as_of DESC
)
SELECT compound.code AS compound,
       compound.name,
       compound.kind,
       compound.area_code,
       compound.grid_code,
       CASE WHEN compound.ground_srid = CAST(:srid AS int) THEN compound.ground_m2
            ELSE ST_Area(ST_Transform(compound.geom, CAST(:srid AS int))) END AS ground_m2,
       CASE WHEN own.dwellings IS NULL OR housing.as_of >= own.as_of THEN housing.dwellings
            ELSE own.dwellings END AS dwellings,
       CASE WHEN own.households IS NULL OR homes.as_of >= own.as_of THEN homes.households
            ELSE own.households END AS households,
       CASE WHEN own.rented_dwellings IS NULL OR letting.as_of >= own.as_of
            THEN letting.rented_dwellings ELSE own.rented_dwellings END AS stated_rented,
       CASE WHEN counted_people THEN people.residents ELSE own.residents END AS residents,
       CASE WHEN counted_people THEN people.floating_residents
            ELSE own.floating_residents END AS floating_residents
FROM wangge.whole_compounds AS compound
CROSS JOIN LATERAL (
    SELECT compound.dwellings,
           CASE WHEN timely THEN compound.households END AS households,
           CASE WHEN timely THEN compound.rented_dwellings END AS rented_dwellings,
           CASE WHEN timely THEN compound.residents END AS residents,
           CASE WHEN timely THEN compound.floating_residents END AS floating_residents,
           CASE WHEN timely THEN coalesce(compound.households_as_of, CAST('-infinity' AS date))
                ELSE CAST('-infinity' AS date) END AS as_of
    FROM (SELECT (compound.households_as_of > CAST(:as_of AS date)) IS NOT TRUE) AS day (timely)
) AS own
LEFT JOIN housing ON housing.subject_code = compound.code
LEFT JOIN homes ON homes.subject_code = compound.code
LEFT JOIN letting ON letting.subject_code = compound.code
LEFT JOIN people ON people.subject_code = compound.code
CROSS JOIN LATERAL (
    SELECT people.as_of IS NOT NULL
           AND (own.residents IS NULL OR own.floating_residents IS NULL
                OR people.as_of >= own.as_of) AS counted_people
) AS choice
WHERE compound.valid_from <= CAST(:as_of AS date)
  AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
ORDER BY compound.code;

-- name: grounds
-- Outlines of some compounds of the day.
SELECT code AS compound, ST_AsBinary(geom) AS geom
FROM wangge.whole_compounds
WHERE code = ANY (CAST(:codes AS text[]))
  AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY code;

-- name: dwellings_counted
-- The newest dated number of dwellings of divisions and grids, unless the grid was redrawn since.
SELECT subject_kind, subject_code, dwellings
FROM (
    SELECT DISTINCT ON (subject_kind, subject_code) subject_kind, subject_code, dwellings, as_of
    FROM wangge.household_counts
    WHERE as_of <= CAST(:as_of AS date)
      AND dwellings IS NOT NULL
      AND subject_kind <> 'compound'
    ORDER BY subject_kind, subject_code, as_of DESC
) AS counted
WHERE NOT (subject_kind = 'grid' AND EXISTS (
    SELECT FROM wangge.grids
    WHERE network = 'unified' AND code = subject_code
      AND valid_from <= CAST(:as_of AS date)
      AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
      AND wangge.grid_redrawn_since(code, geom, counted.as_of)))
ORDER BY subject_kind, subject_code;
