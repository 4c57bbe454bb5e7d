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

-- name: unreported
-- Uploads of which an import ended without a result: its worker died too often, or it was stopped.
SELECT uploads.kind, uploads.file_name, uploads.sha256, jobs.finished_at,
       CAST(jobs.parameters ->> 'dry_run' AS boolean) AS dry_run
FROM jobs
JOIN uploads ON uploads.id = CAST(jobs.parameters ->> 'upload_id' AS bigint)
WHERE jobs.kind = 'import' AND jobs.state IN ('failed', 'cancelled') AND jobs.result IS NULL
ORDER BY jobs.id;

-- name: workbooks
SELECT DISTINCT result ->> 'workbook' FROM jobs
WHERE kind = 'import' AND result ->> 'workbook' IS NOT NULL;
