"""A verdict opened to its reasons: rule, thresholds, figures, source, quality, history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from api.web.desk import Desk
from gis.layers.model import Column, Layer
from gis.layers.model import layer as named
from gis.legend import Legend
from maps import words
from maps.context import RuleText, rule_texts

Chip = dict[str, str]
_APART = {"rule", "reason_zh", "reason_en", "quality"}


@dataclass(frozen=True)
class Verdict:
    """What the macro ``verdict`` shows; ``decided`` is empty where a rule alone decided."""

    chip: Chip
    reason: str
    rules: Sequence[RuleText]
    version: str
    figures: Sequence[tuple[str, str]] = ()
    quality: str = ""
    history: Sequence[tuple[str, Chip]] = field(default_factory=list)
    decided: str = ""


def verdict(
    desk: Desk,
    layer: Layer,
    row: Mapping[str, Any],
    *,
    version: str,
    history: Sequence[tuple[str | date, str]] = (),
    decided: str = "",
) -> Verdict:
    """The verdict of one feature of a result layer.

    ``row`` holds the layer's columns by name, ``version`` is the run's policy version, ``history``
    earlier values of the class column with their periods, newest first.
    """
    scheme = layer.legend
    assert isinstance(scheme, Legend), "a verdict is a class of a legend"
    texts = rule_texts(desk.house.policy)
    cited = [one for one in str(row.get("rule") or "").replace(",", ";").split(";") if one.strip()]
    return Verdict(
        chip=desk.chip(scheme.entry(row[scheme.column])),
        reason=desk.either(row["reason_zh"], row["reason_en"]),
        rules=[texts[one.strip()] for one in cited if one.strip() in texts],
        version=version,
        figures=figures(desk, layer, row),
        quality=shown(desk, layer, "quality", row.get("quality")) if row.get("quality") else "",
        history=[(str(when), desk.chip(scheme.entry(value))) for when, value in history],
        decided=decided,
    )


def figures(desk: Desk, layer: Layer, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The layer's other columns that have a value, in words."""
    apart = {*_APART, layer.key, layer.label, getattr(layer.legend, "column", "")}
    return [
        (label(desk, column), shown(desk, layer, column.name, row[column.name]))
        for column in layer.columns
        if column.name not in apart and row.get(column.name) not in (None, "")
    ]


def label(desk: Desk, column: Column) -> str:
    """A column's name with its unit."""
    word = desk.either(column.zh, column.en)
    return f"{word} ({column.unit})" if column.unit else word


def shown(desk: Desk, layer: Layer, name: str, value: Any) -> str:
    """One value in the reader's words: closed lists, shares, codes, numbers, days."""
    if value is None or value == "":
        return "—"
    known = words.value_words(layer, name).get(value)
    if known is not None:
        return desk.either(*known)
    if isinstance(value, bool):
        return desk.t("shell.yes" if value else "shell.no")
    if isinstance(value, int | float) and name not in words.CODES:
        if name in words.SHARES:
            return desk.share(value)
        return desk.held(value, 2) if name in words.HELD else desk.n(value, 2)
    return desk.day(value) if isinstance(value, date) else str(value)


def facility_word(desk: Desk, name: str, value: str | None) -> str:
    """A value of one of the facility register's closed lists in the reader's words."""
    return shown(desk, named("facilities"), name, value)
