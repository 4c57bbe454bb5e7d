"""The planner's board: what each division lacks, what lies below it, and what closing it costs."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from gis.areas import hierarchy
from gis.areas.levels import Level
from gis.arrays import Floats
from gis.policy import Policy

_SHOWN = [
    "code", "name", "households", "facilities", "floor_area_m2", "estimated_m2",
    "m2_per_100_households", "required_m2", "gap_m2", "to_build_m2", "short_communities",
    "cost_yuan", "verdict", "floor_rule", "floor_gap_m2", "rule", "reason_zh", "reason_en",
]  # fmt: skip


@dataclass(frozen=True)
class Costs:
    """Defaults of ours, not of any document: yuan per square metre and per facility."""

    yuan_per_m2: float
    fixed_yuan: float

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Read the terms of FAC-COST."""
        terms = policy.rule("FAC-COST")
        return cls(float(terms["yuan_per_m2"]), float(terms["fixed_yuan"]))


def cost_yuan(area_m2: Floats, costs: Costs) -> Floats:
    """What building ``area_m2`` (n,) costs, one facility each; 0 for nothing, NaN for unknown."""
    built = area_m2 > 0
    priced = costs.fixed_yuan + costs.yuan_per_m2 * area_m2
    return np.where(np.isnan(area_m2) | built, priced, 0.0)


def board(results: pd.DataFrame, costs: Costs, *, level: Level) -> pd.DataFrame:
    """The divisions of ``level``, the largest need first.

    Parameters
    ----------
    results : frame
        As `gis.facilities.service.coverage` gives them.

    Returns
    -------
    frame
        ``to_build_m2`` and ``cost_yuan`` are sums over the communities of a division: area that
        one community has too much fills no gap of another. A community of unknown households
        adds nothing; where no community is known both are NaN.
    """
    areas = results[results["subject_kind"].isin([one.value for one in Level])]
    chains = hierarchy.chains(areas)
    own = areas[areas["subject_kind"] == Level.COMMUNITY].set_index("subject_code")
    priced = own.assign(cost_yuan=cost_yuan(own["gap_m2"].to_numpy(), costs))
    pairs = [(above, code) for code in own.index for above in chains[code]]
    spread = pd.DataFrame(pairs, columns=["code", "community"]).join(priced, on="community")
    grouped = spread.groupby("code")
    summed = grouped[["gap_m2", "cost_yuan"]].sum(min_count=1)
    sums = summed.rename(columns={"gap_m2": "to_build_m2"}).assign(
        short_communities=grouped["gap_m2"].agg(lambda gap: int((gap > 0).sum()))
    )
    rows = areas[areas["subject_kind"] == level].rename(columns={"subject_code": "code"})
    shown = rows.join(sums, on="code")[_SHOWN]
    return shown.sort_values(
        ["to_build_m2", "code"], ascending=[False, True], na_position="last"
    ).reset_index(drop=True)
