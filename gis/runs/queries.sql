-- Run records, shared by all analyses.

-- name: lock_run_line
-- Two runs of one line (analysis, period, date) get their revisions one after the other; the lock
-- ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(CAST(:line AS text), 0));

-- name: hold_still
-- No import changes the records while an analysis reads them (importers take the same lock alone),
-- and an analysis runs once at a time; both locks end with the transaction.
SELECT pg_advisory_xact_lock_shared(hashtext('wangge import')),
       pg_advisory_xact_lock(hashtextextended('wangge run ' || CAST(:analysis AS text), 0));

-- name: next_revision
-- 1 for the first run of a line.
SELECT coalesce(max(runs.revision), 0) + 1 AS revision
FROM wangge.runs
WHERE runs.analysis = CAST(:analysis AS text)
  AND runs.period IS NOT DISTINCT FROM CAST(:period AS text)
  AND runs.as_of = CAST(:as_of AS date)
  AND runs.area_code = CAST(:area_code AS text);

-- name: latest_run_id
-- The newest quarter wins, then the newest date, then the newest revision: an old quarter that is
-- rated again later does not become the latest. A null date asks for any; a null period asks for
-- any but months, which are previews and shown only by name. What is shown (:as_shown) of a quarter
-- that is published is the run that hangs at the entrances, whatever was computed since.
SELECT runs.id
FROM wangge.runs
WHERE runs.analysis = CAST(:analysis AS text)
  AND CASE WHEN CAST(:period AS text) IS NULL THEN coalesce(runs.period, 'Q') LIKE '%Q%'
           ELSE runs.period = CAST(:period AS text) END
  AND (CAST(:as_of AS date) IS NULL OR runs.as_of = CAST(:as_of AS date))
ORDER BY runs.period DESC NULLS LAST,
         (SELECT max(cycle.revision) FROM wangge.rating_cycles AS cycle
          WHERE CAST(:as_shown AS boolean) AND cycle.run_id = runs.id
            AND cycle.state = 'published') DESC NULLS LAST,
         runs.as_of DESC, runs.revision DESC, runs.id DESC
LIMIT 1;

-- name: newest_of_line
-- The newest run of exactly this line, the only one that a rerun may be equal to: after A, B, A
-- the third run is stored, so that the newest revision always is what was computed last.
SELECT runs.id
FROM wangge.runs
WHERE runs.analysis = CAST(:analysis AS text)
  AND runs.period IS NOT DISTINCT FROM CAST(:period AS text)
  AND runs.as_of = CAST(:as_of AS date)
  AND runs.area_code = CAST(:area_code AS text)
ORDER BY runs.revision DESC
LIMIT 1;

-- name: latest_import
SELECT max(id) FROM imports WHERE kind = CAST(:kind AS text) AND undone_at IS NULL;

-- name: taken_in
SELECT DISTINCT kind, file_sha256 FROM imports;

-- name: newest
-- Moves on with every import, every undoing of one and every run: what was made of the store before
-- is old then. Everybody is told, whoever may read the records of imports.
SELECT import_id, run_id FROM wangge.newest();
