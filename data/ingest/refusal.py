"""How a refusal is worded: file, layer, row, column, value, reason and what to do, zh and en."""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from gis.errors import ImportRefused

_PHONE = (
    r"(?<!\d)(?:(?:\+|00)?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}[- ]?|\.\d{4}\.)\d{4}(?!\d)"
    r"|(?<!\d)(?:0\d{2,3}-|\(0\d{2,3}\) ?)\d{7,8}(?!\d)"
)
_IDENTITY = (
    r"(?<!\d)[1-9]\d{5}[- ]?(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[- ]?"
    r"\d{3}[\dXx](?!\d)"
)
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE = (
    rf"[{PROVINCES}]"
    r" ?[A-HJ-NP-Za-hj-np-z][·\s]?[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳]"
)
_MAIL = r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[\w-]{1,64}\.[A-Za-z0-9.]{1,64}"
PERSONAL = "|".join((_PHONE, _IDENTITY, _PLATE, _MAIL))
NUMBERS = "|".join((_PHONE, _IDENTITY))
HIDDEN = "***"
_SHOWN = 60
_NAMES = 20
_PERSONAL = re.compile(PERSONAL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def hidden(text: str) -> str:
    """``text`` with ``***`` for phones, ids, plates and mail, full-width ones included."""
    clean, found = _PERSONAL.subn(HIDDEN, text)
    if unicodedata.is_normalized("NFKC", text):
        return clean
    plain, more = _PERSONAL.subn(HIDDEN, unicodedata.normalize("NFKC", text))
    return plain if more > found else clean


def masked(value: object) -> str:
    """``value`` as a report may show it: phones, ids, plates and mail hidden, 60 characters."""
    text = hidden(_CONTROL.sub(" ", str(value)[: 20 * _SHOWN]))
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
    name = hidden(path.name)
    where_zh, where_en = [f"文件 {name}"], [f"file {name}"]
    for label_zh, label_en, what in (
        ("图层", "layer", layer),
        ("第几行", "row", row),
        ("列", "column", column),
        ("值", "value", None if value is None else masked(value)),
    ):
        if what is not None:
            shown = hidden(str(what))
            where_zh.append(f"第 {shown} 行" if label_en == "row" else f"{label_zh} {shown}")
            where_en.append(f"{label_en} {shown}")
    return ImportRefused(code, f"{'，'.join(where_zh)}：{zh}。 / {', '.join(where_en)}: {en}.")
