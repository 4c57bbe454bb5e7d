"""The camera register on its way out: 一机一档 sheet, GB/T 28181 catalogue, OpenStreetMap nodes.

A sheet and a catalogue read back as they are: importing them changes nothing in the store.
"""

import json
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from data.export import columns, osm, sheets
from data.export.model import DEMO
from data.ingest.fields import FIELDS, Field, Type
from data.ingest.types import Kind
from gis.files import whole
from gis.video import codelists
from gis.video.codelists import CodeList


class RegisterForm(StrEnum):
    """How the register is written: for offices, for platforms, or for OpenStreetMap's tools."""

    SHEET = "sheet"
    CATALOGUE_JSON = "catalogue-json"
    CATALOGUE_CSV = "catalogue-csv"
    OSM = "osm"


_LISTS = {
    one.field: one
    for one in (
        codelists.POINT_CLASS, codelists.KIND, codelists.STATUS, codelists.ROOM, codelists.LIGHT,
        codelists.IMAGING, codelists.LEGAL, codelists.CAPTURE,
    )
}  # fmt: skip
# Other ways to say what is there.
_NOT_STORED = {
    "direction_type", "monitor_direction", "checkpoint_function", "resolution", "focal_range",
    "answered_at", "geometry",
}  # fmt: skip
_FIELDS = tuple(field for field in FIELDS[Kind.CAMERAS] if field.name not in _NOT_STORED)
_INTERNAL = "内部 / internal"
_EXACT = {"lon", "lat"}  # a workbook keeps 16 digits of a number and all of a text

# Catalogue field, column, list whose numbers it takes. Status is left out: in a catalogue it says
# whether a device answers at the moment, which is an observation and no life of the point.
_TOP = (
    ("DeviceID", "gb28181_id", None), ("SourceKey", "key", None), ("Name", "name", None),
    ("CivilCode", "civil_code", None), ("Longitude", "lon", None), ("Latitude", "lat", None),
    ("Address", "address", None), ("Model", "model", None),
    ("SecurityLevelCode", "security_level", None),
)  # fmt: skip
_INFO = (
    ("PointType", "point_class", codelists.POINT_CLASS), ("PTZType", "kind", codelists.KIND),
    ("RoomType", "indoor", codelists.ROOM), ("SupplyLightType", "light", codelists.LIGHT),
    ("PhotoelectricImagingType", "imaging", codelists.IMAGING),
    ("CapturePositionType", "capture_position", None),
    ("DirectionType", "direction_type", codelists.DIRECTION), ("Direction", "direction_deg", None),
    ("Omnidirectional", "omnidirectional", None),
    ("HorizontalFieldAngle", "horizontal_fov_deg", None),
    ("VerticalFieldAngle", "vertical_fov_deg", None), ("MaxViewDistance", "max_distance_m", None),
    ("InstallTime", "installed_on", None), ("RecordSaveDays", "retention_days", None),
    ("ManagementUnit", "management_unit", None), ("ContactInfo", "contact_unit", None),
)  # fmt: skip


def write(register: pd.DataFrame, *, form: RegisterForm, out: Path, demo: bool = False) -> None:
    """Write ``register`` (columns of ``gis.video.store.register``) to ``out``: whole, private.

    A ``demo`` says in a column or member of its own what it is.
    """
    with whole(out) as draft:
        _WRITERS[form](register, draft, demo)


def _sheet(register: pd.DataFrame, out: Path, demo: bool) -> None:
    table = pd.DataFrame(
        {field.label_zh: _shown(register[field.name], field) for field in _FIELDS}, dtype=object
    )
    if demo:
        table["备注"] = DEMO
    with xlsxwriter.Workbook(out, sheets.OPTIONS) as book:
        sheets.rows(book, "一机一档", table)
        book.set_properties({"title": "视频点位一机一档", "comments": _INTERNAL})


def _shown(values: "pd.Series[Any]", field: Field) -> list[Any]:
    """Cells as offices write them: Chinese words, 是 and 否, days, exact coordinates as text."""
    return [_cell(value, field) for value in values]


def _cell(value: Any, field: Field) -> Any:
    if pd.isna(value):
        return None
    if field.name in _LISTS:
        return _LISTS[field.name].by_word[_word(value)].zh
    if field.type is Type.BOOLEAN:
        return "是" if value else "否"
    return repr(float(value)) if field.name in _EXACT else value


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _catalogue(register: pd.DataFrame) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Per point its catalogue fields and those nested under ``Info``."""
    known = register.assign(
        civil_code=register["area_code"].str.slice(0, 6), direction_type=_direction_types(register)
    )
    return [
        (
            {n: _plain(row[c], of) for n, c, of in _TOP},
            {n: _plain(row[c], of) for n, c, of in _INFO},
        )
        for row in known.to_dict("records")
    ]


def _direction_types(register: pd.DataFrame) -> "pd.Series[Any]":
    """The word of DirectionType where a point looks exactly there; degrees are written beside."""
    words = codelists.DIRECTION.by_word
    pairs = zip(register["omnidirectional"], register["direction_deg"], strict=True)
    exact = ["all" if around is True else f"{degrees:g}" for around, degrees in pairs]
    known = [word if word in words else None for word in exact]
    return pd.Series(known, index=register.index, dtype=object)


def _plain(value: Any, of: CodeList | None) -> Any:
    if pd.isna(value):
        return None
    if of is not None:
        return of.by_word[_word(value)].number or None
    return value.isoformat() if isinstance(value, date) else value


def _json(register: pd.DataFrame, out: Path, demo: bool) -> None:
    items = [{**top, "Info": info} for top, info in _catalogue(register)]
    body = {"CmdType": "Catalog", "SumNum": len(items), "DeviceList": items}
    if demo:
        body["Note"] = DEMO
    out.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")


def _csv(register: pd.DataFrame, out: Path, demo: bool) -> None:
    names = [name for name, _, _ in (*_TOP, *_INFO)]
    table = pd.DataFrame([{**top, **info} for top, info in _catalogue(register)], columns=names)
    if demo:
        table["Note"] = DEMO
    table.astype(object).map(columns.harmless).to_csv(out, **columns.CSV)


def _osm(register: pd.DataFrame, out: Path, demo: bool) -> None:
    osm.nodes(register, out, note=f"{_INTERNAL}{f' {DEMO}' if demo else ''}")


_WRITERS: dict[RegisterForm, Callable[[pd.DataFrame, Path, bool], None]] = {
    RegisterForm.SHEET: _sheet,
    RegisterForm.CATALOGUE_JSON: _json,
    RegisterForm.CATALOGUE_CSV: _csv,
    RegisterForm.OSM: _osm,
}
