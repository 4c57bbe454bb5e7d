"""From the tree of a filter to an SQL condition: closed lists of operators, bound values.

No word of the filter becomes SQL: an operator chooses a function of ours, a property a column of
the layer, a literal is bound. Whatever is on no list is refused.
"""

import operator
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

from gis.errors import BadQuery
from gis.ogc import crs as systems
from gis.ogc import times
from gis.ogc.crs import Crs
from gis.ogc.times import Span

GEOMETRY = "geometry"
MAX_WILDCARDS = 16
_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_SPATIAL: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "s_intersects": func.ST_Intersects, "s_disjoint": func.ST_Disjoint,
    "s_within": func.ST_Within, "s_contains": func.ST_Contains, "s_touches": func.ST_Touches,
    "s_crosses": func.ST_Crosses, "s_overlaps": func.ST_Overlaps, "s_equals": func.ST_Equals,
}  # fmt: skip


def _inside(value: ColumnElement[date], span: Span) -> ColumnElement[bool]:
    return value.between(span.first or date.min, span.last or date.max)


_TEMPORAL: Mapping[str, Callable[[ColumnElement[date], Span], ColumnElement[bool]]] = {
    "t_before": lambda value, span: value < (span.first or date.min),
    "t_after": lambda value, span: value > (span.last or date.max),
    "t_intersects": _inside,
    "t_during": _inside,
    "t_equals": _inside,
    "t_disjoint": lambda value, span: not_(_inside(value, span)),
}  # a day is a span of one day, and to lie in a span is to intersect it

OPERATORS = ("and", "or", "not", *_COMPARE, "like", "in", "between", "isNull", "casei",
             *_SPATIAL, *_TEMPORAL)  # fmt: skip


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
                raise BadQuery(f"filter: {node['property']!r} alone is no condition")
            return and_(found.value)
        op, args = self._call(node)
        if op in ("and", "or"):
            joined = and_ if op == "and" else or_
            return joined(*(self.condition(one) for one in self._some(op, args))).self_group()
        if op == "not":
            return not_(self.condition(*self._exactly(op, args, 1)))
        return self._predicate(op, args)

    def _predicate(self, op: str, args: list[Any]) -> ColumnElement[bool]:
        if op in _COMPARE:
            left, right = map(self._scalar, self._exactly(op, args, 2))
            return _COMPARE[op](left.value, self._alike(left, right))
        if op in _SPATIAL:
            one, other = map(self._shape, self._exactly(op, args, 2))
            return _SPATIAL[op](one, other)
        if op in _TEMPORAL:
            return self._temporal(op, *self._exactly(op, args, 2))
        named: dict[str, tuple[Callable[..., ColumnElement[bool]], int]] = {
            "like": (self._like, 2), "in": (self._in, 2), "between": (self._between, 3),
            "isNull": (self._is_null, 1),
        }  # fmt: skip
        if op not in named:
            raise BadQuery(f"filter: {op!r} is not offered; there are {', '.join(OPERATORS)}")
        compiled, count = named[op]
        return compiled(*self._exactly(op, args, count))

    # -- the shape of a call --------------------

    def _call(self, node: Any) -> tuple[str, list[Any]]:
        if not (isinstance(node, dict) and set(node) == {"op", "args"}):
            raise BadQuery("filter: a condition is expected, an operator with its arguments")
        op, args = node["op"], node["args"]
        if not isinstance(op, str) or not isinstance(args, list):
            raise BadQuery("filter: op is a word and args a list")
        return op, args

    def _exactly(self, op: str, args: list[Any], count: int) -> list[Any]:
        if len(args) != count:
            raise BadQuery(f"filter: {op} has {count} arguments")
        return args

    def _some(self, op: str, args: list[Any]) -> list[Any]:
        if not args:
            raise BadQuery(f"filter: {op} has no arguments")
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
            raise BadQuery(f"filter: {name!r} is no property of this collection: see queryables")
        column = self.columns[name]
        return Operand(column, kind(column.type))

    def _folded(self, one: Operand) -> Operand:
        if one.kind != "text":
            raise BadQuery("filter: casei takes text")
        return Operand(func.lower(one.value), "text")

    def _alike(self, left: Operand, right: Operand) -> Any:
        if left.kind != right.kind or left.kind == "list":
            raise BadQuery(f"filter: {left.kind} is not compared with {right.kind}")
        return right.value

    def _like(self, subject: Any, pattern: Any) -> ColumnElement[bool]:
        left, right = self._scalar(subject), self._scalar(pattern)
        words = pattern
        while isinstance(words, dict) and words.get("op") == "casei":
            (words,) = words["args"]
        if not isinstance(words, str):
            raise BadQuery("filter: like takes a pattern in quotes")
        if left.kind != "text":
            raise BadQuery("filter: like takes text")
        if words.count("%") > MAX_WILDCARDS or (len(words) - len(words.rstrip("\\"))) % 2:
            raise BadQuery("filter: a pattern has too many % or ends with a backslash")
        value: ColumnElement[Any] = left.value
        return value.like(right.value, escape="\\")

    def _in(self, subject: Any, options: Any) -> ColumnElement[bool]:
        left = self._scalar(subject)
        if not isinstance(options, list) or not options:
            raise BadQuery("filter: in takes a list")
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
                raise BadQuery("filter: bbox is a list of numbers")
            return _literal(systems.box([float(_bounded(n)) for n in numbers], self.crs))
        if not isinstance(node, dict) or "type" not in node:
            raise BadQuery(f"filter: a geometry or the property {GEOMETRY!r} is expected")
        try:
            shape = shapely.force_2d(shapely.geometry.shape(node))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError,
                shapely.errors.ShapelyError) as exc:  # fmt: skip
            raise BadQuery(f"filter: not a GeoJSON geometry: {exc}") from exc
        return _literal(systems.stored(shape, self.crs))

    def _temporal(self, op: str, subject: Any, other: Any) -> ColumnElement[bool]:
        left = self._property(subject)
        if left.kind != "date":
            raise BadQuery(f"filter: {op} takes a date, {subject['property']!r} is {left.kind}")
        return _TEMPORAL[op](left.value, self._span(other))

    def _span(self, node: Any) -> Span:
        if isinstance(node, dict) and set(node) == {"interval"}:
            ends = node["interval"]
            if not (isinstance(ends, list) and len(ends) == 2):
                raise BadQuery("filter: an interval has two ends")
            if not all(isinstance(end, str) and "/" not in end for end in ends):
                raise BadQuery("filter: an end of an interval is a date, an instant or '..'")
            return times.span("/".join(ends), self.zone)
        only = self._day(node)
        return Span(only, only)

    def _day(self, node: Any) -> date:
        for name in ("date", "timestamp"):
            if isinstance(node, dict) and set(node) == {name} and isinstance(node[name], str):
                return times.day(node[name], self.zone)
        raise BadQuery("filter: a property, text, number, truth value or date is expected")


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
        raise BadQuery("filter: a number is too large")
    return number


def _plain(words: str) -> str:
    if "\0" in words or any("\ud800" <= letter <= "\udfff" for letter in words):
        raise BadQuery("filter: text holds what no text of the store can")
    return words
