"""Reads divisions and other subjects as they were on one day."""

from collections.abc import Collection
from datetime import date

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from gis.areas.levels import Level, SubjectKind
from gis.db import sql

_SQL = sql.load("gis.areas")


def subjects_on(
    session: Session, *, as_of: date, kinds: Collection[SubjectKind] = tuple(SubjectKind)
) -> pd.DataFrame:
    """Divisions, unified grids and compounds valid on ``as_of`` with their households that day.

    Columns subject_kind, subject_code, area_code, parent_code, name, newly_built (True, False or
    None), households (NaN where unknown), households_as_of (date or None where undated),
    households_source: ``count`` (newest dated count not after ``as_of``), ``register`` (the
    subject's own figure) or None.
    """
    asked = {"as_of": as_of, "kinds": [kind.value for kind in kinds]}
    found = sql.table(session, _SQL["subjects_on"], asked)
    return found.astype({"households": "float64", "newly_built": "object"})


def areas_on(
    session: Session, *, as_of: date, levels: Collection[Level] = tuple(Level)
) -> gpd.GeoDataFrame:
    """Divisions valid on ``as_of`` with their outlines in EPSG:4326 (None where there is none)."""
    asked = {"as_of": as_of, "levels": [level.value for level in levels]}
    return sql.frame(session, _SQL["areas_on"], asked)


def workers_on(session: Session, *, code: str, as_of: date) -> int | None:
    """Community workers of a division on ``as_of``; None where nobody said how many."""
    found: int | None = session.scalar(_SQL["workers_on"], {"code": code, "as_of": as_of})
    return found


def first_code(session: Session, level: Level) -> str:
    """The lowest code of a level."""
    return str(session.execute(_SQL["first_code"], {"level": level}).scalar_one())


def codes_of_later_days(session: Session, carried: str, *, as_of: date) -> list[str]:
    """Codes in column ``carried`` of records with a version after ``as_of``, but none on it.

    area_code stands for communities, grid_code for unified grids, compound_code for compounds.
    """
    asked = {"carried": carried, "as_of": as_of}
    return list(session.execute(_SQL["codes_of_later_days"], asked).scalars())


def outlines_of_day(session: Session, carried: str, *, as_of: date) -> gpd.GeoDataFrame:
    """code and outline (EPSG:4326) of the same on ``as_of``, by the bytes of their codes."""
    return sql.frame(session, _SQL["outlines_of_day"], {"carried": carried, "as_of": as_of})


def begins_a_code(session: Session, prefix: str) -> bool | None:
    """Whether the code of an area begins so, on whichever day; None where there are no areas."""
    found: bool | None = session.scalar(_SQL["begins_a_code"], {"prefix": prefix})
    return found
