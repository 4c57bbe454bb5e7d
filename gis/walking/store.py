"""Reads walkable street lines."""

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy.orm import Session

from gis.arrays import Shapes
from gis.crs import Box, ewkt
from gis.db import sql

_SQL = sql.load("gis.walking")


def walkable_near(session: Session, box: Box, *, srid: int) -> Shapes:
    """Lines (in the CRS ``srid``) that touch a box."""
    return _lines(session, "walkable_near", {"box": ewkt(box), "srid": srid})


def walkable(session: Session, *, srid: int) -> Shapes:
    """All walkable lines (in the CRS ``srid``)."""
    return _lines(session, "walkable", {"srid": srid})


def _lines(session: Session, query: str, asked: dict[str, Any]) -> Shapes:
    found = session.execute(_SQL[query], asked).scalars()
    lines: Shapes = shapely.from_wkb(np.array([bytes(one) for one in found], object))
    return lines


def compounds_on(
    session: Session, *, as_of: date, area_code: str | None = None
) -> gpd.GeoDataFrame:
    """code, name, area_code, households (NaN unknown) and a point in each compound of the day.

    ``area_code``: those of one community only.
    """
    found = sql.frame(session, _SQL["compounds_on"], {"as_of": as_of, "area": area_code})
    return found.astype({"households": "float64"})


def open_facilities_on(session: Session, *, as_of: date) -> gpd.GeoDataFrame:
    """facility, function, area_code and a point in each facility that works on the day."""
    return sql.frame(session, _SQL["open_facilities_on"], {"as_of": as_of})
