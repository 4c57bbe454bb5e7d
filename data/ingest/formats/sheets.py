"""XLSX and XLS sheets: the header is looked for below title rows, merged cells are filled."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from data.ingest.formats import headings, legacy
from data.ingest.formats.headings import text_of
from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer, header_notes, unique_names
from data.ingest.refusal import refuse

_HEAD_ROWS = 30
_SHEETS, _WORKBOOK = "", "xl/workbook"  # a sheet may have any name
_BLOCK = 1 << 20  # bytes of a part that are looked at in one go, and more than any tag has
_MOST_ROWS = 1 << 20
_MOST_CELLS = 40_000_000  # about 1 GiB in the reader: a full sheet of 38 columns
# A cell beyond column AF, and one that does not say where it stands, whatever else its tag says.
_WIDE = re.compile(rb"\br\s*=\s*[\"'](?:A[G-Z]|[B-Z][A-Z]|[A-Z]{3})\d", re.IGNORECASE)
_BARE = re.compile(rb"<(?:\w+:)?c(?=[\s>/])(?![^<>]*\br\s*=)")
_OURS = re.compile(rb"<(?:\w{99}|(?:\w+:)?(?:row|c|f|workbookPr)[\s/])")
_CELL = re.compile(  # the last group: it is empty
    rb"\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']((?:\s+[st]=\"\w*\")*\s*/>)?", re.IGNORECASE
)
_TAG = re.compile(  # the last group: another tag begins within the row's, which hides the rest
    rb"<(?:\w+:)?(?:row(?=[\s>/])"
    rb"(?:[^<>]*?\br\s*=\s*[\"'](\d{1,7})|(?=[^<>]*(<)))?|c(?=[\s>/]))"
)
_SIGNS = (  # rows that are hidden by hand or by a filter are rows like the others
    (
        re.compile(rb"<row [^<>]*hidden=.(?:1|true)"),
        "工作簿有隐藏或被筛选的行，同样读入 · the workbook hides rows; they are read too",
    ),
    (
        re.compile(rb"<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>"),
        "工作簿有未算出结果的公式，按空格读入；请用 Excel 或 WPS 打开并保存后重新导入"
        " · the workbook has formulas without a result, read as empty cells; open and save it in"
        " Excel or WPS, and import it again",
    ),
    (
        re.compile(rb"<c [^<>]*\bt=.e\b"),
        "工作簿有出错的单元格（如 #REF!），按空格读入"
        " · the workbook has cells with errors, such as #REF!; they are read as empty",
    ),
)
_MAC = re.compile(rb"<workbookPr[^<>]*date1904=.(?:1|true)")
_UNREAD = (zipfile.BadZipFile, OSError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError)
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
    at, header = headings.find(head, _merged(sheet))
    if not header:
        raise refuse("no_rows", path, "工作表没有内容", "the sheet holds no rows", layer=chosen)
    columns = unique_names(header)
    return Layer(
        "XLSX",
        chosen,
        columns,
        lambda wanted: _batches(sheet, at + 1, columns, wanted),
        notes=header_notes(at + 1) + _remarks(path),
        since_1904=_since_1904(path),
        counting=(
            f"行号从表头之下数起：第 1 行是工作表的第 {at + 2} 行"
            f" · rows are counted below the header: row 1 is line {at + 2} of the sheet",
        ),
    )


def _book(path: Path) -> CalamineWorkbook:
    if zipfile.is_zipfile(path):
        _check_extent(path)
    else:
        legacy.check(path)
    try:
        return CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as exc:
        raise legacy.broken(path) from exc


def _parts(path: Path, start: str) -> Iterator[Iterator[bytes]]:
    """The parts of a workbook whose name begins with ``start``, each in blocks that overlap."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            if name.startswith(start):
                with book.open(name) as part:
                    yield _overlapping(part)


def _overlapping(part: IO[bytes]) -> Iterator[bytes]:
    """Blocks that begin where the last tag of the one before does."""
    tail = b""
    while block := part.read(_BLOCK):
        block = tail + block
        yield block
        tail = block[block.rfind(b"<") :] if b"<" in block else b""
        if len(tail) > _BLOCK:  # a picture's bytes or a long text, if it is no tag of a sheet
            if _OURS.match(tail):
                raise zipfile.BadZipFile("no sheet has such a tag")
            tail = b""


def _check_extent(path: Path) -> None:
    """Refuse a sheet with a lone cell far out: the reader holds all cells between, filled or not.

    Up to 32 columns any sheet fits; a wider one is measured.
    """
    try:
        wide = any(
            _WIDE.search(block) or _BARE.search(block)
            for part in _parts(path, _SHEETS)
            for block in part
        )
        cells = max(map(_extent, _parts(path, _SHEETS)), default=0) if wide else 0
    except _UNREAD as exc:
        raise legacy.broken(path) from exc
    if cells > _MOST_CELLS:
        raise legacy.too_large(path)


def _extent(part: Iterator[bytes]) -> int:
    """Rows times columns up to the farthest filled cell, or more."""
    rows = columns = met = standing = 0
    for block in part:
        for letters, number, empty in _CELL.findall(block):
            if not empty:
                rows = max(rows, int(number))
                columns = max(columns, _column(letters))
        for tag in _TAG.finditer(block):
            if tag.group().endswith(b"c"):
                standing += 1
                columns = max(columns, standing if _BARE.match(block, tag.start()) else 0)
            else:
                met, standing = met + 1, 0
                rows = max(rows, met, _MOST_ROWS if tag[2] else int(tag[1] or 0))
    return rows * columns


def _column(letters: bytes) -> int:
    return sum((c - 64) * 26**i for i, c in enumerate(letters.upper()[::-1]))


def _since_1904(path: Path) -> bool:
    """Whether the workbook counts its days from 1904, as old ones from a Macintosh do."""
    return any(_MAC.search(block) for part in _parts(path, _WORKBOOK) for block in part)


def _remarks(path: Path) -> tuple[str, ...]:
    """What a workbook has that a reader of its report would not expect, once for all sheets."""
    found = set()
    for part in _parts(path, _SHEETS):
        for block in part:
            found |= {said for sign, said in _SIGNS if sign.search(block)}
    return tuple(said for _, said in _SIGNS if said in found)


def _filled(book: CalamineWorkbook, name: str) -> bool:
    return book.get_sheet_by_name(name).start is not None


def _merged(sheet: CalamineSheet) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """First and last (row, column) of the merged ranges, columns counted as rows have their cells.

    The reader leaves out empty columns before the first filled one, and no rows.
    """
    left = sheet.start[1] if sheet.start else 0
    ranges = sheet.merged_cell_ranges or []
    return [((r0, c0 - left), (r1, c1 - left)) for (r0, c0), (r1, c1) in ranges if c0 >= left]


def _batches(
    sheet: CalamineSheet, skip: int, columns: tuple[str, ...], wanted: Sequence[str]
) -> Iterator[Batch]:
    fills = _fills(_merged(sheet), skip)
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
            if column >= len(cells):
                continue
            if source == (at, column):
                kept[source] = cells[column]
            else:
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
