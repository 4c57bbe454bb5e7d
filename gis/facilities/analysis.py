"""Facility coverage per 100 households: which area counts, for whom, and what FAC-1 says to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.areas import hierarchy
from gis.areas.levels import Level, SubjectKind
from gis.arrays import Floats, Ints
from gis.facilities.floors import TOLERANCE_M2, with_floors
from gis.facilities.model import Verdict
from gis.facilities.rules import CoverageRules

_NUMBERS = ("households", "floor_area_m2", "estimated_m2")
_COUNTS = ("facilities", "unmeasured", "lacking")
_FIGURES = ["facilities", "floor_area_m2", "estimated_m2", "unmeasured"]


def premises(facilities: pd.DataFrame, rules: CoverageRules) -> pd.DataFrame:
    """The open facilities with a function on the FAC-1 list and the area each one brings.

    Parameters
    ----------
    facilities : frame
        facility, area_code, grid_code, function, provision, is_open, floor_area_m2, storeys,
        footprint_m2 (NaN where missing, and for points).

    Returns
    -------
    frame
        facility, area_code, grid_code, provision; ``area_m2``: the stated floor area, or footprint
        times storeys (one where not stated) with the same in ``estimated_m2``; ``unmeasured``: 1
        where neither is known and the facility brings no area.
    """
    kept = facilities[facilities["is_open"] & facilities["function"].isin(rules.functions)]
    guess_m2 = estimated_m2(kept)
    estimated = kept["floor_area_m2"].isna() & guess_m2.notna()
    area_m2 = kept["floor_area_m2"].where(~estimated, guess_m2)
    return kept[["facility", "area_code", "grid_code", "provision"]].assign(
        area_m2=area_m2.fillna(0.0),
        estimated_m2=guess_m2.where(estimated, 0.0),
        unmeasured=area_m2.isna().astype("int64"),
    )


def estimated_m2(facilities: pd.DataFrame) -> "pd.Series[float]":
    """Footprint times storeys (one where not stated) of each facility; NaN for a point."""
    return facilities["footprint_m2"] * facilities["storeys"].fillna(1).clip(lower=1)


def allocate(counted: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Divide each facility's area among the communities that share it; the host keeps the rest.

    ``counted`` as `premises` gives it, ``shares``: facility, area_code, share. Shares of one
    facility that sum to more than 1 are scaled down to 1, so that no square metre counts twice.
    One row per facility and area with area_m2, estimated_m2, unmeasured and provision.
    """
    given = shares[shares["facility"].isin(counted["facility"])]
    promised = given.groupby("facility")["share"].transform("sum")
    given = given.assign(part=given["share"] / promised.clip(lower=1.0))
    kept = 1.0 - given.groupby("facility")["part"].sum()
    host = counted[["facility", "area_code"]].assign(
        part=counted["facility"].map(kept).fillna(1.0).to_numpy()
    )
    parts = pd.concat([host, given[["facility", "area_code", "part"]]])
    summed = parts.groupby(["facility", "area_code"])["part"].sum().reset_index()
    whole = counted.drop(columns=["area_code", "grid_code"])
    out = summed[summed["part"] > 1e-9].merge(whole, on="facility", how="left")
    out["area_m2"] *= out["part"]
    out["estimated_m2"] *= out["part"]
    return out


