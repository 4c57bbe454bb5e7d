"""Totals, ranks and classes from evaluation scores; pure frames."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gis.arrays import Floats, Ints, Words
from gis.ranking.model import YearClass
from gis.ranking.rules import RankingRules

QUARTERS = 4
_DECIMALS = 9  # 20 + 15.3 + 9.3 + 15.4 is a little below 60 in binary, and reaches 60


def ranked(scores: pd.DataFrame, *, weights: Mapping[str, float]) -> pd.DataFrame:
    """One row per division of one quarter and level, best first.

    Parameters
    ----------
    scores : frame
        ``code``, ``measure``, ``score`` (0 to 100); several scores of one measure count as their
        mean.
    weights : mapping
        Measure to weight; they sum to 1. Other measures are left out, and one that weighs nothing
        may be missing.

    Returns
    -------
    frame
        ``code``, one column per measure, ``total`` = Σ weight · score, ``rank`` and ``missing``.
        A division without a score for every weighted measure has no total and no rank: a mean over
        what is there would rank those first who were evaluated where they are good. Equal totals
        share the better rank and the next one is left out (1, 2, 2, 4).
    """
    wide = scores.pivot_table(index="code", columns="measure", values="score", aggfunc="mean")
    wide = wide.reindex(columns=list(weights)).rename_axis(columns=None)
    needed = [name for name, weight in weights.items() if weight > 0]
    lacks = wide[needed].isna()
    weighed = (wide[needed] * pd.Series(weights)[needed]).sum(axis=1)
    total = weighed.round(_DECIMALS).where(~lacks.any(axis=1))
    rank = total.rank(method="min", ascending=False)
    missing = [", ".join(np.array(needed)[row]) for row in lacks.to_numpy(dtype=bool)]
    rows = wide.assign(total=total, rank=rank, missing=missing).reset_index()
    return rows.sort_values(["rank", "code"], kind="stable", ignore_index=True)


def year_totals(quarters: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Mean total and number of quarters with one, per ``code``, of up to four `ranked` frames."""
    known = [rows.loc[rows["total"].notna(), ["code", "total"]] for rows in quarters]
    together = pd.concat([rows[["code"]] for rows in quarters], ignore_index=True)
    codes = pd.Index(sorted(together["code"].unique()), name="code")
    grouped = pd.concat(known, ignore_index=True).groupby("code")["total"]
    out = pd.DataFrame(
        {"total": grouped.mean().round(_DECIMALS), "quarters": grouped.size()}
    ).reindex(codes)
    return out.assign(quarters=out["quarters"].fillna(0).astype("int64")).reset_index()


def classes(total: Floats, quarters: Ints, *, rules: RankingRules) -> Words:
    """EVA-2 class of each division; a year without all four quarters is unknown.

    A total equal to a limit reaches it.
    """
    conditions = [
        (quarters < QUARTERS) | np.isnan(total),
        total >= rules.demonstration_min,
        total >= rules.standard_min,
    ]
    words = [YearClass.UNKNOWN, YearClass.DEMONSTRATION, YearClass.STANDARD]
    return np.select(conditions, [str(word) for word in words], str(YearClass.BELOW))


def years_below(history: pd.DataFrame) -> "pd.Series[int]":
    """Years below standard in a row that end with the last one, per code.

    ``history`` has one row per ``code`` and ``year`` with its ``year_class``; a missing or unknown
    year breaks the row, for nobody loses a name by what was not measured.
    """
    last = history["year"].max()
    below = history[history["year_class"] == str(YearClass.BELOW)]
    years = below.groupby("code")["year"].agg(set)
    streak = {code: _streak(found, last) for code, found in years.items()}
    codes = pd.Index(sorted(history["code"].unique()), name="code")
    return pd.Series(streak, dtype="float64").reindex(codes).fillna(0).astype("int64")


def _streak(years: set[int], last: int) -> int:
    length = 0
    while last - length in years:
        length += 1
    return length
