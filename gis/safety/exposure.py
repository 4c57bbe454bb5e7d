"""Households per compound and month: the exposure that incidents are held against."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gis.arrays import Flags, Floats, Ints


def households_by_month(
    *,
    row: Ints,
    counted_on: NDArray[np.datetime64],
    households: Floats,
    months: Sequence[date],
    compounds: int,
) -> Floats:
    """Households of every compound in every month.

    Parameters
    ----------
    row : (k,) int
        Compound of each count, 0 to ``compounds`` - 1, in any order.
    counted_on : (k,) datetime64[D]
        Day of each count; NaT for a register entry without a date.
    households : (k,) float
        Households counted, not NaN.
    months : (m,) date
        First day of each month.

    Returns
    -------
    (compounds, m) float
        The newest count that is not later than the month's last day; before the first dated
        count that first count; an undated count only where no dated one exists; NaN without any.
    """
    table = np.full((compounds, len(months)), np.nan)
    undated = np.isnat(counted_on)
    order = np.lexsort((households, counted_on.astype("datetime64[D]").astype(np.int64), row))
    dated = order[~undated[order]]
    loose = order[undated[order]]
    table[row[loose]] = households[loose, None]
    first = dated[np.unique(row[dated], return_index=True)[1]]
    table[row[first]] = households[first, None]
    ends = (np.array(months, dtype="datetime64[M]") + 1).astype("datetime64[D]")
    for column, end in enumerate(ends):
        known = dated[counted_on[dated] < end]
        table[row[known], column] = households[known]  # sorted by day: the last one stays
    return table


def latest_households(
    *,
    row: Ints,
    counted_on: NDArray[np.datetime64],
    households: Floats,
    as_of: date,
    compounds: int,
) -> tuple[Floats, NDArray[np.datetime64]]:
    """Newest count of every compound up to ``as_of``, and its day; NaN and NaT without any.

    Where there is none, the first later count speaks, and an undated one where no dated one does.
    """
    latest = np.full(compounds, np.nan)
    day = np.full(compounds, np.datetime64("NaT", "D"))
    on = counted_on.astype("datetime64[D]")
    later, undated = on > np.datetime64(as_of, "D"), np.isnat(on)
    number = np.where(undated, 0, on.astype(np.int64))
    # The last one assigned stays: undated, then later ones back from the farthest, then the past.
    order = np.lexsort((households, np.where(later, -number, number), ~undated & ~later, ~undated))
    latest[row[order]] = households[order]
    day[row[order]] = on[order]
    return latest, day


def out_of_date(counted_on: NDArray[np.datetime64], *, as_of: date, months: int) -> Flags:
    """Counts more than ``months`` months before ``as_of``, from after it, or without a day."""
    day = np.datetime64(as_of, "D")
    month = day.astype("datetime64[M]")
    month_end = (month - months + 1).astype("datetime64[D]") - 1
    oldest = min((month - months).astype("datetime64[D]") + (day - month), month_end)
    on = counted_on.astype("datetime64[D]")
    return np.asarray(~((on >= oldest) & (on <= day)), dtype=np.bool_)
