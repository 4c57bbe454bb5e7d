"""Reads the counts of one day, by compound or community."""

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy.orm import Session

from gis.db import bulk, sql

_SQL = sql.load("gis.counts")
_WORD = pa.dictionary(pa.int32(), pa.string())
_COLUMNS: dict[str, dict[str, Any]] = {
    "floor_area_by_community": {
        "code": pa.string(), "floor_area_m2": pa.float64(), "m2_per_100_households": pa.float64(),
    },
    "incidents_by_compound": {"code": _WORD, "category": _WORD, "incidents": pa.int64()},
    "lettings_by_compound": {
        "code": pa.string(), "rented_dwellings": pa.int64(), "occupants": pa.int64(),
        "rented_per_km2": pa.float64(),
    },
    "cameras_by_compound": {
        "code": pa.string(), "cameras": pa.int64(), "in_use": pa.int64(), "working": pa.int64(),
    },
}  # fmt: skip


def floor_area_by_community(
    session: Session, *, as_of: date, srid: int, functions: tuple[str, ...]
) -> pd.DataFrame:
    """floor_area_m2 and m2_per_100_households (NaN without households), by community code."""
    asked = {"as_of": as_of, "srid": srid, "functions": list(functions)}
    return _read(session, "floor_area_by_community", asked).set_index("code")


def incidents_by_compound(session: Session, *, start: datetime, end: datetime) -> pd.DataFrame:
    """Incidents from ``start`` to before ``end``: compounds with any as rows, categories across."""
    found = _read(session, "incidents_by_compound", {"start": start, "end": end})
    code, category = found["code"].cat, found["category"].cat
    table = np.zeros((len(code.categories), len(category.categories)), dtype=np.int64)
    table[code.codes, category.codes] = found["incidents"]
    index = pd.Index(code.categories, name="code")
    return pd.DataFrame(table, index, pd.Index(category.categories, name="category"))


def lettings_by_compound(session: Session, *, as_of: date, srid: int) -> pd.DataFrame:
    """rented_dwellings, occupants and rented_per_km2 of every compound of the day, by code."""
    asked = {"as_of": as_of, "srid": srid}
    return _read(session, "lettings_by_compound", asked).set_index("code")


def cameras_by_compound(session: Session, *, as_of: date, until: datetime) -> pd.DataFrame:
    """cameras (standing), in_use and working, by code of compounds with any point.

    ``until`` is the first instant after the day in the district's time zone.
    """
    asked = {"as_of": as_of, "until": until}
    return _read(session, "cameras_by_compound", asked).set_index("code")


def _read(session: Session, name: str, asked: dict[str, Any]) -> pd.DataFrame:
    return bulk.table(session, _SQL[name], asked, _COLUMNS[name])
