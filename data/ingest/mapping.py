"""Which column feeds which field: what the person said, a saved profile, then header synonyms."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path

from data.ingest.fields import FIELDS, POSITIONS, Field, field, fold
from data.ingest.refusal import listed, refuse
from data.ingest.types import Kind, Options

CONSTANT = "="  # --map category==hazard: the field has this value in every row
_REPEATED = re.compile(r"#\d+$")  # see `layer.unique_names`
_PERSON = re.compile(
    r"姓名|身份证|证件号|手机|联系电话|电话|联系方式|联系人|车牌|护照|微信|qq号|银行卡|户主|房东|租客|"
    r"承租人(?!数)|嫌疑人|受害人|报警人|密码|ip地址|mac地址|^ip$|^mac$|ipaddr|password|passwd|userid|"
    r"username|phone|mobile|telephone|idcard|idnumber|passport|platenumber|licenseplate|email"
)


@dataclass(frozen=True)
class ColumnMap:
    """Field name → column of the file, and field name → constant.

    ``asked`` names the fields that the person decided, ``passed`` the columns that bear a name of a
    field, too, and feed none: a better name went before them.
    """

    columns: Mapping[str, str]
    constants: Mapping[str, str]
    unmapped: tuple[str, ...]
    asked: frozenset[str] = frozenset()
    passed: Mapping[str, tuple[str, ...]] = attribute(default_factory=dict)

    @property
    def stated(self) -> dict[str, str]:
        """As a report shows it; a constant keeps its ``=``."""
        return dict(self.columns) | {f: CONSTANT + v for f, v in self.constants.items()}


def resolve(
    path: Path, kind: Kind, columns: Sequence[str], options: Options, *, placed: bool = False
) -> ColumnMap:
    """Find a column for every field of ``kind``; of a file that is ``placed``, with geometries of
    its own, none for positions that nobody asked for.

    Raises ImportRefused ``column_ambiguous`` (two columns for one field, both named),
    ``column_unknown``, ``field_unknown`` or ``column_personal``.
    """
    asked = dict(load_profile(options.profile, kind)) if options.profile else {}
    asked |= options.mapping
    chosen, constants = _asked(path, kind, columns, asked)
    free = [c for c in columns if c not in chosen.values() and not is_personal(c)]
    others: dict[str, list[str]] = {}
    for known in FIELDS[kind]:
        if known.name in chosen or known.name in constants:
            continue
        if placed and known.type in POSITIONS:
            continue
        found, others[known.name] = _synonym(path, known, free)
        if found is not None:
            chosen[known.name] = found
            free.remove(found)
    passed = {name: tuple(c for c in more if c in free) for name, more in others.items()}
    return ColumnMap(
        chosen,
        constants,
        tuple(c for c in columns if c not in chosen.values()),
        frozenset(asked),
        {name: more for name, more in passed.items() if more},
    )


def is_personal(column: str) -> bool:
    """Whether a header names data about a person or an account; such a column is never read."""
    return bool(_PERSON.search(fold(column)))


def _asked(
    path: Path, kind: Kind, columns: Sequence[str], asked: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    chosen, constants = {}, {}
    for name, column in asked.items():
        if field(kind, name) is None:
            names = ", ".join(f.name for f in FIELDS[kind])
            raise refuse(
                "field_unknown",
                path,
                f"{kind} 没有字段 {name}；有：{names}",
                f"{kind} has no field {name}; it has: {names}",
            )
        if column in columns:
            if is_personal(column):
                raise refuse(
                    "column_personal",
                    path,
                    "含个人信息的列不能导入",
                    "a column about persons cannot be imported",
                    column=column,
                )
            chosen[name] = column
        elif column.startswith(CONSTANT):
            constants[name] = column[len(CONSTANT) :]
        else:
            names = listed(columns, like=column)
            raise refuse(
                "column_unknown",
                path,
                f"没有这一列；有：{names}",
                f"the file has no such column; it has: {names}",
                column=column,
            )
    return chosen, constants


def _synonym(path: Path, known: Field, free: Sequence[str]) -> tuple[str | None, list[str]]:
    """The one column that goes by the best name of the field there is, and those by lesser names.

    Columns of one header are told apart by ``#2`` and are as good as each other.
    """
    folded = {column: fold(_REPEATED.sub("", column)) for column in free}
    named = [[c for c in free if folded[c] in tier] for tier in known.tiers]
    best = next((found for found in named if found), [])
    if len(best) > 1:
        both = listed(best)
        raise refuse(
            "column_ambiguous",
            path,
            f"字段 {known.name}（{known.label_zh}）有多个可能的列：{both}；"
            f"请用 --map {known.name}=列名 指明",
            f"field {known.name} could be any of {both}; say --map {known.name}=COLUMN",
        )
    lesser = [c for found in named for c in found if c not in best]
    return (best[0] if best else None), lesser


def load_profile(path: Path, kind: Kind) -> dict[str, str]:
    """The mapping of ``kind`` in a profile: a TOML table ``[kind]`` of ``field = "column"``."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        table = raw.get(str(kind), {})
        if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
            raise ValueError(f'[{kind}] must hold field = "column"')
    except (OSError, ValueError) as exc:
        raise refuse(
            "profile_broken", path, "字段对照文件无法读取", f"the profile cannot be read ({exc})"
        ) from exc
    return dict(table)


def save_profile(path: Path, kind: Kind, mapping: Mapping[str, str]) -> None:
    """Write ``mapping`` as table ``[kind]`` of a profile; other kinds in the file stay."""
    tables: dict[str, Mapping[str, str]] = {}
    if path.exists():
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        tables = {name: table for name, table in raw.items() if isinstance(table, dict)}
    tables[str(kind)] = mapping
    lines = ['# wangge import --profile: field = "column of the file"']
    for name in sorted(tables):
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {_quoted(value)}" for key, value in sorted(tables[name].items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else f"\\{c}" if c in '"\\' else c
        for c in text
    )
    return f'"{escaped}"'
