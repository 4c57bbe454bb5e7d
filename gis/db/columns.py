"""Columns that ask for another right than their row: what a migration calls for such a table."""

from collections.abc import Mapping
from typing import Any

# Whoever logs in as wangge_app is anybody, so the columns are taken from that role altogether.
_TAKE = """
DO $take$
DECLARE
    others CONSTANT text[] := ARRAY(
        SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = to_regclass('wangge.{table}') AND attnum > 0 AND NOT attisdropped
          AND attname <> ALL (CAST('{{{columns}}}' AS text[]))
        ORDER BY attnum);
BEGIN
    REVOKE SELECT ON wangge.{table} FROM wangge_app;
    EXECUTE format('GRANT SELECT (%s) ON wangge.{table} TO wangge_app',
                   array_to_string(others, ', '));
END
$take$
"""
# Asked once per statement for all rows: asked row by row it would check the identity each time.
_GIVE = """
CREATE FUNCTION wangge.withheld_{table}({argument}) RETURNS TABLE (id bigint, {typed})
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT held.id, {held} FROM wangge.{table} AS held
    WHERE ((SELECT wangge.everywhere('{{{needed}}}'))
           OR held.area_code LIKE ANY ((SELECT wangge.within('{{{needed}}}', {above}))::text[]))
          {condition};
END
"""
_OPEN = """
REVOKE ALL ON FUNCTION wangge.withheld_{table} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.withheld_{table} TO wangge_app;
ALTER FUNCTION wangge.withheld_{table} OWNER TO wangge_reader
"""
_WHOLE = """
DO $whole$
DECLARE
    listed CONSTANT text := (
        SELECT string_agg(
            CASE WHEN attname = ANY (CAST('{{{columns}}}' AS text[])) THEN 'given.' ELSE 'row_.' END
            || quote_ident(attname), ', ' ORDER BY attnum)
        FROM pg_attribute
        WHERE attrelid = to_regclass('wangge.{table}') AND attnum > 0 AND NOT attisdropped);
BEGIN
    EXECUTE format(
        'CREATE VIEW wangge.whole_{table} WITH (security_invoker = true) AS
         SELECT %s FROM wangge.{table} AS row_
         LEFT JOIN wangge.withheld_{table}() AS given ON given.id = row_.id', listed);
    GRANT SELECT ON wangge.whole_{table} TO wangge_app;
END
$whole$
"""


def withhold(
    op: Any,
    table: str,
    columns: Mapping[str, str],
    *,
    needed: str,
    above: bool = False,
    by_run: bool = False,
) -> None:
    """Give ``columns`` of ``table`` (name to SQL type) to whoever holds ``needed``; else NULL.

    Nobody reads them from the table any more. ``wangge.withheld_<table>()`` gives them by id, and
    the view ``wangge.whole_<table>``, with the rights of whoever asks, is the table with them.
    Where a table grows with each run (``by_run``) there is no view: the function takes the run.
    ``above`` includes the divisions that the user's areas lie in, where the row shows them.
    """
    words = {
        "table": table, "columns": ",".join(columns), "needed": needed,
        "typed": ", ".join(f"{name} {kind}" for name, kind in columns.items()),
        "held": ", ".join(f"held.{name}" for name in columns), "above": str(above).lower(),
        "argument": "of_run bigint" if by_run else "",
        "condition": "AND held.run_id = of_run" if by_run else "",
    }  # fmt: skip
    for statement in (_TAKE, _GIVE, _OPEN) if by_run else (_TAKE, _GIVE, _OPEN, _WHOLE):
        op.execute(statement.format(**words))
