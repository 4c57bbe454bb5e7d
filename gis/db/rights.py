"""Row-level rights of a table: what a migration calls for each table that it makes."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

_ENABLE = "ALTER TABLE wangge.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
_OPEN = "GRANT SELECT, INSERT, UPDATE, DELETE ON wangge.{table} TO wangge_app"
_READ = "CREATE POLICY read ON wangge.{table} FOR SELECT USING ({rows})"
_REWRITE = (
    "ALTER POLICY add ON wangge.{table} WITH CHECK ({rows})",
    "ALTER POLICY change ON wangge.{table} USING ({rows}) WITH CHECK ({rows})",
    "ALTER POLICY remove ON wangge.{table} USING ({rows})",
)
_WRITE = (
    "CREATE POLICY add ON wangge.{table} FOR INSERT WITH CHECK ({rows})",
    "CREATE POLICY change ON wangge.{table} FOR UPDATE USING ({rows}) WITH CHECK ({rows})",
    "CREATE POLICY remove ON wangge.{table} FOR DELETE USING ({rows})",
)


_OR_OWN = "{own} = (SELECT user_id FROM wangge.identity()) OR {rows}"


class Reach(StrEnum):
    """Which rows a right opens, seen from the area prefixes of the user."""

    OWN = "own"  # the user's areas with all they hold
    OWN_AND_ABOVE = "own_and_above"  # those, and the rows of the divisions they lie in
    ALL = "all"  # every row: facts about the store as a whole


# Sub-selects are evaluated once per statement. The first half spares the second, row by row, to
# whoever works in every area, and lets the planner expect half of the rows instead of a few.
_ROWS = {
    Reach.OWN: "(SELECT wangge.everywhere({needed}))"
    " OR area_code LIKE ANY ((SELECT wangge.within({needed}))::text[])",
    Reach.OWN_AND_ABOVE: "(SELECT wangge.everywhere({needed}))"
    " OR area_code LIKE ANY ((SELECT wangge.within({needed}, true))::text[])",
    Reach.ALL: "(SELECT wangge.holds({needed}))",
}  # fmt: skip


def protect(
    op: Any,
    table: str,
    *,
    read: Sequence[str],
    write: Sequence[str],
    reach: Reach = Reach.OWN,
    own: str | None = None,
) -> None:
    """Open ``table`` of schema ``wangge`` to the application, with row-level rights forced on it.

    It has a column ``area_code``.

    Parameters
    ----------
    op : alembic.op
        The migration's operations.
    table : str
        Name without schema.
    read, write : sequences of str
        Rights, written ``capability:action`` as in `gis.access.rights`, of which one is enough
        to read, and to add, change and remove rows. An empty one asks for none: whoever has
        entered may.
    reach : Reach
        The rows that ``read`` opens. ``write`` opens those of the user's own areas; with
        ``Reach.ALL`` all.
    own : str, optional
        Column with a user's id: that user reads and writes the row without any right.
    """
    writable = Reach.ALL if reach is Reach.ALL else Reach.OWN
    op.execute(_ENABLE.format(table=table))
    op.execute(_OPEN.format(table=table))
    op.execute(_READ.format(table=table, rows=_rows(reach, read, own)))
    for statement in _WRITE:
        op.execute(statement.format(table=table, rows=_rows(writable, write, own)))


def read_by(op: Any, table: str, read: Sequence[str], *, reach: Reach = Reach.OWN) -> None:
    """Let other rights than before read the rows of a table that `protect` has protected."""
    op.execute(f"ALTER POLICY read ON wangge.{table} USING ({_rows(reach, read, None)})")


def written_by(op: Any, table: str, write: Sequence[str]) -> None:
    """Let ``write`` change the rows of the user's own areas alone, whoever reads them."""
    for statement in _REWRITE:
        op.execute(statement.format(table=table, rows=_rows(Reach.OWN, write, None)))


def _rows(reach: Reach, needed: Sequence[str], own: str | None) -> str:
    rows = _ROWS[reach].format(needed=f"'{{{','.join(needed)}}}'")
    return rows if own is None else _OR_OWN.format(own=own, rows=rows)
