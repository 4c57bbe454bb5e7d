"""Columns on their way out: words of the registry, plain types, and text no spreadsheet runs."""

import re
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from data.export.model import DEMO, Caption
from gis.layers.model import Column

NOTE = Column("note", "备注", "Note", "note")
# RFC 4180's line end: with another one a lone carriage return in a text would not be quoted.
CSV: dict[str, Any] = {"index": False, "encoding": "utf-8-sig", "lineterminator": "\r\n"}
_DBF_BYTES = 254
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")


def with_note(frame: gpd.GeoDataFrame, caption: Caption) -> gpd.GeoDataFrame:
    """In a demo store every record says so; elsewhere the frame is returned as it is."""
    return frame.assign(note=DEMO) if caption.demo else frame


def listed(frame: pd.DataFrame, caption: Caption) -> tuple[Column, ...]:
    """The registry's columns that the frame has, in the registry's order."""
    known = (*caption.layer.columns, NOTE)
    return tuple(column for column in known if column.name in frame.columns)


def plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Text, numbers, truth values and days only, so that every driver keeps them."""
    out = frame.copy()
    for name in out.columns.drop(out.geometry.name):
        if out[name].dtype == object:
            values = [_plain(value) for value in out[name]]
            empty = all(value is None for value in values)
            out[name] = pd.array(values, dtype="string") if empty else pd.Series(
                values, index=out.index, dtype=object
            )  # fmt: skip
    return out


def cut(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Text that a .dbf field cannot hold ends in an ellipsis, at a whole character."""
    out = frame.copy()
    for name in out.columns.drop(out.geometry.name):
        if out[name].dtype == object or pd.api.types.is_string_dtype(out[name]):
            out[name] = [_cut(value) for value in out[name]]
    return out


def too_long(frame: gpd.GeoDataFrame) -> dict[str, int]:
    """How many texts of each column `cut` cuts; columns where it cuts none are left out."""
    found = {str(name): sum(map(_is_long, frame[name])) for name in frame.columns}
    return {name: count for name, count in found.items() if count}


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value.encode()) > _DBF_BYTES


def _cut(value: Any) -> Any:
    if not _is_long(value):
        return value
    return value.encode()[: _DBF_BYTES - 3].decode(errors="ignore") + "…"


def _plain(value: Any) -> Any:
    if _missing(value):
        return None
    return value if isinstance(value, bool | int | float | str | date) else str(value)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value != value  # noqa: PLR0124 - NaN


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets one leading apostrophe (OWASP).

    That is text whose first character after any apostrophes is one of ``= + - @``, their
    full-width forms, a tab or a line break. Numbers stay numbers. `written` takes it back.
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def written(value: Any) -> Any:
    """What `harmless` was given: nothing is lost by its apostrophe."""
    marked = isinstance(value, str) and value.startswith("'") and _FORMULA.match(value)
    return value[1:] if marked else value
