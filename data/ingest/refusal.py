"""How a refusal is worded: file, layer, row, column, value, reason and what to do, zh and en."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

import psycopg2
import psycopg2.errors
from sqlalchemy.exc import DBAPIError

from gis.errors import ImportRefused
from gis.privacy import hidden

_SHOWN = 60
_NAMES = 20
_ADVICE = {  # what to do about a file that is not what it should be
    "file_broken": ("请重新导出或重新传输后再试", "export it or have it sent again"),
    "file_empty": ("请核对是否选对文件", "check that it is the right file"),
    "file_missing": ("请核对路径", "check the path"),
    "file_unreadable": ("请更改其权限", "change its permissions"),
    "no_rows": ("请核对是否选对文件或工作表", "check that it is the right file or sheet"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


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
    if code in _ADVICE:
        zh, en = f"{zh}；{_ADVICE[code][0]}", f"{en}; {_ADVICE[code][1]}"
    zh, en = zh.replace(" / ", "/"), en.replace(" / ", "/")  # which parts the two languages
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


def driver_error(error: DBAPIError | psycopg2.Error) -> BaseException | None:
    """What the driver itself said."""
    return error.orig if isinstance(error, DBAPIError) else error


def constraint(error: DBAPIError | psycopg2.Error) -> ImportRefused | None:
    """The refusal for a row that passed our checks and not the store's; None for our own bugs."""
    original = driver_error(error)
    if isinstance(original, psycopg2.errors.InsufficientPrivilege):
        zh, en = "有的行不在您负责的区域内", "some rows lie outside your areas"
        return ImportRefused("outside_areas", f"{zh}，没有改动 / {en}; nothing was changed")
    if not isinstance(original, psycopg2.IntegrityError | psycopg2.DataError):
        return None
    rule = original.diag.constraint_name or original.pgcode
    return ImportRefused(
        "constraint",
        f"数据库拒绝了这些行（{rule}），没有改动 / "
        f"the store refused the rows ({rule}); nothing was changed",
    )
