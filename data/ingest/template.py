"""An empty workbook for a kind of file, with headings that the import recognises."""

import io

import xlsxwriter

from data.ingest.fields import FIELDS
from data.ingest.types import Kind

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def workbook(kind: Kind) -> bytes:
    """The template as XLSX: sheet 填报 to fill in, sheet 说明 with one line per column."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        must = book.add_format({"bold": True, "bg_color": "#FFE8A3", "border": 1})
        free = book.add_format({"bold": True, "bg_color": "#DDE3EA", "border": 1})
        text = book.add_format({"num_format": "@"})  # codes keep their leading zeros
        sheet, told = book.add_worksheet("填报"), book.add_worksheet("说明")
        told.write_row(0, 0, ["列 Column", "英文名 Name", "必填 Required"], free)
        for at, one in enumerate(FIELDS[kind]):
            required = one.required and one.default is None
            sheet.write(0, at, one.label_zh, must if required else free)
            told.write_row(at + 1, 0, [one.label_zh, one.name, "是 yes" if required else ""])
        sheet.set_column(0, len(FIELDS[kind]) - 1, 16, text)
        sheet.freeze_panes(1, 0)
        told.autofit()
    return out.getvalue()
