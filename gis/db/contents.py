"""What a store holds, table by table: rows and a digest that no order of rows changes."""

from dataclasses import asdict, dataclass
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a type

from gis.db import SCHEMA

_TABLES = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attname)
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> 'alembic_version'
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY c.relname
ORDER BY c.relname
"""
# The sum of two halves of each row's MD5 over all rows: set-based, one pass, without sorting.
# Generated columns are left out: another PROJ version may give them other last digits.
_FACTS = """
SELECT count(*),
       coalesce(sum(('x' || left(told.md5, 15))::bit(60)::bigint::numeric), 0)::text || '-'
       || coalesce(sum(('x' || right(told.md5, 15))::bit(60)::bigint::numeric), 0)::text
FROM {table} AS t CROSS JOIN LATERAL (SELECT md5(ROW({columns})::text) AS md5) AS told
"""
_SETTINGS = (
    "SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL row_security = off"
)
_CHECK = """
DO $check$
BEGIN
    IF (SELECT concat_ws(' ', f.rows, f.digest) FROM ({facts}) AS f (rows, digest))
       IS DISTINCT FROM {said}
    THEN
        RAISE EXCEPTION 'table % is not what was backed up', {name};
    END IF;
END
$check$;
"""


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one table and their digest."""

    rows: int
    digest: str


def held(cursor: Cursor) -> dict[str, Held]:
    """What every table holds, for a role that reads every row; within one transaction."""
    cursor.execute(_SETTINGS)
    cursor.execute(_TABLES, (SCHEMA,))
    return {name: _held(cursor, statement(name, columns)) for name, columns in cursor.fetchall()}


def statement(name: str, columns: list[str]) -> sql.Composed:
    """The question for one table."""
    listed = sql.SQL(", ").join(sql.Identifier("t", column) for column in columns)
    return sql.SQL(_FACTS).format(table=sql.Identifier(SCHEMA, name), columns=listed)


def _held(cursor: Cursor, question: sql.Composed) -> Held:
    cursor.execute(question)
    found = cursor.fetchone()
    assert found is not None, "an aggregate has one row"
    return Held(*found)


def as_json(tables: dict[str, Held]) -> dict[str, Any]:
    """For a side file."""
    return {name: asdict(one) for name, one in tables.items()}


def checks(cursor: Cursor, expected: dict[str, dict[str, Any]]) -> str:
    """Statements that raise an error unless every table holds what ``expected`` says."""
    cursor.execute(_TABLES, (SCHEMA,))
    found = dict(cursor.fetchall())
    missing = sorted(found.keys() ^ expected.keys())
    assert not missing, f"tables that only one side has: {missing}"
    parts: list[sql.Composable] = [sql.SQL(f"SET LOCAL ROLE wangge_reader; {_SETTINGS};")]
    for name, columns in found.items():
        one = expected[name]
        parts.append(
            sql.SQL(_CHECK).format(
                facts=statement(name, columns),
                said=sql.Literal(f"{one['rows']} {one['digest']}"),
                name=sql.Literal(name),
            )
        )
    return sql.SQL("\n").join(parts).as_string(cursor)
