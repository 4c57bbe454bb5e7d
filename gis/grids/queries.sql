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
