-- The facility register (FAC-5) on one day.

-- name: facilities_on
-- is_open says whether the facility worked on the day: open since an opening day that is stated or
-- not, or closed on a later day. Planned and suspended ones never count, nor do closed ones that do
-- not say since when. The footprint is measured only where it is needed.
-- A neighbour's facility that is shared with the user's areas is one of them, without its grid.
SELECT source_key AS facility,
       name, area_code, grid_code, function, provision, ownership, status,
       floor_area_m2, storeys,
       (status = 'open' OR (status = 'closed' AND closed_on IS NOT NULL))
           AND (opened_on IS NULL OR opened_on <= CAST(:as_of AS date))
           AND (closed_on IS NULL OR closed_on > CAST(:as_of AS date)) AS is_open,
       footprint_m2, ST_X(spot) AS lon, ST_Y(spot) AS lat
FROM (
    SELECT source_key, name, area_code, grid_code, function, provision, ownership, status,
           floor_area_m2, storeys, opened_on, closed_on, ST_PointOnSurface(geom) AS spot,
           CASE WHEN floor_area_m2 IS NULL AND ST_Dimension(geom) = 2
                THEN ST_Area(ST_Transform(geom, CAST(:srid AS integer))) END AS footprint_m2
    FROM wangge.facilities
    UNION ALL
    SELECT source_key, name, area_code, NULL, function, provision, ownership, status,
           floor_area_m2, storeys, opened_on, closed_on, NULL, footprint_m2
    FROM wangge.shared_by_neighbours(CAST(:srid AS integer))
) AS register
ORDER BY source_key;

-- name: shares
-- Every part of a facility that stands in the user's areas or is shared with them.
SELECT facility, area_code, share FROM wangge.shares_in_reach() ORDER BY facility, area_code;

-- name: ground_of
-- What the checks of a drawn shape (EWKT, EPSG:4326) need: its size and the part of it outside the
-- communities, both in m² of :srid, null for a point, the latter null also where no community with an
-- outline is near; and a point on it in degrees.
WITH drawn AS (
    SELECT ST_GeomFromEWKT(CAST(:geom AS text)) AS geom
), held AS (
    SELECT ST_Union(areas.geom) AS geom
    FROM areas, drawn
    WHERE areas.level = 'community' AND areas.valid_to IS NULL AND areas.geom && drawn.geom
)
SELECT CASE WHEN ST_Dimension(drawn.geom) = 2
            THEN ST_Area(ST_Transform(drawn.geom, CAST(:srid AS integer))) END AS footprint_m2,
       CASE WHEN ST_Dimension(drawn.geom) = 2 AND held.geom IS NOT NULL
            THEN ST_Area(ST_Transform(ST_Difference(drawn.geom, held.geom),
                                      CAST(:srid AS integer))) END AS outside_m2,
       ST_X(ST_PointOnSurface(drawn.geom)) AS lon, ST_Y(ST_PointOnSurface(drawn.geom)) AS lat
FROM drawn CROSS JOIN held;

-- name: overlapping
-- Facilities in use whose outline shares ground with a drawn one, the largest piece first.
WITH drawn AS (
    SELECT ST_GeomFromEWKT(CAST(:geom AS text)) AS geom
)
SELECT facilities.source_key, facilities.name,
       ST_Area(ST_Transform(ST_Intersection(facilities.geom, drawn.geom),
                            CAST(:srid AS integer))) AS shared_m2
FROM facilities, drawn
WHERE facilities.geom && drawn.geom AND ST_Dimension(facilities.geom) = 2
  AND ST_Dimension(drawn.geom) = 2 AND ST_Intersects(facilities.geom, drawn.geom)
  AND facilities.source_key IS DISTINCT FROM CAST(:facility AS text)
  AND facilities.status <> 'closed'
ORDER BY shared_m2 DESC
LIMIT 5;
