"""XLSX and XLS sheets: the header is looked for below title rows, merged cells are filled."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer, unique_names
from data.ingest.refusal import refuse

_HEAD_ROWS = 30
Row = Sequence[Any]


def list_sheets(path: Path) -> list[str]:
    """Names of the sheets that hold anything."""
    book = _book(path)
    names = list(book.sheet_names)
    return [name for name in names if _filled(book, name)] if len(names) > 1 else names


def open_sheet(path: Path, layer: str | None) -> Layer:
    """One sheet as a layer; ``layer`` is its name, or None for the only one."""
    book = _book(path)
    names = book.sheet_names
    if layer is not None and layer not in names:
        raise refuse(
            "layer_missing",
            path,
            f"没有工作表 {layer}；有：{'、'.join(names)}",
            f"has no sheet {layer}; it has: {', '.join(names)}",
        )
    chosen = layer if layer is not None else list_sheets(path)[0]
    sheet = book.get_sheet_by_name(chosen)
    head = []
    for row in sheet.iter_rows():
        head.append(list(row))
        if len(head) == _HEAD_ROWS:
            break
    at, header = _header(head, sheet.merged_cell_ranges or [])
    if not header:
        raise refuse("no_rows", path, "工作表没有内容", "the sheet holds no rows", layer=chosen)
    columns = unique_names(header)
    return Layer(
        "XLSX",
        chosen,
        columns,
        lambda wanted: _batches(sheet, at + 1, columns, wanted),
        notes=(f"header_row {at + 1}",) if at else (),
    )


def _book(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as exc:
        raise refuse(
            "file_broken", path, "工作簿损坏或加密，无法打开", "is a broken or encrypted workbook"
        ) from exc


def _filled(book: CalamineWorkbook, name: str) -> bool:
    return book.get_sheet_by_name(name).start is not None


def _header(rows: list[list[Any]], merged: Sequence[Any]) -> tuple[int, list[str]]:
    """The header's row and its cells: the first row of text as full as the rows below it.

    A header of two rows (a group name merged above its columns) is joined: ``group/column``.
    """
    spanned = {start[0] for start, end in merged if end[1] > start[1]}
    filled = [sum(text_of(cell) != "" for cell in row) for row in rows]
    usual = max(filled, default=0)
    for at, row in enumerate(rows):
        if filled[at] >= max(2, usual / 2) or (usual == 1 and filled[at] == 1):
            if at in spanned and at + 1 < len(rows):
                return at + 1, _joined(row, rows[at + 1], at, merged)
            return at, [text_of(cell) for cell in row]
    return 0, []


def _joined(top: Row, low: Row, at: int, merged: Sequence[Any]) -> list[str]:
    groups = [text_of(cell) for cell in top]
    tall = set()
    for (r0, c0), (r1, c1) in merged:
        if r0 <= at <= r1:
            groups[c0 : c1 + 1] = [groups[c0]] * (c1 + 1 - c0)
            if r1 > at:
                tall.add(c0)
    names = []
    for column, name in enumerate(map(text_of, low)):
        group = groups[column] if column < len(groups) else ""
        names.append(group if column in tall or not name else name)
    return names


def _batches(
    sheet: CalamineSheet, skip: int, columns: tuple[str, ...], wanted: Sequence[str]
) -> Iterator[Batch]:
    fills = _fills(sheet.merged_cell_ranges or [], skip)
    places = [columns.index(name) for name in wanted]
    held: list[list[str | None]] = []
    numbers: list[int] = []
    kept: dict[tuple[int, int], str] = {}
    for at, row in enumerate(sheet.iter_rows()):
        if at < skip:
            continue
        cells = [text_of(cell) for cell in row]
        for column in fills.get(at, {}):
            source = fills[at][column]
            if source == (at, column):
                kept[source] = cells[column]
            elif column < len(cells):
                cells[column] = kept.get(source, cells[column])
        if not any(cells):
            continue  # an empty line between blocks is no row
        held.append([cells[p] or None if p < len(cells) else None for p in places])
        numbers.append(at - skip + 1)
        if len(held) == BATCH_ROWS:
            yield _batch(held, numbers, wanted)
            held, numbers = [], []
    if held:
        yield _batch(held, numbers, wanted)


def _fills(merged: Sequence[Any], skip: int) -> dict[int, dict[int, tuple[int, int]]]:
    """Row → column → the cell whose value a merged range repeats, downwards only."""
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for (r0, c0), (r1, c1) in merged:
        if r0 >= skip and r1 > r0 and c0 == c1:
            for row in range(r0, r1 + 1):
                found.setdefault(row, {})[c0] = (r0, c0)
    return found


def _batch(held: list[list[str | None]], numbers: list[int], wanted: Sequence[str]) -> Batch:
    columns = list(zip(*held, strict=True)) if wanted else []
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=list(wanted))
    return Batch(table, np.array(numbers, np.int64))


def text_of(cell: Any) -> str:
    """A cell as text: whole numbers without ``.0``, dates and times in ISO form."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return "" if cell is None else str(cell).strip()
