-- name: postgis_version
SELECT postgis_lib_version();

-- name: store
SELECT current_setting('server_version') AS postgres, postgis_lib_version() AS postgis,
       pg_database_size(current_database()) AS size_bytes;

-- name: jobs
-- Failures of the last day; waiting and running ones whenever they were asked for.
SELECT count(*) FILTER (WHERE state = 'queued') AS waiting,
       count(*) FILTER (WHERE state = 'running') AS running,
       count(*) FILTER (WHERE state = 'failed' AND finished_at > now() - interval '1 day') AS failed
FROM jobs;

-- name: pulse
-- What a monitor asks every few seconds; failures of the last day.
SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
       count(*) FILTER (WHERE state = 'running') AS running,
       count(*) FILTER (WHERE state = 'failed' AND finished_at > now() - interval '1 day') AS failed,
       CAST(extract(epoch FROM coalesce(
           now() - min(created_at) FILTER (WHERE state = 'queued'), interval '0'
       )) AS double precision) AS oldest_queued_s
FROM jobs;

-- name: workers
-- A worker says every few seconds that it lives.
SELECT count(*) AS alive FROM procrastinate.procrastinate_workers
WHERE last_heartbeat > now() - make_interval(secs => :silence_s);

-- name: worker_lives
SELECT EXISTS (
    SELECT FROM procrastinate.procrastinate_workers
    WHERE id = :worker_id AND last_heartbeat > now() - make_interval(secs => :silence_s)
) AS lives;

-- name: newest_import
SELECT kind AS what, imported_at AS at FROM imports ORDER BY id DESC LIMIT 1;

-- name: newest_run
SELECT analysis AS what, ran_at AS at FROM runs ORDER BY id DESC LIMIT 1;

-- name: newest_backup
-- What the command wrote down after a backup was whole.
SELECT max(at) FROM wangge.audit_entries WHERE event = 'backup' AND result = 'done';

-- name: refusals
-- How often each role was refused within a day; nobody's name.
SELECT role, count(*) AS times
FROM wangge.audit_entries
WHERE result = 'refused' AND at > now() - interval '1 day'
GROUP BY role
ORDER BY times DESC, role;
