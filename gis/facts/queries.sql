-- name: readable_tables
-- All but what proves an identity: that is reached through functions of the owner alone.
SELECT relname FROM pg_catalog.pg_class
WHERE relnamespace = 'wangge'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  AND relname <> 'alembic_version' AND has_any_column_privilege(oid, 'SELECT')
ORDER BY relname;
