"""Which rows of a sheet are its header, and the names of the columns under merged cells."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from typing import Any

_DEEPEST = 3  # rows of a header
Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]
"""First and last (row, column) of merged ranges."""


def find(rows: list[list[Any]], merged: Merged) -> tuple[int, list[str]]:
    """The header's last row and its names: the first row of text as full as the rows below it.

    Rows under a group name that is merged above several columns belong to it, three at most. A
    name that stands under several groups is told by them: ``group/column``.
    """
    filled = [sum(text_of(cell) != "" for cell in row) for row in rows]
    usual = max(filled, default=0)
    for at in range(len(rows)):
        if filled[at] >= max(2, usual / 2) or (usual == 1 and filled[at] == 1):
            low = at
            while low < min(at + _DEEPEST, len(rows)) - 1 and _is_group(rows, at, low, merged):
                low += 1
            return low, _names(rows[at : low + 1], at, merged)
    return 0, []


def _is_group(rows: list[list[Any]], at: int, low: int, merged: Merged) -> bool:
    """Whether the row below ``low`` names columns: it speaks under groups, not under names."""
    below = {c for c, cell in enumerate(rows[low + 1]) if text_of(cell)}
    named = {c for row in rows[at : low + 1] for c, cell in enumerate(row) if text_of(cell)}
    wide = [(r1, range(c0, c1 + 1)) for (r0, c0), (r1, c1) in merged if r0 >= at and c1 > c0]
    grouped = {c for last, columns in wide if last <= low for c in columns}
    here = {c for last, columns in wide if last == low for c in columns}
    return bool(below & here) and not below & (named - grouped)


def _names(rows: list[list[Any]], at: int, merged: Merged) -> list[str]:
    """Names of the columns, from the rows that make up the header."""
    wide, last = max(map(len, rows)), at + len(rows) - 1
    cells = [[text_of(cell) for cell in row] + [""] * (wide - len(row)) for row in rows]
    for (r0, c0), (r1, c1) in merged:
        for row in range(r0, min(r1, last) + 1) if at <= r0 and c0 < wide else ():
            cells[row - at][c0 : c1 + 1] = [cells[r0 - at][c0]] * (min(c1, wide - 1) + 1 - c0)
    paths = [
        [name for name, _ in groupby(filter(None, column))] for column in zip(*cells, strict=True)
    ]
    names = [path[-1] if path else "" for path in paths]
    if len(rows) == 1:
        return names
    return [
        "/".join(path) if names.count(name) > 1 else name
        for path, name in zip(paths, names, strict=True)
    ]


def text_of(cell: Any) -> str:
    """A cell as text: whole numbers without ``.0``, dates and times in ISO form."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return "" if cell is None else str(cell).strip()
