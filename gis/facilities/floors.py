"""FAC-2 and FAC-3: the floors that stand beside the verdict of FAC-1 and never change it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.areas.levels import SubjectKind
from gis.arrays import Flags
from gis.facilities.rules import CoverageRules

TOLERANCE_M2 = 1e-6  # sums of shares in binary floating point miss the decimal sum by less


def with_floors(rows: pd.DataFrame, parts: pd.DataFrame, rules: CoverageRules) -> pd.DataFrame:
    """``rows`` with the columns of `floors`; a wider division or a grid has no floor."""
    known = rows["required_m2"].notna()
    out = rows.assign(
        floor_rule=None, floor_required_m2=np.nan, floor_gap_m2=np.nan, floor_met=None,
        binding_rule=_or_none("FAC-1", known),
    )  # fmt: skip
    own = rows.index[rows["subject_kind"] == SubjectKind.COMMUNITY]
    for name, values in floors(rows.loc[own], parts, rules).items():
        out.loc[own, name] = values
    return out


def floors(
    communities: pd.DataFrame, parts: pd.DataFrame, rules: CoverageRules
) -> dict[str, NDArray[Any]]:
    """Which floor applies to a community, and is it reached.

    FAC-2 applies to a newly built community. FAC-3 applies to another one if its counted premises
    with a stated way of provision all are converted, extended, bought or rented, and there is one.

    Parameters
    ----------
    communities : frame
        subject_code, newly_built (True, False, None), floor_area_m2, required_m2 (NaN unknown).
    parts : frame
        facility, area_code, provision, as `analysis.allocate` gives it.

    Returns
    -------
    dict
        floor_rule (None where none applies), floor_required_m2, floor_gap_m2 (NaN likewise),
        floor_met (None likewise) and binding_rule: the rule that asks for more area.
    """
    is_new = (communities["newly_built"].eq(True) & rules.new_community.enabled).to_numpy()
    is_converted = _converted(communities["subject_code"], parts, rules) & ~is_new
    which = [is_new, is_converted & rules.converted.enabled]
    both = (rules.new_community, rules.converted)
    applies = which[0] | which[1]
    required_m2 = np.select(which, [floor.floor_m2 for floor in both], np.nan)
    rule = np.select(which, [floor.rule for floor in both], "")
    short_m2 = required_m2 - communities["floor_area_m2"].to_numpy()
    met = short_m2 <= TOLERANCE_M2
    fac1_m2 = communities["required_m2"].to_numpy()
    larger = applies & ~(fac1_m2 >= required_m2)  # an unknown FAC-1 area asks for nothing
    return {
        "floor_rule": _or_none(rule, applies),
        "floor_required_m2": required_m2,
        "floor_gap_m2": np.where(met, 0.0, short_m2),
        "floor_met": _or_none(met, applies),
        "binding_rule": _or_none(np.where(larger, rule, "FAC-1"), larger | ~np.isnan(fac1_m2)),
    }


def _converted(codes: "pd.Series[Any]", parts: pd.DataFrame, rules: CoverageRules) -> Flags:
    stated = parts.dropna(subset="provision")
    listed = stated["provision"].isin(rules.converted_ways)
    inside = codes.isin(stated.loc[listed, "area_code"])
    return (inside & ~codes.isin(stated.loc[~listed, "area_code"])).to_numpy()


def _or_none(values: Any, keep: Any) -> NDArray[Any]:
    """``values`` (n,) or one value as Python objects, None where ``keep`` (n,) is false."""
    kept = np.asarray(keep, dtype=bool)
    out = np.full(kept.shape, None, dtype=object)
    out[kept] = np.broadcast_to(np.asarray(values, dtype=object), kept.shape)[kept]
    return out
