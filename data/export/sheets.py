"""Writers of the office formats: XLSX with a sheet of field explanations, CSV with a BOM."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import xlsxwriter

from data.export import columns
from data.export.model import Caption
from gis.errors import BadInput

_MAX_ROWS = 1_048_576 - 1  # Excel's rows less the header
_MAX_TEXT = 32_767


def csv(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """UTF-8 with BOM, headers in Chinese and English, a point on each feature as lon and lat."""
    _tabular(frame, caption).map(columns.harmless).to_csv(out, index=False, encoding="utf-8-sig")


def xlsx(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """Sheet 数据 with typed cells and sheet 字段说明; no cell is ever a formula.

    Raises BadInput when the layer has more rows than a sheet can hold.
    """
    table = _tabular(frame, caption)
    if len(table) > _MAX_ROWS:
        raise BadInput(f"{len(table)} rows do not fit an XLSX sheet ({_MAX_ROWS}); take csv")
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": caption.title, "comments": caption.text})
        bold = book.add_format({"bold": True, "bg_color": "#DDE3EA", "border": 1})
        _rows(book.add_worksheet("数据"), table, bold)
        _explained(book.add_worksheet("字段说明"), frame, caption, bold)


def _tabular(frame: gpd.GeoDataFrame, caption: Caption) -> pd.DataFrame:
    shown = columns.listed(frame, caption)
    table = pd.DataFrame(columns.plain(frame)[[c.name for c in shown]])
    point = frame.geometry.representative_point()
    table["lon"], table["lat"] = point.x.round(7), point.y.round(7)
    return table.rename(columns={c.name: f"{c.zh} / {c.en}" for c in shown})


def _rows(sheet: Any, table: pd.DataFrame, bold: Any) -> None:
    for at, name in enumerate(table.columns):
        sheet.set_column(at, at, min(max(len(name) + 4, 10), 40))
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, list(table.columns), bold)
    for number, row in enumerate(table.itertuples(index=False, name=None), start=1):
        for at, value in enumerate(row):
            _cell(sheet, number, at, value)
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value)[:_MAX_TEXT])


def _explained(sheet: Any, frame: gpd.GeoDataFrame, caption: Caption, bold: Any) -> None:
    sheet.set_column(0, 3, 28)
    row = 0
    for label, value in caption.lines():
        sheet.write_row(row, 0, [label, value])
        row += 1
    sheet.write_row(row + 1, 0, ["字段 / Field", "中文", "English", "单位 / Unit"], bold)
    for at, column in enumerate(columns.listed(frame, caption), start=row + 2):
        sheet.write_row(at, 0, [column.name, column.zh, column.en, column.unit])
