"""Reads CQL2 text and CQL2 JSON into one tree of plain JSON values, within bounds."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Never

import cql2

from gis.errors import BadQuery

MAX_LENGTH = 8_000  # characters; a server behind a proxy sees few longer addresses
MAX_DEPTH = (
    8  # of brackets: the parser needs twice the time for each more, and crashes at thousands
)
MAX_NODES = 2_000


class Language(StrEnum):
    """The two encodings of CQL2."""

    TEXT = "cql2-text"
    JSON = "cql2-json"


def parse(words: str, language: Language) -> dict[str, Any]:
    """The tree of a filter in the form of CQL2 JSON: operators, properties, literals.

    Nothing is said yet of what it means. Raises BadQuery for what cannot be read, is too long, too
    deep or has too many parts.
    """
    if len(words) > MAX_LENGTH:
        raise bad(
            f"最多 {MAX_LENGTH:,} 个字符，请缩短", f"at most {MAX_LENGTH:,} characters: shorten it"
        )
    if any(not letter.isprintable() and letter not in "\t\n\r" for letter in words):
        raise bad(
            "含有控制字符或不完整的字符，请删除",
            "holds control characters or lone surrogates: leave them out",
        )
    tree = _text(words) if language is Language.TEXT else _json(words)
    if not isinstance(tree, dict):
        raise bad(
            "应为一个条件，如 colour = 'red'", "a condition is expected, such as colour = 'red'"
        )
    if sum(1 for _ in _nodes(tree)) > MAX_NODES:
        raise bad(f"最多 {MAX_NODES:,} 个部分，请缩短", f"at most {MAX_NODES:,} parts: shorten it")
    return tree


def _text(words: str) -> Any:
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", words)
    _measure(bare, "(", ")", MAX_DEPTH)
    if len(re.findall(r"\bNOT\b", bare, re.IGNORECASE)) > MAX_DEPTH * 8:
        raise bad("NOT 太多，请减少", "too many NOT: use fewer")
    try:
        return cql2.parse_text(words).to_json()
    except Exception as exc:  # the parser has errors of its own, and plain ones
        raise bad(
            "不是有效的 CQL2 文本，请检查引号、括号和运算符，或指定 filter-lang",
            f"not CQL2 text: check quotes, brackets, operators, or give filter-lang: {_line(exc)}",
        ) from exc


def _json(words: str) -> Any:
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", words)
    _measure(bare, "[{", "]}", MAX_DEPTH * 6)  # each operator opens two
    try:
        return json.loads(words, parse_constant=_no_number)
    except ValueError as exc:
        raise bad(
            "不是有效的 JSON，请检查引号和括号，或指定 filter-lang",
            f"not JSON: check quotes and brackets, or give filter-lang: {exc}",
        ) from exc


def _measure(bare: str, opening: str, closing: str, deepest: int) -> None:
    depth = 0
    for letter in bare:
        depth += (letter in opening) - (letter in closing)
        if depth > deepest or depth < 0:
            break
    if depth > deepest:
        raise bad(
            f"括号嵌套超过 {deepest} 层，请简化",
            f"brackets are nested deeper than {deepest}: make it simpler",
        )
    if depth:
        raise bad("括号不成对，请检查", "a bracket is not closed, or closed twice: check them")


def bad(zh: str, en: str) -> BadQuery:
    """What is wrong with a filter, and what to do."""
    return BadQuery.at("filter", zh, en)


def _no_number(word: str) -> Never:
    raise ValueError(f"{word} is no number of JSON")


def _line(exc: Exception) -> str:
    return " ".join(str(exc).split())[:200]


def _nodes(tree: Any) -> Iterator[Any]:
    """Every value of the tree, without recursion."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, dict):
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
