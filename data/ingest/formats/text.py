"""CSV and other delimited text, streamed by Arrow; cells stay strings until ``values``."""

import csv
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from data.ingest import encodings
from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer, header_notes, unique_names
from data.ingest.refusal import masked, refuse
from data.ingest.types import RowNote, Severity
from gis.arrays import Ints

_BLOCK_BYTES = 8 << 20  # also the longest row that is read
_HEAD_LINES = 50
csv.field_size_limit(_BLOCK_BYTES)
_MOST_COLUMNS = 16_384  # as many as an Excel sheet has
_READ = ",\t;|"
_WIDE = "，；"
_END = "\0end\0"  # a line behind the last one, which an open quote swallows


def open_text(path: Path, encoding: str | None) -> Layer:
    """A delimited text as a layer: codec, delimiter and header line are found."""
    codec = encodings.of_text(path, encoding)
    head = _head(path, codec)
    delimiter = _delimiter(head)
    if delimiter not in _READ:
        raise refuse(
            "delimiter_wide",
            path,
            f"以全角“{delimiter}”分列；请改成半角逗号后重试",
            f"is divided by full-width {delimiter}; write plain commas instead",
        )
    header, first, last = _header(head, delimiter)
    if not header:
        raise refuse("no_rows", path, "没有内容", "holds no rows")
    if len(header) > _MOST_COLUMNS:
        raise refuse(
            "columns_many",
            path,
            f"有 {len(header)} 列，最多 {_MOST_COLUMNS} 列；请只留需要的列",
            f"has {len(header)} columns, at most {_MOST_COLUMNS} are read; keep those needed",
        )
    names = unique_names(header)

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        reader = _Reader(path, codec, delimiter, last, names, tuple(wanted))
        return reader.batches()

    return Layer(
        "CSV", None, names, batches, encoding=codec.removesuffix("-sig"), notes=header_notes(first),
        counting=(
            f"行号从表头（第 {last} 行）之下数起，空行不计"
            f" · rows are counted below the header (line {last}), empty lines left out",
        ),
    )  # fmt: skip


def _head(path: Path, codec: str) -> list[str]:
    with path.open(encoding=codec, errors="replace", newline=None) as file:
        text = file.read(1 << 20)
    return text.split("\n")[:_HEAD_LINES]


def _delimiter(lines: list[str]) -> str:
    """The delimiter under which most lines have the same number of cells.

    A full-width one has to stand in the header: in the rows it may be the prose's.
    """

    def score(delimiter: str) -> tuple[int, int]:
        counts = [len(row) for row in _parsed([x for x in lines if x], delimiter)]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual) if usual > 1 else 0, usual)

    plain, wide = max(_READ, key=score), max(_WIDE, key=score)
    named = any(wide in cell for cell in _header(lines, plain)[0])
    return wide if named and score(wide) > score(plain) else plain


def _parsed(lines: list[str], delimiter: str) -> list[list[str]]:
    return [row for row, _, _ in _numbered_rows(lines, delimiter)]


def _numbered_rows(lines: list[str], delimiter: str) -> list[tuple[list[str], int, int]]:
    """Rows with their first and last line, counted from 1: a quoted cell may go over several."""
    reader, found, before = csv.reader(lines, delimiter=delimiter), [], 0
    try:
        for row in reader:
            found.append((row, before + 1, reader.line_num))
            before = reader.line_num
    except csv.Error:
        return [(line.split(delimiter), at, at) for at, line in enumerate(lines, start=1)]
    return found


def _header(lines: list[str], delimiter: str) -> tuple[list[str], int, int]:
    """The header, the first line as wide as the rows below it, and where it begins and ends."""
    rows = _numbered_rows(lines, delimiter)
    widths = [len(row) for row, _, _ in rows if any(cell.strip() for cell in row)]
    if not widths:
        return [], 1, 1
    usual = max(set(widths), key=widths.count)
    for row, first, last in rows:
        filled = sum(bool(cell.strip()) for cell in row)
        if len(row) >= usual and filled > len(row) / 2:
            return row, first, last
    return rows[0]


