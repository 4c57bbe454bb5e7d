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
        raise BadQuery(f"filter: at most {MAX_LENGTH:,} characters")
    if any(not letter.isprintable() and letter not in "\t\n\r" for letter in words):
        raise BadQuery("filter: control characters and lone surrogates are not read")
    tree = _text(words) if language is Language.TEXT else _json(words)
    if not isinstance(tree, dict):
        raise BadQuery("filter: a condition is expected")
    if sum(1 for _ in _nodes(tree)) > MAX_NODES:
        raise BadQuery(f"filter: at most {MAX_NODES:,} parts")
    return tree


def _text(words: str) -> Any:
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", words)
    _measure(bare, "(", ")", MAX_DEPTH)
    if len(re.findall(r"\bNOT\b", bare, re.IGNORECASE)) > MAX_DEPTH * 8:
        raise BadQuery("filter: too many NOT")
    try:
        return cql2.parse_text(words).to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError) as exc:
        raise BadQuery(f"filter: not CQL2 text: {_line(exc)}") from exc


def _json(words: str) -> Any:
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", words)
    _measure(bare, "[{", "]}", MAX_DEPTH * 6)  # each operator opens two
    try:
        return json.loads(words, parse_constant=_no_number)
    except ValueError as exc:
        raise BadQuery(f"filter: not JSON: {exc}") from exc


def _measure(bare: str, opening: str, closing: str, deepest: int) -> None:
    depth = 0
    for letter in bare:
        depth += (letter in opening) - (letter in closing)
        if depth > deepest or depth < 0:
            break
    if depth > deepest:
        raise BadQuery(f"filter: brackets are nested deeper than {deepest}")
    if depth:
        raise BadQuery("filter: a bracket is not closed, or closed twice")


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
