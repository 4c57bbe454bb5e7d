-- Hidden dangers (SAF-4): the register, the overdue list, what is deleted when its time has come.

-- name: register
-- Dangers below a code prefix, open ones by due time first; null :id asks for all of them.
SELECT danger.id, danger.key, danger.area_code, danger.grid_code, danger.compound_code,
       danger.kind, danger.severity, danger.what, danger.place, danger.state, danger.handler,
       danger.post,
       danger.found_at, danger.due_at, danger.due_known, danger.closed_at,
       danger.state <> 'closed' AND danger.due_at < CAST(:now AS timestamptz) AS overdue,
       area.name AS community, compound.name AS compound,
       ST_X(danger.geom) AS lon, ST_Y(danger.geom) AS lat,
       EXISTS (
           SELECT FROM danger_photos AS photo
           WHERE photo.danger_id = danger.id AND photo.expires_at > CAST(:now AS timestamptz)
       ) AS has_photo
FROM dangers AS danger
LEFT JOIN areas AS area ON area.code = danger.area_code AND area.valid_to IS NULL
LEFT JOIN compounds AS compound
       ON compound.code = danger.compound_code AND compound.valid_to IS NULL
WHERE danger.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:id AS bigint) IS NULL OR danger.id = CAST(:id AS bigint))
ORDER BY danger.state = 'closed', danger.due_at, danger.id;

-- name: another_may
SELECT wangge.another_may(
    CAST(:user_id AS text), CAST(:area_code AS text), CAST(:roles AS text[]));

-- name: steps
SELECT id, at, move, state, handler, role, remark
FROM danger_steps
WHERE danger_id = CAST(:id AS bigint)
ORDER BY id;

-- name: photos
-- Ids of the photos of a danger that have not expired.
SELECT id
FROM danger_photos
WHERE danger_id = CAST(:id AS bigint) AND expires_at > CAST(:now AS timestamptz)
ORDER BY id;

-- name: photo
SELECT jpeg
FROM danger_photos
WHERE id = CAST(:id AS bigint) AND expires_at > CAST(:now AS timestamptz);

-- name: forget_expired
DELETE FROM danger_photos WHERE expires_at <= CAST(:now AS timestamptz) RETURNING id;
