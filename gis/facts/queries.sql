-- name: readable_tables
-- All but what proves an identity: that is reached through functions of the owner alone.
SELECT relname FROM pg_catalog.pg_class
WHERE relnamespace = 'wangge'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  AND relname <> 'alembic_version' AND has_any_column_privilege(oid, 'SELECT')
ORDER BY relname;

-- name: files_besides
-- What people wrote by hand names an import without a digest and is part of trying a demo out.
SELECT DISTINCT kind FROM wangge.imports
WHERE undone_at IS NULL AND file_sha256 <> '' AND NOT file_sha256 = ANY (CAST(:digests AS text[]))
ORDER BY kind;
