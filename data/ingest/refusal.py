"""How a refusal is worded: file, layer, row, column, value, reason and what to do, zh and en."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from gis.errors import ImportRefused

_PHONE = r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
_IDENTITY = r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\d)"
_PLATE = (
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领]"
    r"[A-HJ-NP-Z][·\s]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]"
)
_MAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"
PERSONAL = "|".join((_PHONE, _IDENTITY, _PLATE, _MAIL))
NUMBERS = "|".join((_PHONE, _IDENTITY))
HIDDEN = "***"
_SHOWN = 60
_NAMES = 20
_PERSONAL = re.compile(PERSONAL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def masked(value: object) -> str:
    """``value`` as a report may show it: phones, ids, plates and mail hidden, 60 characters."""
    text = _CONTROL.sub(" ", str(value)[: 20 * _SHOWN])
    text = _PERSONAL.sub(HIDDEN, text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def listed(names: Sequence[str], like: str = "") -> str:
    """Column names for a message: masked, at most 20 of them, those like ``like`` first."""
    close = difflib.get_close_matches(like, names, n=3) if like else []
    order = [*close, *(name for name in names if name not in close)]
    more = len(order) - _NAMES
    rest = f" … (+{more})" if more > 0 else ""
    return ", ".join(masked(name) for name in order[:_NAMES]) + rest or "-"


def refuse(
    code: str,
    path: Path,
    zh: str,
    en: str,
    *,
    layer: str | None = None,
    row: int | None = None,
    column: str | None = None,
    value: object = None,
) -> ImportRefused:
    """The error that refuses a file, to be raised by the caller."""
    where_zh, where_en = [f"文件 {path.name}"], [f"file {path.name}"]
    for label_zh, label_en, what in (
        ("图层", "layer", layer),
        ("第几行", "row", row),
        ("列", "column", column),
        ("值", "value", None if value is None else masked(value)),
    ):
        if what is not None:
            where_zh.append(f"第 {what} 行" if label_en == "row" else f"{label_zh} {what}")
            where_en.append(f"{label_en} {what}")
    return ImportRefused(code, f"{'，'.join(where_zh)}：{zh}。 / {', '.join(where_en)}: {en}.")
