"""Reads walkable street lines."""

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gis.db import sql

_SQL = sql.load("gis.walking")
Box = tuple[float, float, float, float]


def walkable_near(session: Session, box: Box, *, srid: int) -> NDArray[np.object_]:
    """Lines (in the CRS ``srid``) that touch a box of west, south, east, north in degrees."""
    params = {"box": f"SRID=4326;{shapely.box(*box).wkt}", "srid": srid}
    found = session.execute(_SQL["walkable_near"], params).scalars()
    lines: NDArray[np.object_] = shapely.from_wkb(np.array([bytes(one) for one in found], object))
    return lines
