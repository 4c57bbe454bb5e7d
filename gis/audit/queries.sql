-- name: append
-- Lines as a JSON array, in order; returns the number of the last one. The function takes the
-- chain's lock, so this is the last statement of a transaction.
SELECT wangge.append_audit(CAST(:lines AS jsonb)) AS number;

-- name: chain
-- Every field as text, as the function wrote it into the hash.
SELECT number,
       to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
       user_id, role, address, request_id, event, target, area_code,
       CAST(rows AS text) AS rows, result, purpose, CAST(detail AS text) AS detail, hash
FROM wangge.audit_entries
ORDER BY number, at;

-- name: head
SELECT number, hash, at FROM wangge.audit_entries ORDER BY number DESC, at DESC LIMIT 1;

-- name: dropped
-- What retention said of the last line it dropped.
SELECT CAST(detail ->> 'last_dropped' AS bigint) AS number, detail ->> 'last_hash' AS hash
FROM wangge.audit_entries
WHERE event = 'audit_retention' AND result = 'done'
ORDER BY number DESC
LIMIT 1;

-- name: prune
SELECT wangge.prune_audit(CAST(:months AS integer), CAST(:line AS jsonb)) AS rows;

-- name: lines
-- Newest first; before_number pages without repeats while lines are written.
SELECT number, at, user_id, role, address, request_id, event, target, area_code, rows, result,
       purpose, detail
FROM wangge.audit_entries
WHERE number < coalesce(CAST(:before_number AS bigint), 9223372036854775807)
  AND (CAST(:user_id AS text) IS NULL OR user_id = :user_id)
  AND (CAST(:event AS text) IS NULL OR event = :event)
  AND (CAST(:target AS text) IS NULL OR target = :target)
  AND (CAST(:result AS text) IS NULL OR result = :result)
  AND starts_with(area_code, coalesce(CAST(:area_prefix AS text), ''))
  AND at >= coalesce(CAST(:since AS timestamptz), '-infinity')
  AND at < coalesce(CAST(:until AS timestamptz), 'infinity')
ORDER BY number DESC;

-- name: policy_was_set
-- Whether the setting of a policy file was committed.
SELECT EXISTS (
    SELECT FROM wangge.audit_entries
    WHERE event = 'policy' AND result = 'done' AND detail ->> 'file' = CAST(:file AS text)
);
