"""A table as a file: CSV and XLSX that say who took them out, when, what for, and of what data."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from data.export.model import DEMO, Watermark

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MARK = "标记 / Mark"  # the last column of a CSV file
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_NOT_IN_NAMES = {ord(one): " " for one in "[]:*?/\\"}


@dataclass(frozen=True)
class Marked:
    """What a file says about itself."""

    title: str
    watermark: Watermark
    demo: bool

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and value."""
        nature = (("数据性质 / Nature", DEMO),) if self.demo else ()
        return (*nature, *self.watermark.lines())

    @property
    def text(self) -> str:
        """The same as one text."""
        return "; ".join(f"{label}: {value}" for label, value in self.lines())


def written(form: str, marked: Marked, lines: Iterable[Sequence[Any]]) -> bytes:
    """The bytes of a file: ``lines`` are the heading and the rows."""
    return (_csv if form == "csv" else _xlsx)(marked, lines)


def _csv(marked: Marked, lines: Iterable[Sequence[Any]]) -> bytes:
    """The heading stays the first line and each row says whose file it is, in the last column."""
    out = io.StringIO()
    csv.writer(out).writerows(
        [*line, marked.text if number else MARK] for number, line in enumerate(lines)
    )
    return out.getvalue().encode("utf-8-sig")


def _xlsx(marked: Marked, lines: Iterable[Sequence[Any]]) -> bytes:
    out, mark = io.BytesIO(), marked.watermark
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        sheet = book.add_worksheet(marked.title[:31].translate(_NOT_IN_NAMES))
        bold = book.add_format({"bold": True, "bg_color": "#DDE3EA", "border": 1})
        for at, line in enumerate(lines):
            sheet.write_row(at, 0, line, bold if at == 0 else None)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
        about = book.add_worksheet("说明 Notes")
        for at, pair in enumerate(marked.lines()):
            about.write_row(at, 0, pair)
        about.autofit()
        book.set_properties({
            "title": marked.title, "comments": marked.text, "author": mark.user,
            "keywords": mark.marking, "subject": mark.purpose or "", "created": mark.at,
        })  # fmt: skip
    return out.getvalue()
