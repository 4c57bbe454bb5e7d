-- Each kind is staged in a temporary table of its own, staged_<kind>, with the columns of its table
-- and row; queries of the form (row, value) find rows for a remark of data/ingest/reasons.py.

-- name: lock_imports
-- One import at a time: merges of the same rows would wait for each other or collide.
SELECT pg_advisory_xact_lock(hashtext('wangge import'));

-- name: incidents_far_ahead
-- A typing error; taken in, it would be the newest day and move the default period of every run.
SELECT staged_incidents.row, staged_incidents.occurred_at AS value
FROM staged_incidents
WHERE staged_incidents.occurred_at > now() + interval '2 years'
ORDER BY staged_incidents.row;

-- name: incidents_ahead
SELECT staged_incidents.row, staged_incidents.occurred_at AS value
FROM staged_incidents
WHERE staged_incidents.occurred_at > now() + interval '1 day'
ORDER BY staged_incidents.row;

-- name: area_parents
SELECT staged_areas.row, staged_areas.parent_code AS value
FROM staged_areas
WHERE staged_areas.parent_code IS NOT NULL
  AND NOT EXISTS (SELECT FROM areas WHERE areas.code = staged_areas.parent_code)
  AND NOT EXISTS (SELECT FROM staged_areas AS above WHERE above.code = staged_areas.parent_code);

-- name: grid_communities
SELECT staged_grids.row, staged_grids.code AS value
FROM staged_grids
WHERE NOT EXISTS (
    SELECT FROM areas
    WHERE areas.code = staged_grids.area_code AND areas.level = 'community'
);

-- name: post_grids
SELECT staged_posts.row, staged_posts.grid_code AS value
FROM staged_posts
WHERE NOT EXISTS (SELECT FROM grids WHERE grids.code = staged_posts.grid_code);

-- name: post_areas
UPDATE staged_posts SET area_code = CAST(:district AS text)
WHERE NOT EXISTS (SELECT FROM areas WHERE areas.code = staged_posts.area_code);

-- name: count_names
-- A subject named in words counts where exactly one subject has that name.
UPDATE staged_households SET subject_code = named.code, subject_kind = named.kind
FROM (
    SELECT name, min(code) AS code, min(kind) AS kind
    FROM (
        SELECT name, code, 'compound' AS kind FROM compounds WHERE valid_to IS NULL
        UNION ALL SELECT name, code, level FROM areas WHERE valid_to IS NULL
        UNION ALL SELECT name, code, 'grid' FROM grids WHERE valid_to IS NULL
    ) AS subject
    GROUP BY name
    HAVING count(DISTINCT code) = 1
) AS named
WHERE staged_households.subject_code IS NULL AND staged_households.subject_name = named.name
  AND (staged_households.subject_kind IS NULL OR staged_households.subject_kind = named.kind);

-- name: count_kinds
UPDATE staged_households SET subject_kind = CASE
    WHEN EXISTS (SELECT FROM areas WHERE areas.code = subject_code)
        THEN (SELECT min(areas.level) FROM areas WHERE areas.code = subject_code)
    WHEN EXISTS (SELECT FROM grids WHERE grids.code = subject_code) THEN 'grid'
    WHEN EXISTS (SELECT FROM compounds WHERE compounds.code = subject_code) THEN 'compound' END
WHERE subject_kind IS NULL;

-- name: count_areas
UPDATE staged_households SET area_code = coalesce(
    CASE subject_kind
        WHEN 'grid' THEN
            (SELECT min(grids.area_code) FROM grids WHERE grids.code = subject_code)
        WHEN 'compound' THEN
            (SELECT min(compounds.area_code) FROM compounds
             WHERE compounds.code = subject_code AND compounds.valid_to IS NULL)
        ELSE subject_code END,
    CAST(:district AS text));

-- name: count_subjects
SELECT staged_households.row, staged_households.subject_code AS value
FROM staged_households
WHERE NOT EXISTS (
    SELECT FROM areas
    WHERE areas.code = subject_code AND areas.level = staged_households.subject_kind
) AND NOT EXISTS (
    SELECT FROM grids WHERE grids.code = subject_code AND staged_households.subject_kind = 'grid'
) AND NOT EXISTS (
    SELECT FROM compounds
    WHERE compounds.code = subject_code AND staged_households.subject_kind = 'compound'
);

-- name: observation_keys
-- A list may name a point by its GB/T 28181 id where the inventory has a key of its own.
UPDATE staged_camera_status SET camera_key = named.source_key
FROM (
    SELECT gb28181_id, min(source_key) AS source_key FROM cameras
    WHERE gb28181_id IS NOT NULL GROUP BY gb28181_id HAVING count(*) = 1
) AS named
WHERE named.gb28181_id = staged_camera_status.camera_key
  AND NOT EXISTS (
      SELECT FROM cameras WHERE cameras.source_key = staged_camera_status.camera_key
  );

