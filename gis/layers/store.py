"""Runs the layers' statements and tile functions; nothing else."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import geopandas as gpd
from sqlalchemy import Select, TextClause, bindparam, func, select
from sqlalchemy.orm import Session

from gis.crs import Box
from gis.db import sql

_SQL = sql.load("gis.layers")
_TILE = ("z", "x", "y", "area_prefix", "shown_on", "run", "subject_level", "h3_resolution")


def query(name: str) -> TextClause:
    """The named statement of a layer."""
    return _SQL[name]


def layer(session: Session, clause: TextClause, params: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """The features of one layer, one row each, ordered by key (EPSG:4326)."""
    named = {name: params[name] for name in clause.compile().params}
    few = params["key"] is not None or params["box"] is not None
    return sql.frame(session, clause, named, streamed=not few)


def count(session: Session, clause: TextClause, params: Mapping[str, Any]) -> int:
    """How many features the layer has."""
    return sql.counted(session, clause, {name: params[name] for name in clause.compile().params})


def outlines(session: Session, *, level: str, area_prefix: str, as_of: date) -> gpd.GeoDataFrame:
    """Outlines of the areas of one level: code, name, geom."""
    params = {"level": level, "area_prefix": area_prefix, "as_of": as_of}
    return sql.frame(session, _SQL["outlines"], params)


def street_lines(session: Session, *, area_prefix: str) -> gpd.GeoDataFrame:
    """Street lines: code, name, kind, geom."""
    return sql.frame(session, _SQL["street_lines"], {"area_prefix": area_prefix})


def buildings(session: Session, *, area_prefix: str) -> gpd.GeoDataFrame:
    """Footprints of the buildings of an area: geom."""
    return sql.frame(session, _SQL["buildings"], {"area_prefix": area_prefix}, streamed=True)


def buildings_up_to(session: Session, *, area_prefix: str, most: int) -> int:
    """How many buildings an area has, counted no further than ``most``."""
    asked = {"area_prefix": area_prefix, "most": most}
    return int(session.execute(_SQL["buildings_up_to"], asked).scalar_one())


def own_bounds(session: Session, *, prefixes: Sequence[str]) -> Box | None:
    """The box round the areas below ``prefixes``; None where none has an outline."""
    found = session.execute(_SQL["own_bounds"], {"prefixes": list(prefixes)}).one()
    return None if found.west is None else (found.west, found.south, found.east, found.north)


def version_of(session: Session, tables: Sequence[str]) -> str:
    """Moves on with every change of the tables, every import and every run."""
    asked = {"sources": list(tables)}
    return str(session.execute(_SQL["version_of"], asked).scalar_one())


@cache
def _tile(layer: str) -> Select[Any]:
    return select(getattr(func.wangge, f"tile_{layer}")(*map(bindparam, _TILE)))


def tile(session: Session, layer: str, **asked: object) -> bytes:
    """What ``wangge.tile_<layer>`` gives for its arguments by name; empty for no rows."""
    return bytes(session.execute(_tile(layer), asked).scalar_one() or b"")
