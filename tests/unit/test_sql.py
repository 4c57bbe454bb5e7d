"""Reading ``queries.sql``: names, comments, colons and mistakes."""

import re

import pytest
from sqlalchemy import Text, text
from sqlalchemy.dialects import postgresql

from gis.db import sql

SOURCE = """
-- Distances are metres: see the method page.

-- name: near
-- One row per camera; don't read :this as a parameter, nor a::cast.
SELECT camera_id, '{"kind":1}'::jsonb AS kind, '12:30' AS at, "odd:name", geom::geography
FROM cameras -- the trailing one: kept
WHERE area_code LIKE CAST(:prefix AS text) || '%' AND note <> 'it''s:one';

-- name: count_all
SELECT count(*) FROM cameras
"""


def compiled(clause):
    return clause.compile(dialect=postgresql.dialect())


def test_queries_are_found_by_name():
    queries = sql.parse(SOURCE, "cameras/queries.sql")
    assert list(queries) == ["near", "count_all"]
    assert str(queries["count_all"]) == "-- name: count_all\nSELECT count(*) FROM cameras"


def test_only_real_parameters_are_parameters():
    near = compiled(sql.parse(SOURCE, "cameras/queries.sql")["near"])
    assert set(near.params) == {"prefix"}


def test_text_with_colons_reaches_the_server_unchanged():
    near = str(compiled(sql.parse(SOURCE, "cameras/queries.sql")["near"]))
    body = SOURCE[SOURCE.index("-- name: near") : SOURCE.index("-- name: count_all")].strip()
    assert near.replace("%%", "%").replace("%(prefix)s", ":prefix") == body


@pytest.mark.parametrize(
    ("ending", "stays"),
    [("", False), (" DESC, b.c", False), (" LIMIT 3", True), ("\nLIMIT :most", True),
     (" OFFSET 2", True), (" FETCH FIRST ROW ONLY", True), (" FOR UPDATE", True)],
)  # fmt: skip
def test_a_table_has_no_order_unless_its_rows_depend_on_it(ending, stays):
    """The first three of an order are other rows than any three."""
    clause = text(f"SELECT a FROM b\nORDER BY a{ending};")
    shown = str(compiled(sql.as_table(clause, {"a": Text()}).select()))
    assert ("ORDER BY" in shown) is stays


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(KeyError, match=r"cameras/queries.sql has no query 'far', only .*near"):
        sql.parse(SOURCE, "cameras/queries.sql")["far"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "the name 'a' is used twice"),
        ("-- name: A b\nSELECT 1", "'A b' is not a name"),
        ("-- name:\nSELECT 1", "'' is not a name"),
        ("-- name: a\n-- only a remark\n", "the query 'a' is empty"),
        ("SELECT 1\n-- name: a\nSELECT 1", "SQL before the first"),
        ("SELECT 1", "SQL before the first"),
    ],
)
def test_a_bad_file_is_refused(source, reason):
    with pytest.raises(sql.BadQueryFile, match=re.escape(f"x/queries.sql: {reason}")):
        sql.parse(source, "x/queries.sql")


def test_a_file_is_read_once():
    assert sql.load("gis.layers") is sql.load("gis.layers")


def test_a_package_without_queries_is_an_error():
    with pytest.raises(FileNotFoundError):
        sql.load("gis.db")
