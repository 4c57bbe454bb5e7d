"""an import is seen, and made no longer undoable, by whoever works where it reached

Revision: 0027
Follows: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# What an import may have touched are its user's areas then; older records have their own area alone.
REACHES = """
CREATE FUNCTION wangge.reaches(reach jsonb, area_code text, own text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM jsonb_array_elements_text(coalesce(reach, jsonb_build_array(area_code))) AS there,
                    unnest(own) AS here
        WHERE there ^@ here OR here ^@ there);
END;
CREATE FUNCTION wangge.own_prefixes(needed text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who CONSTANT record := wangge.identity();
BEGIN
    RETURN CASE WHEN who.rights && needed THEN who.area_prefixes ELSE '{}' END;
END
$$
"""
READ = """
ALTER POLICY read ON wangge.imports USING (wangge.reaches(
    summary -> 'reach', area_code, (SELECT wangge.own_prefixes('{imports:read}'))))
"""
# Two imports of one kind that met nowhere leave each other alone.
SUPERSEDE = """
CREATE FUNCTION wangge.supersede_imports(latest bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = wangge, pg_temp
AS $$
DECLARE
    newest CONSTANT imports := (SELECT one FROM imports AS one WHERE id = latest);
    reach CONSTANT text[] := ARRAY(SELECT jsonb_array_elements_text(newest.summary -> 'reach'));
BEGIN
    IF NOT reaches(newest.summary -> 'reach', newest.area_code, own_prefixes('{imports:write}'))
    THEN
        RAISE insufficient_privilege USING MESSAGE = 'no import of yours';
    END IF;
    WITH earlier AS (
        UPDATE imports SET undoable = false
        WHERE kind = newest.kind AND id < latest AND undoable
          AND reaches(summary -> 'reach', area_code, reach)
        RETURNING id
    )
    DELETE FROM import_changes USING earlier WHERE import_changes.import_id = earlier.id;
END
$$
"""
RIGHTS = """
REVOKE ALL ON FUNCTION wangge.reaches, wangge.own_prefixes, wangge.supersede_imports FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.reaches, wangge.own_prefixes TO wangge_app, wangge_reader;
GRANT EXECUTE ON FUNCTION wangge.supersede_imports TO wangge_app;
GRANT UPDATE (undoable) ON wangge.imports TO wangge_reader;
GRANT DELETE ON wangge.import_changes TO wangge_reader;
ALTER FUNCTION wangge.supersede_imports OWNER TO wangge_reader
"""


def upgrade() -> None:
    """Forward."""
    for statement in (REACHES, READ, SUPERSEDE, RIGHTS):
        op.execute(statement)
