-- name: listed
SELECT id FROM uploads
WHERE CAST(:before AS bigint) IS NULL OR id < CAST(:before AS bigint)
ORDER BY id DESC
LIMIT :most;

-- name: expired
-- Sent long ago, and no job that waits or runs reads them.
SELECT id FROM uploads
WHERE created_at < CAST(:before AS timestamptz)
  AND NOT EXISTS (
      SELECT FROM jobs
      WHERE jobs.id IN (uploads.trial_job, uploads.commit_job, uploads.preview_job)
        AND jobs.state IN ('queued', 'running')
  )
ORDER BY id;

-- name: folders
SELECT folder FROM uploads ORDER BY id;

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