-- name: observation_areas
UPDATE staged_camera_status SET area_code = cameras.area_code
FROM cameras WHERE cameras.source_key = staged_camera_status.camera_key;

-- name: observation_cameras
SELECT row, camera_key AS value FROM staged_camera_status WHERE area_code IS NULL;

-- name: evaluation_areas
SELECT staged_evaluations.row, staged_evaluations.area_code AS value
FROM staged_evaluations
WHERE NOT EXISTS (SELECT FROM areas WHERE areas.code = staged_evaluations.area_code);

-- name: dwelling_buildings
SELECT staged_dwellings.row, staged_dwellings.building_key AS value
FROM staged_dwellings
JOIN buildings ON buildings.source_key = staged_dwellings.building_key
WHERE staged_dwellings.geom IS NULL;

-- name: place_in_buildings
UPDATE staged_dwellings SET geom = ST_PointOnSurface(buildings.geom)
FROM buildings
WHERE buildings.source_key = staged_dwellings.building_key AND staged_dwellings.geom IS NULL;

-- name: shares_unreadable
SELECT row, shared_with AS value FROM staged_facilities
WHERE shared_with IS NOT NULL
  AND shared_with !~ '^\s*[^:;\s]{1,200}\s*:\s*\d*\.?\d+\s*(;\s*[^:;\s]{1,200}\s*:\s*\d*\.?\d+\s*)*;?\s*$';

-- name: create_shares
CREATE TEMPORARY TABLE shares (
    row bigint NOT NULL, source_key text, area_code text NOT NULL, share float8 NOT NULL
) ON COMMIT DROP;

-- name: drop_shares
DROP TABLE IF EXISTS pg_temp.shares;

-- name: split_shares
INSERT INTO shares (row, source_key, area_code, share)
SELECT staged_facilities.row, staged_facilities.source_key,
       btrim(split_part(part, ':', 1)), CAST(btrim(split_part(part, ':', 2)) AS float8)
FROM staged_facilities, regexp_split_to_table(staged_facilities.shared_with, ';') AS part
WHERE btrim(part) <> '';

-- name: shares_exceed
-- A billionth is left for thirds written as 0.3333333333.
SELECT row, NULL AS value FROM shares
GROUP BY row
HAVING sum(share) > 1 + 1e-9 OR min(share) <= 0 OR max(share) > 1
    OR count(*) > count(DISTINCT area_code);

-- name: share_areas
SELECT DISTINCT ON (shares.row) shares.row, shares.area_code AS value
FROM shares
WHERE NOT EXISTS (
    SELECT FROM areas WHERE areas.code = shares.area_code AND areas.level = 'community'
)
ORDER BY shares.row, shares.area_code;

-- name: forget_shares
-- Only facilities whose list of shares the file states (even an empty one) are looked at.
DELETE FROM facility_shares
USING facilities, staged_facilities
WHERE facilities.id = facility_shares.facility_id
  AND facilities.source_key = staged_facilities.source_key
  AND NOT EXISTS (
      SELECT FROM shares
      WHERE shares.source_key = facilities.source_key
        AND shares.area_code = facility_shares.area_code
  );

-- name: write_shares
INSERT INTO facility_shares (facility_id, area_code, share)
SELECT facilities.id, shares.area_code, shares.share
FROM shares
JOIN facilities ON facilities.source_key = shares.source_key
ON CONFLICT (facility_id, area_code) DO UPDATE SET share = excluded.share
WHERE facility_shares.share IS DISTINCT FROM excluded.share;

-- name: supersede
-- Only the last import of a kind in a place can be undone; what earlier ones changed need not be
-- kept. Whoever imported in a part makes an earlier import of the whole such a one as well.
SELECT wangge.supersede_imports(CAST(:import_id AS bigint));

-- name: keep_shares
-- The shares that stand now, beside each facility that was kept.
UPDATE import_changes SET shares = coalesce(
    (SELECT jsonb_object_agg(area_code, CAST(share AS text)) FROM facility_shares
     WHERE facility_shares.facility_id = import_changes.record_id),
    CAST('{}' AS jsonb))
WHERE import_id = :import_id;

-- name: drop_stated_shares
DELETE FROM facility_shares USING import_changes
WHERE import_changes.import_id = :import_id AND import_changes.shares IS NOT NULL
  AND facility_shares.facility_id = import_changes.record_id;

-- name: restore_shares
INSERT INTO facility_shares (facility_id, area_code, share)
SELECT import_changes.record_id, kept.key, CAST(kept.value AS float8)
FROM import_changes, jsonb_each_text(import_changes.shares) AS kept
WHERE import_changes.import_id = :import_id AND import_changes.shares IS NOT NULL;

-- name: later_imports
-- Imports after this one that still stand, the newest first.
SELECT id, kind FROM imports
WHERE id > :import_id AND undone_at IS NULL AND kind = ANY(CAST(:kinds AS text[]))
ORDER BY id DESC;
