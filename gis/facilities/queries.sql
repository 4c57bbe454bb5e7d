-- The facility register (FAC-5) on one day.

-- name: facilities_on
-- is_open says whether the facility worked on the day: open since an opening day that is stated or
-- not, or closed on a later day. Planned and suspended ones never count, nor do closed ones that do
-- not say since when. The footprint is measured only where it is needed.
SELECT source_key AS facility,
       name, area_code, grid_code, function, provision, ownership, status,
       floor_area_m2, storeys,
       (status = 'open' OR (status = 'closed' AND closed_on IS NOT NULL))
           AND (opened_on IS NULL OR opened_on <= CAST(:as_of AS date))
           AND (closed_on IS NULL OR closed_on > CAST(:as_of AS date)) AS is_open,
       CASE WHEN floor_area_m2 IS NULL AND ST_Dimension(geom) = 2
            THEN ST_Area(ST_Transform(geom, CAST(:srid AS integer)))
       END AS footprint_m2
FROM wangge.facilities
ORDER BY source_key;

-- name: shares
SELECT facilities.source_key AS facility, facility_shares.area_code, facility_shares.share
FROM wangge.facility_shares
JOIN wangge.facilities ON facilities.id = facility_shares.facility_id
ORDER BY facilities.source_key, facility_shares.area_code;
