-- name: listed
SELECT id FROM uploads
WHERE CAST(:before AS bigint) IS NULL OR id < CAST(:before AS bigint)
ORDER BY id DESC
LIMIT :most;

-- name: profiles
SELECT id FROM import_profiles
WHERE CAST(:kind AS text) IS NULL OR kind = CAST(:kind AS text)
ORDER BY kind, name, id
LIMIT 500;

-- name: save_profile
INSERT INTO import_profiles (area_code, kind, name, mapping)
VALUES (:area_code, :kind, :name, CAST(:mapping AS jsonb))
ON CONFLICT (area_code, kind, name) DO UPDATE SET mapping = excluded.mapping
RETURNING id;
