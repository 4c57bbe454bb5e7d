-- Grids of the day with their posts.

-- name: grids_on
-- posts counts the worker posts of the grid that are staffed on the day.
SELECT grids.network, grids.code, grids.area_code, coalesce(grids.name, grids.code) AS name,
       coalesce(duty.posts, 0) AS posts, ST_AsBinary(grids.geom) AS geom
FROM wangge.grids
LEFT JOIN (
    SELECT grid_code, count(*) AS posts
    FROM wangge.worker_posts
    WHERE on_duty_on <= CAST(:as_of AS date)
      AND (off_duty_on IS NULL OR off_duty_on > CAST(:as_of AS date))
    GROUP BY grid_code
) AS duty ON duty.grid_code = grids.code
WHERE grids.network = ANY (CAST(:networks AS text[]))
  AND grids.valid_from <= CAST(:as_of AS date)
  AND (grids.valid_to IS NULL OR grids.valid_to > CAST(:as_of AS date))
ORDER BY grids.network, grids.code;

-- name: community
-- A community in force with its outline; name and geom.
SELECT coalesce(name, code) AS name, ST_AsBinary(geom) AS geom
FROM wangge.areas
WHERE code = CAST(:community AS text) AND level = 'community' AND valid_to IS NULL;

-- name: communities
-- Every community in force with its unified grids and the last save of the editor that stands.
SELECT areas.code, areas.name, count(grids.id) AS grids,
       (SELECT max(edit.made_at) FROM wangge.grid_edits AS edit
        WHERE edit.area_code = areas.code AND edit.undone_at IS NULL) AS edited_at
FROM wangge.areas
LEFT JOIN wangge.grids ON grids.area_code = areas.code
    AND grids.network = 'unified' AND grids.valid_to IS NULL
WHERE areas.level = 'community' AND areas.valid_to IS NULL AND areas.geom IS NOT NULL
GROUP BY areas.code, areas.name
ORDER BY areas.code;

-- name: in_force
-- The unified grids of a community and those that its box meets; posts are those without an end.
SELECT grids.code, grids.area_code, grids.name, grids.households, grids.valid_from,
       coalesce(duty.posts, 0) AS posts, ST_AsBinary(grids.geom) AS geom
FROM wangge.grids
LEFT JOIN (
    SELECT grid_code, count(*) AS posts FROM wangge.worker_posts
    WHERE off_duty_on IS NULL GROUP BY grid_code
) AS duty ON duty.grid_code = grids.code
WHERE grids.network = 'unified' AND grids.valid_to IS NULL
  AND (grids.area_code = CAST(:community AS text) OR grids.id = ANY (ARRAY(
      SELECT wangge.in_box('grids', (
          SELECT areas.geom FROM wangge.areas
          WHERE areas.code = CAST(:community AS text) AND areas.level = 'community'
            AND areas.valid_to IS NULL
      ))
  )))
ORDER BY grids.code;

-- name: last_sequence
-- The highest sequence that any grid of the community ever had, in any network.
SELECT coalesce(max(CAST(right(code, 3) AS integer)), 0)
FROM wangge.grids WHERE area_code = CAST(:community AS text);

-- name: lock_community
-- One editor of a community at a time, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('wangge grids'), hashtext(CAST(:community AS text)));

-- name: no_import_runs
-- Whether no import is writing; none begins until the end of the transaction.
SELECT pg_try_advisory_xact_lock_shared(hashtext('wangge import'));

-- name: place_again
-- What lies on these outlines (WKB) names the grid that holds it now.
SELECT wangge.place_in_grids(
    ARRAY(SELECT ST_SetSRID(ST_GeomFromWKB(outline), 4326)
          FROM unnest(CAST(:outlines AS bytea[])) AS outline)
);
