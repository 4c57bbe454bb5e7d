"""Which community, grid or compound held a record on a day before its code of today began."""

from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gis.areas import store
from gis.arrays import Floats, Shapes


def of_the_day(
    session: Session, rows: pd.DataFrame, *, as_of: date, columns: Collection[str]
) -> pd.DataFrame:
    """``rows`` with the codes of the outlines of ``as_of``, where a code is only of later days.

    Records carry the codes of the outlines in force; after a community was renumbered, merged or
    split, an earlier day knows none of them. ``rows`` have ``lon`` and ``lat``; what lies in no
    outline of the day keeps its code.
    """
    for carried in columns:
        others = store.codes_of_later_days(session, carried, as_of=as_of)
        moved = rows[carried].isin(others).to_numpy()
        if moved.any():
            then = store.outlines_of_day(session, carried, as_of=as_of)
            found = first_holding(
                rows.loc[moved, "lon"].to_numpy(dtype=np.float64),
                rows.loc[moved, "lat"].to_numpy(dtype=np.float64),
                then.geometry.to_numpy(),
            )
            codes = rows[carried].astype(object).to_numpy(copy=True)
            at = np.flatnonzero(moved)[found >= 0]
            codes[at] = then["code"].to_numpy()[found[found >= 0]]
            rows = rows.assign(**{carried: codes})
    return rows


def compounds_of_the_day(session: Session, rows: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """`of_the_day` for ``rows`` of compounds (``compound``, ``area_code``, ``grid_code``)."""
    columns = ("area_code", "grid_code")
    others = [store.codes_of_later_days(session, carried, as_of=as_of) for carried in columns]
    if not any(
        rows[carried].isin(codes).any() for carried, codes in zip(columns, others, strict=True)
    ):
        return rows
    drawn = store.outlines_of_day(session, "compound_code", as_of=as_of).set_index("code")["geom"]
    spots = shapely.point_on_surface(drawn.reindex(rows["compound"]).to_numpy())
    placed = rows.assign(lon=shapely.get_x(spots), lat=shapely.get_y(spots))
    return of_the_day(session, placed, as_of=as_of, columns=columns)[list(rows.columns)]


def first_holding(lon: Floats, lat: Floats, outlines: Shapes) -> NDArray[np.int64]:
    """The first of ``outlines`` that holds each point (boundaries are inside), -1 for none."""
    found = np.full(len(lon), len(outlines), dtype=np.int64)
    point, outline = shapely.STRtree(outlines).query(
        shapely.points(lon, lat), predicate="intersects"
    )
    np.minimum.at(found, point, outline)
    found[found == len(outlines)] = -1
    return found
