"""Runs a layer's statement as a table: one page of it, one feature, or how many match."""

from collections.abc import Mapping, Sequence
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Row, Select, Subquery, TextClause, func, select, text
from sqlalchemy.orm import Session

from gis.db import sql
from gis.ogc.crs import STORED, Crs

DEGREES_DIGITS, METRES_DIGITS = 8, 3  # a millimetre
_ALONE = text("SET LOCAL max_parallel_workers_per_gather = 0")


def layer_table(session: Session, clause: TextClause, params: Mapping[str, Any]) -> Subquery:
    """The layer's statement as a table with typed columns; ``params`` are bound when it runs."""
    return sql.as_table(clause, sql.described(session, clause, params))


def geometry(table: Subquery) -> ColumnElement[Any]:
    """The geometry of a layer's table in degrees, longitude first."""
    return func.ST_GeomFromWKB(table.c.geom, STORED)


def touches(shape: ColumnElement[Any], box: BaseGeometry) -> ColumnElement[bool]:
    """Whether the geometry and a box in degrees share a point."""
    return func.ST_Intersects(shape, func.ST_GeomFromText(box.wkt, STORED)).is_(True)


def page(
    session: Session,
    table: Subquery,
    params: Mapping[str, Any],
    *,
    names: Sequence[str],
    key: str,
    conditions: Sequence[ColumnElement[bool]],
    crs: Crs,
    limit: int,
) -> Sequence[Row[Any]]:
    """At most ``limit`` features in the order of their keys: ``names`` and ``geojson`` (text)."""
    shown: Select[Any] = (
        select(*(table.c[name] for name in names), _geojson(table, crs).label("geojson"))
        .where(*conditions)
        .order_by(table.c[key])
        .limit(limit)
    )
    return session.execute(shown, _needed(shown, params)).all()


def count(
    session: Session,
    table: Subquery,
    params: Mapping[str, Any],
    conditions: Sequence[ColumnElement[bool]],
) -> int:
    """How many features match.

    Counted by one process of the server: starting others costs as much again, and many ask at once.
    """
    session.execute(_ALONE)
    asked = select(func.count()).select_from(table).where(*conditions)
    return session.execute(asked, _needed(asked, params)).scalar_one()


def _needed(asked: Select[Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The layer's parameters that the statement has; those of conditions are bound already."""
    return {name: params[name] for name in asked.compile().params if name in params}


def _geojson(table: Subquery, crs: Crs) -> ColumnElement[Any]:
    shape = geometry(table)
    if crs.srid != STORED:
        shape = func.ST_Transform(shape, crs.srid)
    if crs.north_first:
        shape = func.ST_FlipCoordinates(shape)
    return func.ST_AsGeoJSON(shape, METRES_DIGITS if crs.metric else DEGREES_DIGITS, 0)
