"""Reads the facility register, on one day or for a drawing."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from gis.areas import former
from gis.db import sql
from gis.facilities.model import Facility

_SQL = sql.load("gis.facilities")
_NUMBERS = ("floor_area_m2", "storeys", "footprint_m2")


def facilities_on(session: Session, *, as_of: date, srid: int) -> pd.DataFrame:
    """All facilities, ``is_open`` on ``as_of`` or not; ``footprint_m2`` measured in ``srid``.

    Columns facility (source key), name, area_code, grid_code, function, provision, ownership,
    status, floor_area_m2, storeys, is_open, footprint_m2 (polygons without a floor area only).
    Where its community or grid was renumbered since, a facility has the code of the day.
    """
    found = sql.table(session, _SQL["facilities_on"], {"as_of": as_of, "srid": srid})
    found = former.of_the_day(session, found, as_of=as_of, columns=("area_code", "grid_code"))
    return found.drop(columns=["lon", "lat"]).astype(dict.fromkeys(_NUMBERS, "float64"))


def shares(session: Session) -> pd.DataFrame:
    """facility (source key), area_code, share of every shared facility."""
    return sql.table(session, _SQL["shares"])


def by_key(session: Session, facility: str, *, lock: bool = False) -> Facility | None:
    """The record with the key ``facility``; ``lock``: as it is now, and nobody else's until then.

    It is held until the transaction ends.
    """
    asked = select(Facility).where(Facility.source_key == facility)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    return session.scalar(asked)


def ground_of(session: Session, ewkt: str, *, srid: int) -> Row[Any]:
    """footprint_m2, outside_m2 (None where not known), lon and lat of a drawn shape."""
    return session.execute(_SQL["ground_of"], {"geom": ewkt, "srid": srid}).one()


def overlapping(
    session: Session, ewkt: str, *, srid: int, besides: str | None
) -> list[tuple[str, float]]:
    """Names of the facilities in use on the same ground and the m² they share, most first."""
    asked = {"geom": ewkt, "srid": srid, "facility": besides}
    return [(row.name, row.shared_m2) for row in session.execute(_SQL["overlapping"], asked)]