def area_figures(parts: pd.DataFrame, chains: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Facilities and area per division, each part counted in its division and in all above it.

    Indexed by code; facilities and unmeasured count a facility once, however many parts it has.
    """
    places = parts["area_code"].map(lambda code: chains.get(code, ()))
    spread = parts.assign(code=places).explode("code").dropna(subset="code")
    summed = spread.groupby("code")[["area_m2", "estimated_m2"]].sum()
    once = spread.drop_duplicates(["code", "facility"]).groupby("code")
    out = summed.assign(facilities=once.size(), unmeasured=once["unmeasured"].sum())
    return out.rename(columns={"area_m2": "floor_area_m2"}).reindex(columns=_FIGURES)


def grid_figures(counted: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Facilities and area per grid, by where a facility stands; what other communities have of it
    is not the grid's.
    """
    kept = counted[["facility", "area_code", "grid_code"]].dropna(subset="grid_code")
    by_grid = kept.merge(parts, on=["facility", "area_code"]).groupby("grid_code")
    out = by_grid[["area_m2", "estimated_m2", "unmeasured"]].sum().assign(facilities=by_grid.size())
    return out.rename(columns={"area_m2": "floor_area_m2"}).reindex(columns=_FIGURES)


def households_of(areas: pd.DataFrame, chains: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Households per division: a wider one sums its communities.

    Where a community lacks the figure the wider division's own figure stands; without that it is
    unknown, because a part of the households would flatter the ratio. Indexed by code: households
    (NaN unknown), households_as_of (the oldest of the counts summed; None if one is undated),
    ``basis`` (own or communities), ``lacking`` (communities without a figure).
    """
    own = areas.set_index("subject_code")[["households", "households_as_of", "subject_kind"]]
    communities = own[own["subject_kind"] == Level.COMMUNITY]
    pairs = [(above, code) for code in communities.index for above in chains[code][1:]]
    below = pd.DataFrame(pairs, columns=["code", "community"]).join(communities, on="community")
    grouped = below.groupby("code")
    out = own.drop(columns="subject_kind").assign(basis="own", lacking=0)
    out["lacking"] = grouped["households"].agg(lambda h: int(h.isna().sum())).reindex(out.index)
    summed = out.index[out["lacking"] == 0]
    out.loc[summed, "households"] = grouped["households"].sum()[summed]
    oldest: dict[Any, Any] = {
        code: _oldest(grouped.get_group(code)["households_as_of"]) for code in summed
    }
    days: list[Any] = [oldest.get(code, day) for code, day in out["households_as_of"].items()]
    out = out.assign(households_as_of=pd.Series(days, index=out.index, dtype="object"))
    out.loc[summed, "basis"] = "communities"
    return out.assign(lacking=out["lacking"].fillna(0).astype("int64"))


def _oldest(dates: "pd.Series[Any]") -> Any:
    return None if dates.isna().any() else min(dates)


def judge(
    households: Floats,
    floor_area_m2: Floats,
    facilities: Ints,
    *,
    m2_per_100_households: float,
) -> dict[str, NDArray[Any]]:
    """The verdict of FAC-1 for n subjects.

    Parameters
    ----------
    households : (n,) float
        NaN or 0 where unknown: the verdict is then unknown and nothing is divided.
    floor_area_m2 : (n,) float
        Area counted.
    facilities : (n,) int
        Facilities counted; 0 gives the verdict none.

    Returns
    -------
    dict
        m2_per_100_households, required_m2 and gap_m2 (NaN where unknown) and verdict.
    """
    known = households > 0  # NaN compares false
    required_m2 = np.where(known, m2_per_100_households * households / 100.0, np.nan)
    short_m2 = required_m2 - floor_area_m2
    gap_m2 = np.where(known, np.where(short_m2 > TOLERANCE_M2, short_m2, 0.0), np.nan)
    ratio = np.divide(
        100.0 * floor_area_m2, households, out=np.full(len(known), np.nan), where=known
    )
    verdict = np.select(
        [~known, facilities == 0, gap_m2 == 0],
        [Verdict.UNKNOWN.value, Verdict.NONE.value, Verdict.MET.value],
        Verdict.BELOW.value,
    )
    return {
        "m2_per_100_households": ratio,
        "required_m2": required_m2,
        "gap_m2": gap_m2,
        "verdict": verdict.astype(object),
    }


def coverage(
    subjects: pd.DataFrame, facilities: pd.DataFrame, shares: pd.DataFrame, rules: CoverageRules
) -> pd.DataFrame:
    """One row per division and grid with figures, verdict and floors; no words yet.

    ``subjects`` as `gis.areas.store.subjects_on` gives it for divisions and grids.
    """
    counted = premises(facilities, rules)
    parts = allocate(counted, shares)
    grids = subjects[subjects["subject_kind"] == SubjectKind.GRID]
    areas = subjects[subjects["subject_kind"] != SubjectKind.GRID]
    chains = hierarchy.chains(areas)
    of_area = areas.drop(columns=["households", "households_as_of"]).join(
        households_of(areas, chains), on="subject_code"
    )
    rows = pd.concat(
        [
            of_area.join(area_figures(parts, chains), on="subject_code"),
            grids.assign(basis="own", lacking=0).join(
                grid_figures(counted, parts), on="subject_code"
            ),
        ],
        ignore_index=True,
    )
    rows = rows.astype(dict.fromkeys(_NUMBERS, "float64"))  # an empty part may come as object
    rows[_FIGURES] = rows[_FIGURES].astype("float64").fillna(0.0)
    rows = rows.astype(dict.fromkeys(_COUNTS, "int64"))
    rows = rows.assign(
        **judge(
            rows["households"].to_numpy(), rows["floor_area_m2"].to_numpy(),
            rows["facilities"].to_numpy(), m2_per_100_households=rules.m2_per_100_households,
        )
    )  # fmt: skip
    return with_floors(rows, parts, rules)
