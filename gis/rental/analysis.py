"""Figures of rental density from counted pieces of ground; pure frames in, frames out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gis.rental.suppression import hidden_cells

Hidden = dict[str, dict[str, pd.Index]]

ADMIN = ("city", "district", "street", "community", "grid", "compound")
# Sums that a piece carries: lettings; people in those whose number of people is known, and how
# many lettings that are; floating people, and all people where the floating are known; lettings
# suspected to be group ones.
SUMS = ("rented", "occupants", "counted", "floating", "floating_of", "suspected")
FIGURES = (
    "rented_dwellings", "dwellings", "rented_per_100", "rented_per_km2", "occupants",
    "occupants_per_dwelling", "floating_share", "suspected_group", "suppressed",
)  # fmt: skip


def used(pieces: pd.DataFrame) -> list[str]:
    """The levels of `ADMIN` that hold any piece."""
    return [level for level in ADMIN if pieces[level].notna().any()]


def sums_by(pieces: pd.DataFrame, level: str) -> pd.DataFrame:
    """The `SUMS` per cell of one level, indexed by the cell."""
    return pieces.groupby(level, sort=True)[list(SUMS)].sum()


def hidden_sums(
    pieces: pd.DataFrame, hierarchies: tuple[Sequence[str], Sequence[str]], *, below: int
) -> Hidden:
    """Which cells must not show which sum: measure -> level -> labels.

    Where the lettings are hidden everything is. Occupants and occupants per dwelling give away in
    how many lettings people were counted, the floating share the floating and the other people:
    these count as small, too. See `gis.rental.suppression`.
    """
    levels = [level for side in hierarchies for level in side]

    def hide(value: str, also: Mapping[str, pd.Index]) -> dict[str, pd.Index]:
        return hidden_cells(pieces, value=value, hierarchies=hierarchies, below=below, also=also)

    rented = hide("rented", {})

    def few(counts: "pd.Series[int]") -> dict[str, pd.Index]:
        return {level: small(counts.groupby(pieces[level]).sum(), below) for level in levels}

    occupants = hide("occupants", _union(rented, few(pieces["counted"])))
    few_settled = few(pieces["floating_of"] - pieces["floating"])
    floating = hide("floating", _union(rented, occupants, few_settled))
    # Labels without a floating person are unknown to that network; they stay hidden all the same.
    return {
        "rented": rented,
        "occupants": _union(rented, few(pieces["counted"]), occupants),
        "floating": _union(rented, occupants, few_settled, floating),
        "suspected": _union(rented, hide("suspected", rented)),
    }


def small(counts: "pd.Series[int]", below: int) -> pd.Index:
    """Labels of the counts from 1 to ``below`` - 1."""
    return counts.index[(counts > 0) & (counts < below)]


def _union(*parts: Mapping[str, pd.Index]) -> dict[str, pd.Index]:
    levels = dict.fromkeys(level for part in parts for level in part)
    return {
        level: pd.Index(np.unique(np.concatenate([part[level] for part in parts if level in part])))
        for level in levels
    }


def figures(
    sums: pd.DataFrame, ground: pd.DataFrame, hidden: Mapping[str, pd.Index]
) -> pd.DataFrame:
    """The published figures of the cells of one level, index as ``sums``.

    Parameters
    ----------
    sums : frame
        `SUMS` per cell.
    ground : frame
        ``dwellings`` (count) and ``ground_m2`` per cell, NaN where unknown.
    hidden : measure -> labels
        What must not be shown at this level.

    Returns
    -------
    frame
        `FIGURES`; rates per 100 dwellings and per km², shares 0 to 1; NaN where unknown, hidden
        or divided by nothing. ``suppressed`` says that the number of lettings is hidden.
    """
    secret = {name: sums.index.isin(labels) for name, labels in hidden.items()}
    rented = sums["rented"].astype("float64").mask(secret["rented"])
    counted = sums["counted"].where(sums["counted"] > 0)
    occupants = sums["occupants"].where(sums["counted"] > 0).mask(secret["occupants"])
    floating = sums["floating"].where(sums["floating_of"] > 0).mask(secret["floating"])
    return pd.DataFrame(
        {
            "rented_dwellings": rented,
            "dwellings": ground["dwellings"],
            "rented_per_100": _over(100.0 * rented, ground["dwellings"]),
            "rented_per_km2": _over(1e6 * rented, ground["ground_m2"]),
            "occupants": occupants,
            "occupants_per_dwelling": _over(occupants, counted),
            "floating_share": _over(floating, sums["floating_of"]),
            "suspected_group": sums["suspected"].astype("float64").mask(secret["suspected"]),
            "suppressed": secret["rented"],
        },
        index=sums.index,
    )


def mainly_rental(found: pd.DataFrame, *, line_share: float) -> "pd.Series[Any]":
    """Whether ``line_share`` of the dwellings or more are let: True, False, None where unknown.

    ``found`` has `FIGURES`, ``lacking``, ``outside`` and ``unplaced_rented``. A rate that is too
    high (dwellings are missing under it) says no below the line and nothing above it; one that is
    below the line says nothing if let dwellings that may lie there could raise it to the line.
    """
    # The share itself: 55 of 100 is 0.55 in binary, too, while 100 * 0.55 is a little above 55.
    mainly = found["rented_dwellings"] / found["dwellings"] >= line_share
    at_most = found["rented_dwellings"] + found["unplaced_rented"]
    too_low = at_most / found["dwellings"] >= line_share
    too_high = (found["lacking"] > 0) | found["outside"]
    judged = found["rented_per_100"].notna() & np.where(mainly, ~too_high, ~too_low)
    return mainly.astype(object).where(judged, None)


def _over(part: "pd.Series[float]", whole: "pd.Series[float]") -> "pd.Series[float]":
    return part / whole.where(whole > 0)


def population_shares(compounds: pd.DataFrame, hidden: Mapping[str, pd.Index], *, below: int) -> (
    dict[str, "pd.Series[float]"]
):  # fmt: skip
    """Floating people among all residents, per level, where every compound of a cell knows both.

    Parameters
    ----------
    compounds : frame
        A column per level of `ADMIN` (null allowed), ``residents``, ``floating_residents``.
    hidden : level -> labels
        Cells whose lettings are hidden; their share is hidden as well.

    Returns
    -------
    dict of level -> Series
        Share 0 to 1 by label, NaN where it would show fewer than ``below`` people; cells in which
        any compound lacks a figure are absent.
    """
    known = compounds["residents"].notna() & compounds["floating_residents"].notna()
    full = compounds.assign(
        floating=compounds["floating_residents"].fillna(0).astype("int64"),
        residents=compounds["residents"].fillna(0).astype("int64"),
        lacking=(~known).astype("int64"),
    )
    full["settled"] = (full["residents"] - full["floating"]).clip(lower=0)
    by = {
        level: full.groupby(level)[["floating", "settled", "residents", "lacking"]].sum()
        for level in ADMIN
    }
    few = {level: small(sums["settled"], below) for level, sums in by.items()}
    also = _union({level: hidden[level] for level in ADMIN if level in hidden}, few)
    more = hidden_cells(
        full[known], value="floating", hierarchies=(used(full), ()), below=below, also=also
    )
    secret = _union(also, more)
    out = {}
    for level, sums in by.items():
        whole = sums[(sums["lacking"] == 0) & (sums["residents"] > 0)]
        share = whole["floating"] / whole["residents"]
        out[level] = share.mask(share.index.isin(secret.get(level, [])))
    return out
