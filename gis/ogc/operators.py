"""The operators that a filter may name, each with the function of ours that it chooses."""

import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, not_

from gis.ogc.times import Span

COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
SPATIAL: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "s_intersects": func.ST_Intersects, "s_disjoint": func.ST_Disjoint,
    "s_within": func.ST_Within, "s_contains": func.ST_Contains, "s_touches": func.ST_Touches,
    "s_crosses": func.ST_Crosses, "s_overlaps": func.ST_Overlaps, "s_equals": func.ST_Equals,
}  # fmt: skip


def _inside(value: ColumnElement[date], span: Span) -> ColumnElement[bool]:
    return value.between(span.first or date.min, span.last or date.max)


TEMPORAL: Mapping[str, Callable[[ColumnElement[date], Span], ColumnElement[bool]]] = {
    "t_before": lambda value, span: value < (span.first or date.min),
    "t_after": lambda value, span: value > (span.last or date.max),
    "t_intersects": _inside,
    "t_during": _inside,
    "t_equals": _inside,
    "t_disjoint": lambda value, span: not_(_inside(value, span)),
}  # a day is a span of one day, and to lie in a span is to intersect it

OPERATORS = ("and", "or", "not", *COMPARE, "like", "in", "between", "isNull", "casei",
             *SPATIAL, *TEMPORAL)  # fmt: skip
