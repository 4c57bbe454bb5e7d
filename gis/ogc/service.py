"""Pages, single features and queryables of a layer, under the rights of the session's user."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, or_
from sqlalchemy.orm import Session

from gis.db.session import User
from gis.district import District
from gis.errors import NotFound
from gis.layers import service as layers
from gis.layers.model import Column, Layer
from gis.layers.service import Scope, Statement
from gis.ogc import filters, store
from gis.ogc.crs import Crs
from gis.ogc.model import MAX_LIMIT, Feature, Page, Query, Token
from gis.ogc.times import Span
from gis.policy import Policy


@dataclass(frozen=True)
class _Opened:
    """A layer's statement as a table, and the names of the columns that the user is shown."""

    layer: Layer
    asked: Statement
    table: Subquery
    names: Sequence[str]


def columns(layer: Layer, user: User) -> tuple[Column, ...]:
    """The columns of ``layer`` for a user: without those whose own right is missing."""
    return tuple(one for one in layer.columns if one.needs is None or user.may(one.needs))


def page(
    session: Session,
    layer: Layer,
    query: Query,
    *,
    district: District,
    policy: Policy,
    scope: Scope,
) -> Page:
    """One page of ``layer``: what lies in ``scope`` and matches ``query``, in the order of keys.

    A page that begins at a token shows the token's day and run, so that a sequence of pages gives
    every feature that stands all the while exactly once, whatever is written meanwhile.

    Raises BadQuery for a filter that cannot be used and NoData as `gis.layers.service.read`.
    """
    if query.token is not None:
        scope = replace(scope, as_of=query.token.as_of, run_id=query.token.run_id)
    if query.box is not None and layer.placed:  # without a geometry a feature matches every box
        scope = replace(scope, box=query.box.bounds)
    there = _open(session, layer, district=district, policy=policy, scope=scope)
    conditions = _conditions(there, query, district)
    matched = store.count(session, there.table, there.asked.params, conditions)
    if query.token is not None:
        conditions.append(there.table.c[layer.key] > query.token.after)
    limit = min(query.limit, MAX_LIMIT)
    rows = _rows(session, there, conditions, crs=query.crs, limit=limit + 1)
    features = [_feature(there, row) for row in rows[:limit]]
    run_id = there.asked.run.id if there.asked.run else None
    rest = Token(features[-1].id, there.asked.as_of, run_id) if len(rows) > limit else None
    return Page(layer, features, matched, there.asked.as_of, run_id, rest)


def feature(
    session: Session,
    layer: Layer,
    key: str,
    *,
    crs: Crs,
    district: District,
    policy: Policy,
    scope: Scope,
) -> Feature:
    """One feature of ``layer``; raises NotFound without, and for another area's all the same."""
    one = replace(scope, key=key)
    there = _open(session, layer, district=district, policy=policy, scope=one)
    rows = _rows(session, there, [], crs=crs, limit=1)
    if not rows:
        raise NotFound(layer.name, key)
    return _feature(there, rows[0])


def queryables(
    session: Session, layer: Layer, *, district: District, policy: Policy, scope: Scope
) -> dict[str, str]:
    """The kind (text, number, boolean, date) of each column that a filter may name."""
    there = _open(session, layer, district=district, policy=policy, scope=scope)
    kinds = {name: filters.kind(there.table.c[name].type) for name in there.names}
    return {name: kind for name, kind in kinds.items() if kind != "list"}


def _open(
    session: Session, layer: Layer, *, district: District, policy: Policy, scope: Scope
) -> _Opened:
    asked = layers.statement(session, layer, district=district, policy=policy, scope=scope)
    table = store.layer_table(session, asked.clause, asked.params)
    names = [one.name for one in columns(layer, session.info["user"])]
    return _Opened(layer, asked, table, names)


def _conditions(there: _Opened, query: Query, district: District) -> list[ColumnElement[bool]]:
    shape = store.geometry(there.table)
    found: list[ColumnElement[bool]] = []
    if query.box is not None:
        found.append(or_(there.table.c.geom.is_(None), store.touches(shape, query.box)))
    if query.span is not None and there.layer.life is not None:
        found += _alive(there, *there.layer.life, query.span)
    if query.filter is not None:
        known = {name: there.table.c[name] for name in there.names}
        compiler = filters.Compiler(known, shape, query.filter_crs, district.zone)
        found.append(compiler.condition(query.filter))
    return found


def _alive(there: _Opened, begins: str, ends: str, span: Span) -> list[ColumnElement[bool]]:
    """Features that stood on a day of the span; an unknown first or last day is an open end."""
    first, end = there.table.c[begins], there.table.c[ends]
    found: list[ColumnElement[bool]] = []
    if span.last is not None:
        found.append(or_(first.is_(None), first <= span.last))
    if span.first is not None:
        found.append(or_(end.is_(None), end > span.first))
    return found


def _rows(
    session: Session,
    there: _Opened,
    conditions: Sequence[ColumnElement[bool]],
    *,
    crs: Crs,
    limit: int,
) -> Sequence[Row[Any]]:
    return store.page(
        session, there.table, there.asked.params, names=there.names, key=there.layer.key,
        conditions=conditions, crs=crs, limit=limit,
    )  # fmt: skip


def _feature(there: _Opened, row: Row[Any]) -> Feature:
    """The columns, and behind them the geometry."""
    told: dict[str, Any] = dict(zip(there.names, row[:-1], strict=True))
    return Feature(told[there.layer.key], told, row[-1])
