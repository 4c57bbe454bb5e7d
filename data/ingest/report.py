"""What became of every row of an imported file: counts, reasons, rows; as JSON and workbook."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from data.ingest.types import FileFacts, Kind, RowNote, Severity
from gis import files
from gis.errors import BadInput, ImportRefused
from gis.privacy import hidden

JSON_NOTES = 200  # rows in the JSON form; the workbook has all of them
SHEET_NOTES = 1_048_575  # rows of an Excel sheet below its heading
_ORDER = (Severity.REFUSED, Severity.FLAGGED, Severity.REPAIRED, Severity.NOTE)
_SEVERITY = {
    Severity.REFUSED: "拒收 refused",
    Severity.FLAGGED: "存疑 flagged",
    Severity.REPAIRED: "已修复 repaired",
    Severity.NOTE: "说明 note",
}
_ROW_HEADINGS = ("行 Row", "结果 Outcome", "代码 Code", "列 Column", "值 Value", "原因", "Reason")


def workbook_name(kind: str, file: Path, sha256: str, *, dry_run: bool) -> str:
    """What the workbook about a file of a kind is called."""
    trial = "-dry-run" if dry_run else ""
    return f"{kind}-{hidden(file.stem)[:60].replace('*', '_')}-{sha256[:8]}{trial}.xlsx"


@dataclass(frozen=True)
class Reason:
    """How often one remark was made of one column; the words are those of its first row."""

    severity: Severity
    code: str
    column: str | None
    count: int
    reason_zh: str
    reason_en: str


_Said = tuple[Severity, str, str | None]


class Notes:
    """Remarks on rows in little memory: equal words are kept once, rows as machine integers.

    What exceeds an Excel sheet is counted and not kept.
    """

    def __init__(self) -> None:
        self._kinds: dict[tuple[Any, ...], int] = {}
        self._rows, self._kind = array("q"), array("q")
        self._values: dict[int, str] = {}
        self._counts: dict[_Said, int] = {}
        self._first: dict[_Said, RowNote] = {}
        self._marked: dict[Severity, set[int]] = {severity: set() for severity in Severity}

    def add(self, notes: Iterable[RowNote]) -> None:
        """Take in remarks, in any order of rows."""
        for note in notes:
            said = (note.severity, note.code, note.column)
            self._counts[said] = self._counts.get(said, 0) + 1
            self._first.setdefault(said, note)
            self._marked[note.severity].add(note.row)
            if len(self._rows) >= SHEET_NOTES:
                continue
            kind = (note.severity, note.code, note.column, note.reason_zh, note.reason_en)
            if note.value is not None:
                self._values[len(self._rows)] = note.value
            self._rows.append(note.row)
            self._kind.append(self._kinds.setdefault(kind, len(self._kinds)))

    def __iter__(self) -> Iterator[RowNote]:
        """The kept remarks: refused rows first, then flagged ones, each by row."""
        kinds = list(self._kinds)
        rank = {severity: place for place, severity in enumerate(_ORDER)}
        order = sorted(
            range(len(self._rows)), key=lambda i: (rank[kinds[self._kind[i]][0]], self._rows[i])
        )
        for i in order:
            severity, code, column, zh, en = kinds[self._kind[i]]
            yield RowNote(self._rows[i], severity, code, column, self._values.get(i), zh, en)

    def __len__(self) -> int:
        return sum(self._counts.values())

    def rows(self, severity: Severity) -> int:
        """How many rows have a remark of ``severity``; refused rows count as nothing else."""
        marked = self._marked[severity]
        if severity is Severity.REFUSED:
            return len(marked)
        return len(marked - self._marked[Severity.REFUSED])

    def reasons(self) -> tuple[Reason, ...]:
        """Every remark that was made, the gravest and most frequent first."""
        listed = [
            Reason(*said, count, self._first[said].reason_zh, self._first[said].reason_en)
            for said, count in self._counts.items()
        ]
        return tuple(sorted(listed, key=lambda r: (_ORDER.index(r.severity), -r.count, r.code)))


@dataclass(frozen=True)
class ImportReport:
    """One import: ``read`` = ``kept`` + ``refused``; ``kept`` = inserted + updated + unchanged.

    ``flagged`` and ``repaired`` count kept rows, ``reassigned`` records of each table that changed
    community, grid or compound because of this file. ``refusal`` is (code, message) where the
    file was refused as a whole and nothing was changed. ``import_id`` is the number by which it is
    undone; None where nothing was changed. ``observations``: what became of the states of points
    that the file told with their time.
    """

    kind: Kind
    facts: FileFacts
    notes: Notes = field(repr=False)
    dry_run: bool = False
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    closed: int = 0
    refused: int = 0
    reassigned: dict[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    refusal: tuple[str, str] | None = None
    import_id: int | None = None
    observations: "ImportReport | None" = None

    @property
    def kept(self) -> int:
        """Rows of the file that the store now holds."""
        return self.inserted + self.updated + self.unchanged

    @property
    def flagged(self) -> int:
        """Kept rows that somebody should look at."""
        return self.notes.rows(Severity.FLAGGED)

    @property
    def repaired(self) -> int:
        """Kept rows that were changed safely."""
        return self.notes.rows(Severity.REPAIRED)

    def counts(self) -> dict[str, int]:
        """The figures by name, as JSON and the workbook show them."""
        names = ("read", "kept", "inserted", "updated", "unchanged", "closed")
        return {name: getattr(self, name) for name in (*names, "repaired", "flagged", "refused")}

    def as_json(self, *, most: int = JSON_NOTES) -> dict[str, Any]:
        """The report with at most ``most`` rows; ``rows_left_out`` says how many more there are."""
        shown = [note for note, _ in zip(self.notes, range(most), strict=False)]
        seen = self.observations
        refusal = self.refusal and {"code": self.refusal[0], "message": self.refusal[1]}
        return {
            "kind": self.kind.value,
            "file": hidden(self.facts.path.name),
            "sha256": self.facts.sha256,
            "format": self.facts.format,
            "layer": self.facts.layer and hidden(self.facts.layer),
            "encoding": self.facts.encoding,
            "frame": self.facts.frame,
            "key_column": self.facts.key_column,
            "mapping": dict(self.facts.mapping),
            "unmapped": list(self.facts.unmapped),
            "dry_run": self.dry_run,
            "import": self.import_id,
            "refusal": refusal,
            **self.counts(),
            "reassigned": self.reassigned,
            "observations": seen and {"import": seen.import_id, **seen.counts()},
            "remarks": list(self.said()),
            "reasons": [vars(reason) for reason in self.notes.reasons()],
            "rows": [vars(note) for note in shown],
            "rows_left_out": len(self.notes) - len(shown),
        }

    def said(self) -> tuple[str, ...]:
        """The remarks on the file as a whole; how rows are numbered, if a number is named."""
        counting = self.facts.counting if len(self.notes) else ()
        return (*self.facts.notes, *counting, *self.remarks, *self._observed())

    def _observed(self) -> tuple[str, ...]:
        if (seen := self.observations) is None:
            return ()
        new, known, no = seen.inserted, seen.updated + seen.unchanged, seen.refused
        zh = f"状态观测：新增 {new} 条，已有 {known} 条，拒收 {no} 条"
        return (f"{zh} · status observations: {new} new, {known} known, {no} refused",)

    def write_xlsx(self, folder: Path) -> Path:
        """Write the workbook for the office that sent the file; returns its path.

        The name follows from kind, file and outcome, so a repeated import replaces its report. It
        appears complete or not at all.

        Raises
        ------
        BadInput
            The folder cannot be written; what the import did stands.
        """
        path = folder / workbook_name(
            self.kind, self.facts.path, self.facts.sha256, dry_run=self.dry_run
        )
        try:
            with files.whole(path, mode=None) as draft:
                self._write_book(draft)
        except (OSError, FileCreateError) as exc:
            raise BadInput(self._unwritten(exc)) from exc
        return path

    def _unwritten(self, exc: Exception) -> str:
        changed = self.refusal is None and not self.dry_run
        zh = f"已入库 {self.kept} 行，但回执未能写出" if changed else "没有改动，回执也未能写出"
        en = f"{self.kept} rows are in the store, but" if changed else "nothing was changed, and"
        return f"{zh} / {en} the report cannot be written ({exc})"

    def _write_book(self, path: Path) -> None:
        plain = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
        options = dict.fromkeys(plain, False) | {"constant_memory": True}
        with xlsxwriter.Workbook(str(path), options) as book:
            self._write_summary(book)
            self._write_rows(book)

    def _write_summary(self, book: xlsxwriter.Workbook) -> None:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("汇总 Summary")
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 5, 30)
        lines: list[tuple[Any, ...]] = [
            ("文件 File", hidden(self.facts.path.name)),
            ("类别 Kind", self.kind.value),
            ("SHA-256", self.facts.sha256),
            ("图层 Layer", self.facts.layer and hidden(self.facts.layer)),
            ("坐标系 Frame", self.facts.frame),
            ("编码 Encoding", self.facts.encoding),
            ("试运行 Dry run", "是 yes" if self.dry_run else "否 no"),
        ]
        if self.refusal is not None:
            lines.append(("整体拒收 Refused", self.refusal[0], self.refusal[1]))
        lines += [(_COUNT_WORDS[name], count) for name, count in self.counts().items()]
        lines += [(f"重新归属 Reassigned: {table}", n) for table, n in self.reassigned.items()]
        lines += [("说明 Remark", remark) for remark in self.said()]
        lines += [("未导入的列 Column not taken", name) for name in self.facts.unmapped]
        lines += [(), ("结果 Outcome", "代码 Code", "列 Column", "行数 Rows", "原因", "Reason")]
        lines += [
            (_SEVERITY[r.severity], r.code, r.column, r.count, r.reason_zh, r.reason_en)
            for r in self.notes.reasons()
        ]
        for line, cells in enumerate(lines):
            sheet.write_row(line, 0, cells[:1], bold)
            sheet.write_row(line, 1, cells[1:])

    def _write_rows(self, book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("逐行 Rows")
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, 4, 18)
        sheet.set_column(5, 6, 60)
        sheet.write_row(0, 0, _ROW_HEADINGS, book.add_format({"bold": True}))
        for line, n in enumerate(self.notes, start=1):
            word = _SEVERITY[n.severity]
            cells = (n.row, word, n.code, n.column, n.value, n.reason_zh, n.reason_en)
            sheet.write_row(line, 0, cells)


_COUNT_WORDS = {
    "read": "读取 Read",
    "kept": "入库 Kept",
    "inserted": "新增 Inserted",
    "updated": "更新 Updated",
    "unchanged": "未变 Unchanged",
    "closed": "终止的旧版本 Versions closed",
    "repaired": "已修复 Repaired",
    "flagged": "存疑 Flagged",
    "refused": "拒收 Refused",
}


def unopened(path: Path, kind: Kind, refusal: ImportRefused) -> ImportReport | None:
    """The report of a file refused before a row was read; None where it is no readable file.

    Only the file itself is read for its digest: what lies beside it may be why it was refused.
    """
    if not path.is_file():
        return None
    try:
        sha256 = files.sha256(path)
    except OSError:
        return None
    facts = FileFacts(
        path=path, sha256=sha256, format="", layer=None, encoding=None, frame="", columns=(),
        mapping={}, unmapped=(), rows=None, key_column=None,
    )  # fmt: skip
    return ImportReport(kind, facts, Notes(), refusal=(refusal.code, str(refusal)))
