-- name: queue
-- In the caller's transaction: a job that is rolled back was never queued.
SELECT wangge.queue_job(CAST(:id AS bigint), CAST(:kind AS text)) AS number;

-- name: start
-- A worker takes the job up; one that was cancelled while it waited is left alone.
UPDATE jobs
SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, now()),
    heartbeat_at = now(), progress = 0, message_zh = NULL, message_en = NULL
WHERE id = :id AND state IN ('queued', 'running')
RETURNING id;

-- name: beat
-- The worker says how far it is and hears whether it is to stop.
UPDATE jobs
SET progress = :progress, message_zh = :message_zh, message_en = :message_en, heartbeat_at = now()
WHERE id = :id AND state = 'running'
RETURNING cancel_asked;

-- name: hold
-- Until this transaction ends nobody else ends the job.
SELECT id FROM jobs WHERE id = :id AND state = 'running' FOR UPDATE;

-- name: finish
-- Only once, and never after a cancel that came first.
UPDATE jobs
SET state = :state, result = CAST(:result AS jsonb), error_code = :error_code,
    message_zh = :message_zh, message_en = :message_en, finished_at = now(),
    progress = CASE WHEN :state = 'done' THEN 1 ELSE progress END
WHERE id = :id AND state = 'running'
RETURNING id;

-- name: cancel
-- A waiting job ends at once, a running one when its worker hears of it.
UPDATE jobs
SET cancel_asked = true,
    state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
    finished_at = CASE WHEN state = 'queued' THEN now() END
WHERE id = :id AND state IN ('queued', 'running')
RETURNING id;

-- name: listed
-- Newest first; a null asks for everybody's, for all kinds, from the newest on.
SELECT id FROM jobs
WHERE (CAST(:asked_by AS text) IS NULL OR asked_by = CAST(:asked_by AS text))
  AND (CAST(:kind AS text) IS NULL OR kind = CAST(:kind AS text))
  AND (CAST(:before AS bigint) IS NULL OR id < CAST(:before AS bigint))
ORDER BY id DESC
LIMIT :most;

-- name: asked_since
SELECT EXISTS (
    SELECT FROM jobs
    WHERE asked_by = :asked_by AND kind = :kind AND created_at >= :since
      AND parameters = CAST(:parameters AS jsonb)
) AS asked;

-- name: unqueued
-- Jobs that wait or run and that the queue does not know: after a restore of the store.
SELECT jobs.id, jobs.kind FROM jobs
WHERE jobs.state IN ('queued', 'running')
  AND NOT EXISTS (
      SELECT FROM procrastinate.procrastinate_jobs AS entry
      WHERE entry.args ->> 'job_id' = CAST(jobs.id AS text) AND entry.status IN ('todo', 'doing')
  )
ORDER BY jobs.id;
