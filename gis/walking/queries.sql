-- Streets that people can walk along.

-- name: walkable_near
-- Lines near a box (EWKT, EPSG:4326), in the CRS :srid.
SELECT ST_AsBinary(ST_Transform(geom, CAST(:srid AS integer))) AS line
FROM streets
WHERE walkable AND id = ANY (ARRAY(SELECT wangge.in_box('streets', CAST(:box AS geometry))));
