"""The policy file: thresholds with rule id, value, unit, source and first day, checked."""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gis.errors import BadPolicy

_META = {"source", "valid_from"}


@dataclass(frozen=True)
class Term:
    """One threshold: ``policy["FAC-1", "m2_per_100_households"]``."""

    rule: str
    name: str
    value: Any
    unit: str
    source: str
    valid_from: date
    note: str = ""


@dataclass(frozen=True)
class Document:
    """Title of a source document in both languages, with a remark on its rank where it has one."""

    zh: str
    en: str


@dataclass(frozen=True)
class Policy:
    """All terms in force; ``digest`` changes when any value does."""

    version: str
    digest: str
    documents: Mapping[str, Document]
    terms: Mapping[tuple[str, str], Term]

    def __getitem__(self, key: tuple[str, str]) -> Any:
        return self.terms[key].value

    def rule(self, rule: str) -> dict[str, Any]:
        """Name → value of all terms of one rule."""
        return {name: term.value for (of, name), term in self.terms.items() if of == rule}

    def source(self, rule: str) -> str:
        """Where a rule stands, with the document's letter (``documents`` has the title)."""
        return next(term.source for (of, _), term in self.terms.items() if of == rule)

    def cited(self, text: str) -> dict[str, Document]:
        """The documents whose letters a text quotes clauses by, by letter in order of the file."""
        letters = set(re.findall(r"\b[A-Z]\d*\b", text, re.ASCII))
        return {letter: one for letter, one in self.documents.items() if letter in letters}


def load(builtin: Path, override: Path | None = None) -> Policy:
    """Read the built-in policy and lay a district's own values over it.

    Raises BadPolicy, naming file, line and reason, for broken TOML, an unknown rule or name, or a
    value of another type than the built-in one.
    """
    raw = _read(builtin)
    terms = _terms(raw, builtin)
    version = str(raw["version"])
    if override is not None:
        own = _read(override)
        terms |= _replaced(terms, own, override)
        version = str(own.get("version", f"{version}+{override.stem}"))
    values = {f"{rule}.{name}": term.value for (rule, name), term in sorted(terms.items())}
    canonical = json.dumps([version, values], sort_keys=True, ensure_ascii=False)
    return Policy(
        version=version,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        documents=MappingProxyType(_documents(raw["documents"], builtin)),
        terms=MappingProxyType(terms),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as exc:
        raise BadPolicy(f"文件无法读取 / {path}: cannot be read ({exc.strerror})") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise BadPolicy(f"不是有效的 TOML 文件 / {path}: {exc}") from exc


def _documents(raw: dict[str, Any], path: Path) -> dict[str, Document]:
    found = {}
    for letter, title in raw.items():
        match title:
            case {"zh": str(zh), "en": str(en)} if zh and en:
                found[letter] = Document(zh, en)
            case _:
                raise _bad(path, "documents", letter, "写法有误", 'write { zh = "…", en = "…" }')
    return found


def _terms(raw: dict[str, Any], path: Path) -> dict[tuple[str, str], Term]:
    terms = {}
    for rule, body in raw["rules"].items():
        for name, cell in body.items():
            if name in _META:
                continue
            if not isinstance(cell, dict) or "value" not in cell:
                raise _bad(path, rule, name, "写法有误", 'write { value = …, unit = "…" }')
            terms[rule, name] = Term(
                rule, name, cell["value"], cell.get("unit", ""), body["source"],
                body["valid_from"], cell.get("note", ""),
            )  # fmt: skip
    return terms


def _replaced(
    known: Mapping[tuple[str, str], Term], own: dict[str, Any], path: Path
) -> dict[tuple[str, str], Term]:
    out = {}
    rules = own.get("rules", {})
    if not isinstance(rules, dict):
        raise BadPolicy(
            "请写 [rules.FAC-1]，取值写在其下 / "
            f"{path}: rules: write [rules.FAC-1] and values below it"
        )
    for rule, body in rules.items():
        if not isinstance(body, dict):
            raise BadPolicy(
                f"请写 [rules.{rule}]，取值写在其下 / "
                f"{path}: {rule}: write [rules.{rule}] and values below it"
            )
        for name, cell in body.items():
            if name in _META:
                continue
            old = known.get((rule, name))
            if old is None:
                raise _bad(
                    path,
                    rule,
                    name,
                    "没有这条规则或名称",
                    "no such rule or name in the built-in policy",
                )
            value = cell.get("value") if isinstance(cell, dict) else cell
            _check_type(path, old, value)
            out[rule, name] = Term(
                rule, name, value, old.unit, body.get("source", f"{path.name}"),
                body.get("valid_from", old.valid_from),
            )  # fmt: skip
    return out


def _check_type(path: Path, old: Term, value: Any) -> None:
    wanted = type(old.value)
    number = wanted in (int, float)
    accepted = (int, float) if wanted is float else (wanted,)
    if type(value) not in accepted:
        raise _bad(
            path, old.rule, old.name, "类型不符", f"{value!r} is not of type {wanted.__name__}"
        )
    if number and not 0 <= value < math.inf:
        raise _bad(
            path,
            old.rule,
            old.name,
            "应为不小于零的数",
            f"{value!r} is no number from zero upwards",
        )
    if old.unit.startswith(("probability", "share")) and number and value > 1:
        raise _bad(
            path, old.rule, old.name, "应在 0 至 1 之间", f"{value!r} is no {old.unit} (0 to 1)"
        )
    if wanted is list and value and not all(isinstance(v, type(old.value[0])) for v in value):
        raise _bad(
            path, old.rule, old.name, "有一项类型不符", f"{value!r}: an entry has another type"
        )


def _bad(path: Path, rule: str, name: str, zh: str, en: str) -> BadPolicy:
    line = _line_of(path, rule, name)
    return BadPolicy(f"第 {line} 行 {rule}.{name}：{zh} / {path}: line {line}: {rule}.{name}: {en}")


def _line_of(path: Path, rule: str, name: str) -> int:
    inside = False
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.strip().startswith("["):
            inside = rule in line
        if inside and re.match(rf"\s*[\"']?{re.escape(name)}\b", line):
            return number
    return next((n for n, line in enumerate(lines, start=1) if rule in line), 1)