@dataclass
class _Reader:
    """One pass through the file; rows with a wrong number of cells become notes."""

    path: Path
    codec: str
    delimiter: str
    skip: int
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    bad: list[tuple[int, int]] = field(default_factory=list)
    bare: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def batches(self) -> Iterator[Batch]:
        """Batches in file order; ``rows`` count data rows from 1, broken ones included."""
        met = 0
        self._check_quotes()
        try:
            for table in _regrouped(self._open()):
                numbers, notes = self._numbered(met, table.num_rows)
                met += table.num_rows + len(notes)
                yield self._filled(table, numbers, notes)
            if self.bad:
                numbers, notes = self._numbered(met, 0, rest=True)
                nothing = pa.table({n: pa.array([], pa.string()) for n in self.wanted})
                yield Batch(nothing, numbers, notes=notes)
        except pa.ArrowInvalid as exc:
            raise self._broken(str(exc), met) from exc
        except UnicodeDecodeError as exc:
            raise refuse(
                "encoding_wrong",
                self.path,
                "含有无法解码的字节",
                "has bytes that do not decode",
                row=met + 1,
            ) from exc

    def _check_quotes(self) -> None:
        """Refuse a file that ends within quotes: all that follows them would be one cell."""
        met = 0
        with self.path.open(encoding=self.codec, errors="replace", newline="") as file:
            lines = chain(islice(file, self.skip, None), [_END])
            try:
                for row in csv.reader(lines, delimiter=self.delimiter):
                    if row and row[-1].endswith(_END) and row != [_END]:
                        raise self._broken("it ends within quotes", met)
                    met += bool(row)
                    self.bare |= bool(row) and not any(map(str.strip, row))
            except csv.Error as exc:
                raise self._broken(str(exc), met) from exc

    def _open(self) -> Iterator[pa.RecordBatch]:
        columns = list(self.names if self.bare else self.wanted or self.names[:1])
        arrow_codec = "utf8" if self.codec in {"utf-8", "utf-8-sig"} else self.codec
        reader = arrow_csv.open_csv(
            self.path,
            read_options=arrow_csv.ReadOptions(
                block_size=_BLOCK_BYTES,
                encoding=arrow_codec,
                use_threads=False,
                skip_rows=self.skip,
                column_names=list(self.names),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=True,
                invalid_row_handler=self._invalid,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                include_columns=columns,
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=True,
            ),
        )
        yield from reader

    def _filled(self, table: pa.Table, numbers: Ints, notes: tuple[RowNote, ...]) -> Batch:
        """The rows with a filled cell: a sheet saved as text keeps its empty rows as commas."""
        if not self.bare:
            return Batch(table, numbers, notes=notes)
        filled = np.zeros(table.num_rows, bool)
        for column in table.columns:
            there = pc.not_equal(pc.utf8_trim_whitespace(column), "")
            filled |= there.fill_null(False).to_numpy()
        return Batch(table.select(list(self.wanted)).filter(filled), numbers[filled], notes=notes)

    def _invalid(self, row: arrow_csv.InvalidRow) -> str:
        with self.lock:
            self.bad.append((row.number - self.skip, row.actual_columns))
        return "skip"

    def _numbered(
        self, met: int, good: int, *, rest: bool = False
    ) -> tuple[np.ndarray, tuple[RowNote, ...]]:
        """Row numbers of the next ``good`` rows, and notes on the broken ones among them."""
        with self.lock:
            pending = sorted(self.bad)
        last = met + good
        taken = 0
        for number, _ in pending:
            if not rest and number > last:
                break
            last += 1
            taken += 1
        broken = pending[:taken]
        with self.lock:
            self.bad = pending[taken:] + self.bad[len(pending) :]
        numbers = np.arange(met + 1, last + 1, dtype=np.int64)
        if broken:
            numbers = np.setdiff1d(numbers, [number for number, _ in broken])[:good]
        return numbers, tuple(self._note(*entry) for entry in broken)

    def _note(self, number: int, cells: int) -> RowNote:
        expected = len(self.names)
        return RowNote(
            number,
            Severity.REFUSED,
            "cells_wrong",
            None,
            masked(f"{cells} / {expected}"),
            f"有 {cells} 个单元格，表头有 {expected} 个",
            f"has {cells} cells where the header has {expected}",
        )

    def _broken(self, reason: str, met: int) -> Exception:
        if "utf" in reason.lower():
            return refuse(
                "encoding_wrong",
                self.path,
                "含有无法解码的字节",
                "has bytes that do not decode",
                row=met + 1,
            )
        return refuse(
            "csv_broken",
            self.path,
            "在此行之后无法分列：引号未闭合，或单行超过 8 MiB",
            "cannot be split into cells after this row: an open quote, or a row above 8 MiB",
            row=met + 1,
        )


def _regrouped(parts: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of ``BATCH_ROWS``."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for part in parts:
        waiting.append(part)
        count += part.num_rows
        while count >= BATCH_ROWS:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, BATCH_ROWS)
            waiting = table.slice(BATCH_ROWS).to_batches()
            count -= BATCH_ROWS
    if count:
        yield pa.Table.from_batches(waiting)
