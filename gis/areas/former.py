"""Which community, grid or compound held a record on a day when its code of today was none."""

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
    """``rows`` with the codes of the outlines of ``as_of``, where a code is only of other days.

    Records carry the codes of the outlines in force; after a community was renumbered, merged or
    split, an earlier day knows none of them. ``rows`` have ``lon`` and ``lat``; what lies in no
    outline of the day keeps its code.
    """
    for carried in columns:
        others = store.codes_of_other_days(session, carried, as_of=as_of)
        moved = rows[carried].isin(others).to_numpy()
        if moved.any():
            then = store.outlines_of_day(session, carried, as_of=as_of)
            found = first_holding(
                rows.loc[moved, "lon"].to_numpy(), rows.loc[moved, "lat"].to_numpy(),
                then.geometry.to_numpy(),
            )  # fmt: skip
            codes = rows[carried].astype(object).to_numpy(copy=True)
            at = np.flatnonzero(moved)[found >= 0]
            codes[at] = then["code"].to_numpy()[found[found >= 0]]
            rows = rows.assign(**{carried: codes})
    return rows


def first_holding(lon: Floats, lat: Floats, outlines: Shapes) -> NDArray[np.int64]:
    """The first of ``outlines`` that holds each point (boundaries are inside), -1 for none."""
    found = np.full(len(lon), len(outlines), dtype=np.int64)
    point, outline = shapely.STRtree(outlines).query(
        shapely.points(lon, lat), predicate="intersects"
    )
    np.minimum.at(found, point, outline)
    found[found == len(outlines)] = -1
    return found
