"""From the tree of a filter to an SQL condition: closed lists of operators, bound values.

No word of the filter becomes SQL: an operator chooses a function of ours, a property a column of
the layer, a literal is bound. Whatever is on no list is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Date,
    Float,
    Integer,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)
from sqlalchemy.types import TypeEngine

from gis.ogc import crs as systems
from gis.ogc import times
from gis.ogc.cql import bad
from gis.ogc.crs import Crs
from gis.ogc.operators import COMPARE, OPERATORS, SPATIAL, TEMPORAL
from gis.ogc.times import Span

GEOMETRY = "geometry"
_KINDS_ZH = {"text": "文字", "number": "数字", "boolean": "真假值", "date": "日期", "list": "列表"}
MAX_WILDCARDS = 16


@dataclass(frozen=True)
class Operand:
    """One side of a comparison: what it is in SQL, and its kind."""

    value: Any
    kind: str


@dataclass(frozen=True)
class Compiler:
    """Compiles filters over ``columns`` (by the names of the layer's columns) and ``geometry``.

    ``crs`` is the system of the filter's geometries, ``zone`` the time zone in which an instant
    falls on a day. Every method raises BadQuery.
    """

    columns: Mapping[str, ColumnElement[Any]]
    geometry: ColumnElement[Any]
    crs: Crs
    zone: ZoneInfo

    def condition(self, node: Any) -> ColumnElement[bool]:
        """The condition of a tree's node."""
        if isinstance(node, bool):
            return true() if node else false()
        if isinstance(node, dict) and set(node) == {"property"}:
            found = self._property(node)
            if found.kind != "boolean":
                raise bad(
                    f"{node['property']!r} 不是真假值，不能单独作条件，请与某个值比较",
                    f"{node['property']!r} alone is no condition: compare it with a value",
                )
            return and_(found.value)
        op, args = self._call(node)
        if op in ("and", "or"):
            joined = and_ if op == "and" else or_
            return joined(*(self.condition(one) for one in self._some(op, args))).self_group()
        if op == "not":
            return not_(self.condition(*self._exactly(op, args, 1)))
        return self._predicate(op, args)

    def _predicate(self, op: str, args: list[Any]) -> ColumnElement[bool]:
        if op in COMPARE:
            left, right = map(self._scalar, self._exactly(op, args, 2))
            return COMPARE[op](left.value, self._alike(left, right))
        if op in SPATIAL:
            one, other = map(self._shape, self._exactly(op, args, 2))
            return SPATIAL[op](one, other)
        if op in TEMPORAL:
            return self._temporal(op, *self._exactly(op, args, 2))
        named: dict[str, tuple[Callable[..., ColumnElement[bool]], int]] = {
            "like": (self._like, 2), "in": (self._in, 2), "between": (self._between, 3),
            "isNull": (self._is_null, 1),
        }  # fmt: skip
        if op not in named:
            listed = ", ".join(OPERATORS)
            raise bad(
                f"没有运算符 {op!r}；可用 {listed}", f"{op!r} is not offered; there are {listed}"
            )
        compiled, count = named[op]
        return compiled(*self._exactly(op, args, count))

    # -- the shape of a call --------------------

    def _call(self, node: Any) -> tuple[str, list[Any]]:
        if not (isinstance(node, dict) and set(node) == {"op", "args"}):
            raise bad(
                "应为条件：运算符及其参数",
                "a condition is expected, an operator with its arguments",
            )
        op, args = node["op"], node["args"]
        if not isinstance(op, str) or not isinstance(args, list):
            raise bad("op 应为文字，args 应为列表", "op should be a word and args a list")
        return op, args

    def _exactly(self, op: str, args: list[Any], count: int) -> list[Any]:
        if len(args) != count:
            raise bad(f"{op} 应有 {count} 个参数", f"{op} should have {count} arguments")
        return args

    def _some(self, op: str, args: list[Any]) -> list[Any]:
        if not args:
            raise bad(f"{op} 缺少参数", f"{op} has no arguments: give some")
        return args

    # -- values --------------------

    def _scalar(self, node: Any) -> Operand:
        if isinstance(node, dict) and "property" in node:
            return self._property(node)
        if isinstance(node, dict) and node.get("op") == "casei":
            (inner,) = self._exactly("casei", self._call(node)[1], 1)
            return self._folded(self._scalar(inner))
        if isinstance(node, bool):
            return Operand(literal(node), "boolean")
        if isinstance(node, int | float):
            return Operand(literal(float(_bounded(node))), "number")
        if isinstance(node, str):
            return Operand(literal(_plain(node)), "text")
        return Operand(literal(self._day(node)), "date")

    def _property(self, node: Any) -> Operand:
        name = node.get("property") if isinstance(node, dict) and len(node) == 1 else None
        if not isinstance(name, str) or name not in self.columns:
            raise bad(
                f"本图层没有属性 {name!r}，可用属性见 queryables",
                f"{name!r} is no property of this collection: see queryables",
            )
        column = self.columns[name]
        return Operand(column, kind(column.type))

    def _folded(self, one: Operand) -> Operand:
        if one.kind != "text":
            raise bad("casei 只能用于文字", "casei takes text only")
        return Operand(func.lower(one.value), "text")

    def _alike(self, left: Operand, right: Operand) -> Any:
        if left.kind != right.kind or left.kind == "list":
            raise bad(
                f"{_KINDS_ZH[left.kind]}不能与{_KINDS_ZH[right.kind]}比较，请用同类的值",
                f"{left.kind} is not compared with {right.kind}: use values of one kind",
            )
        return right.value

    def _like(self, subject: Any, pattern: Any) -> ColumnElement[bool]:
        left, right = self._scalar(subject), self._scalar(pattern)
        words = pattern
        while isinstance(words, dict) and words.get("op") == "casei":
            (words,) = words["args"]
        if not isinstance(words, str):
            raise bad("like 的模式应写在引号内", "the pattern of like should stand in quotes")
        if left.kind != "text":
            raise bad("like 只能用于文字", "like takes text only")
        if words.count("%") > MAX_WILDCARDS or (len(words) - len(words.rstrip("\\"))) % 2:
            raise bad(
                f"模式最多 {MAX_WILDCARDS} 个 %，且不能以反斜杠结尾",
                f"a pattern has at most {MAX_WILDCARDS} % and does not end with a backslash",
            )
        value: ColumnElement[Any] = left.value
        return value.like(right.value, escape="\\")

    def _in(self, subject: Any, options: Any) -> ColumnElement[bool]:
        left = self._scalar(subject)
        if not isinstance(options, list) or not options:
            raise bad("in 后面应为不空的列表", "in takes a list that is not empty")
        values = [self._alike(left, self._scalar(one)) for one in options]
        value: ColumnElement[Any] = left.value
        return value.in_(values)

    def _between(self, subject: Any, low: Any, high: Any) -> ColumnElement[bool]:
        asked, lowest, highest = map(self._scalar, (subject, low, high))
        value: ColumnElement[Any] = asked.value
        return and_(
            value >= self._alike(asked, lowest), value <= self._alike(asked, highest)
        ).self_group()

    def _is_null(self, node: Any) -> ColumnElement[bool]:
        if node == {"property": GEOMETRY}:
            return self.geometry.is_(None)
        column: ColumnElement[Any] = self._property(node).value
        return column.is_(None)

    # -- places and days --------------------

    def _shape(self, node: Any) -> ColumnElement[Any]:
        if node == {"property": GEOMETRY}:
            return self.geometry
        if isinstance(node, dict) and set(node) == {"bbox"}:
            numbers = node["bbox"]
            if not isinstance(numbers, list) or any(type(n) not in (int, float) for n in numbers):
                raise bad("bbox 应为数字列表", "bbox should be a list of numbers")
            return _literal(systems.box([float(_bounded(n)) for n in numbers], self.crs))
        if not isinstance(node, dict) or "type" not in node:
            raise bad(
                f"此处应为图形或属性 {GEOMETRY!r}",
                f"a geometry or the property {GEOMETRY!r} is expected",
            )
        try:
            shape = shapely.force_2d(shapely.geometry.shape(node))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError,
                shapely.errors.ShapelyError) as exc:  # fmt: skip
            raise bad(
                "不是有效的 GeoJSON 图形，请检查 type 和 coordinates",
                f"not a GeoJSON geometry, check type and coordinates: {exc}",
            ) from exc
        return _literal(systems.stored(shape, self.crs))

    def _temporal(self, op: str, subject: Any, other: Any) -> ColumnElement[bool]:
        left = self._property(subject)
        if left.kind != "date":
            name = subject["property"]
            raise bad(
                f"{op} 只能用于日期，{name!r} 是{_KINDS_ZH[left.kind]}",
                f"{op} takes a date, {name!r} is {left.kind}",
            )
        return TEMPORAL[op](left.value, self._span(other))

    def _span(self, node: Any) -> Span:
        if isinstance(node, dict) and set(node) == {"interval"}:
            ends = node["interval"]
            if not (isinstance(ends, list) and len(ends) == 2):
                raise bad("区间应有起止两端", "an interval should have two ends")
            if not all(isinstance(end, str) and "/" not in end for end in ends):
                raise bad(
                    "区间的每一端应为日期、时刻或 '..'",
                    "an end of an interval should be a date, an instant or '..'",
                )
            return times.span("/".join(ends), self.zone, where="filter")
        only = self._day(node)
        return Span(only, only)

    def _day(self, node: Any) -> date:
        for name in ("date", "timestamp"):
            if isinstance(node, dict) and set(node) == {name} and isinstance(node[name], str):
                return times.day(node[name], self.zone, where="filter")
        raise bad(
            "此处应为属性、文字、数字、真假值或日期",
            "a property, text, number, truth value or date is expected",
        )


def kind(of: TypeEngine[Any]) -> str:
    """The kind of a column's values: text, number, boolean, date or list."""
    for types, name in (
        ((Integer, Float), "number"), (Boolean, "boolean"), (Date, "date"), (ARRAY, "list")
    ):  # fmt: skip
        if isinstance(of, types):
            return name
    return "text"


def _literal(shape: Any) -> ColumnElement[Any]:
    return func.ST_GeomFromText(shape.wkt, systems.STORED)


def _bounded(number: float) -> float:
    if abs(number) > 1e300:  # a float would be infinite
        raise bad("数字太大，请改小", "a number is too large: use a smaller one")
    return number


def _plain(words: str) -> str:
    if "\0" in words or any("\ud800" <= letter <= "\udfff" for letter in words):
        raise bad(
            "文字含有无法保存的字符，请删除",
            "text holds signs that no text of the store can: leave them out",
        )
    return words
