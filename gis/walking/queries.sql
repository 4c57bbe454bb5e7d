-- Streets that people can walk along.

-- name: walkable_near
-- Lines near a box (EWKT, EPSG:4326), in the CRS :srid.
SELECT ST_AsBinary(ST_Transform(geom, CAST(:srid AS integer))) AS line
FROM streets
WHERE walkable AND id = ANY (ARRAY(SELECT wangge.in_box('streets', CAST(:box AS geometry))));

-- name: walkable
-- All lines that people can walk along, in the CRS :srid.
SELECT ST_AsBinary(ST_Transform(geom, CAST(:srid AS integer))) AS line
FROM streets
WHERE walkable
ORDER BY id;

-- name: compounds_on
-- A point in each compound of the day, of one community or of all, with its households as gis.areas has them: the newest figure
-- of the day, be it a count or the compound's own.
SELECT compound.code, compound.name, compound.area_code, known.households,
       ST_AsBinary(ST_PointOnSurface(compound.geom)) AS geom
FROM compounds AS compound
LEFT JOIN LATERAL wangge.compound_households_on(
    compound.code, compound.households, compound.households_as_of, CAST(:as_of AS date)
) AS known ON true
WHERE valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
  AND (CAST(:area AS text) IS NULL OR compound.area_code = CAST(:area AS text))
ORDER BY compound.code;

-- name: open_facilities_on
-- A point in each facility that works on the day.
SELECT source_key AS facility, function, area_code, ST_AsBinary(ST_PointOnSurface(geom)) AS geom
FROM facilities
WHERE (status = 'open' OR (status = 'closed' AND closed_on IS NOT NULL))
  AND (opened_on IS NULL OR opened_on <= CAST(:as_of AS date))
  AND (closed_on IS NULL OR closed_on > CAST(:as_of AS date))
ORDER BY source_key;
