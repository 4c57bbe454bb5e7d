"""Writers of the office formats: XLSX with a sheet of field explanations, CSV with a BOM."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import xlsxwriter

from data.export import columns
from data.export.model import Caption, Part
from gis.errors import BadInput

_MAX_ROWS = 1_048_576 - 1  # Excel's rows less the header
_MAX_TEXT = 32_767
BOLD = {"bold": True, "bg_color": "#DDE3EA", "border": 1}
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
    "default_date_format": "yyyy-mm-dd",
}


def csv(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """UTF-8 with BOM, headers in Chinese and English, a point on each feature as lon and lat."""
    _tabular(frame, caption).map(columns.harmless).to_csv(out, **columns.CSV)


def xlsx(parts: Sequence[Part], out: Path) -> None:
    """One sheet of typed cells per layer and one of field explanations; no cell is a formula.

    Raises BadInput when a layer has more rows than a sheet can hold.
    """
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        for frame, caption in parts:
            table = _tabular(frame, caption)
            if len(table) > _MAX_ROWS:
                raise BadInput(
                    f"{caption.layer.zh}有 {len(table)} 行，一张工作表至多 {_MAX_ROWS} 行，请用 csv"
                    f" / {len(table)} rows do not fit a sheet ({_MAX_ROWS}): take csv"
                )
            rows(book, caption.layer.zh[:31], table)
        first = parts[0][1]
        book.set_properties({
            "title": first.title, "comments": first.text, "author": first.watermark.user,
            "keywords": first.watermark.marking, "subject": first.watermark.purpose or "",
            "created": first.watermark.at,
        })  # fmt: skip
        _explained(book, parts)


def _tabular(frame: gpd.GeoDataFrame, caption: Caption) -> pd.DataFrame:
    shown = columns.listed(frame, caption)
    table = pd.DataFrame(columns.plain(frame)[[c.name for c in shown]])
    point = frame.geometry.representative_point()
    table["lon"], table["lat"] = point.x.round(7), point.y.round(7)
    return table.rename(columns={c.name: f"{c.zh} / {c.en}" for c in shown})


def rows(book: Any, name: str, table: pd.DataFrame) -> None:
    """Write ``table`` to a sheet of its own with a bold, frozen and filtered header line."""
    sheet, bold = book.add_worksheet(name), book.add_format(BOLD)
    quoted = book.add_format({"quote_prefix": True})
    for at, header in enumerate(table.columns):
        sheet.set_column(at, at, min(max(len(header) + 4, 10), 40))
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, list(table.columns), bold)
    for number, row in enumerate(table.itertuples(index=False, name=None), start=1):
        for at, value in enumerate(row):
            _cell(sheet, number, at, value, quoted)
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _cell(sheet: Any, row: int, column: int, value: Any, quoted: Any) -> None:
    """One typed cell; text like a formula is marked as text, so that editing it runs nothing."""
    if pd.isna(value):
        return
    if isinstance(value, date):
        sheet.write_datetime(row, column, value)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        text = str(value)[:_MAX_TEXT]
        sheet.write_string(row, column, text, quoted if columns.harmless(text) != text else None)


def _explained(book: Any, parts: Sequence[Part]) -> None:
    sheet, bold = book.add_worksheet("字段说明"), book.add_format(BOLD)
    sheet.set_column(0, 3, 28)
    row = 0
    for frame, caption in parts:
        for label, value in caption.lines():
            sheet.write_row(row, 0, [label, value])
            row += 1
        sheet.write_row(row, 0, ["字段 / Field", "中文", "English", "单位 / Unit"], bold)
        for column in columns.listed(frame, caption):
            row += 1
            sheet.write_row(row, 0, [column.name, column.zh, column.en, column.unit])
        row += 2
