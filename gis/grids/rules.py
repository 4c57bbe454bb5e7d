"""The audit rules GRD-1 and GRD-2 as the analysis needs them, taken from the policy."""

from dataclasses import dataclass
from typing import Self

from gis.policy import Policy


@dataclass(frozen=True)
class AuditRules:
    """GRD-1: what is a finding and what a sliver; GRD-2: the size of a grid; with sources."""

    gap_min_m2: float
    overlap_min_m2: float
    sliver_width_m: float
    rounding_width_m: float
    households_min: int
    households_max: int
    ground_source: str
    size_source: str

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Read the rules from ``policy``."""
        return cls(
            **{
                name: float(policy["GRD-1", name])
                for name in ("gap_min_m2", "overlap_min_m2", "sliver_width_m", "rounding_width_m")
            },
            households_min=int(policy["GRD-2", "households_min"]),
            households_max=int(policy["GRD-2", "households_max"]),
            ground_source=policy.source("GRD-1"),
            size_source=policy.source("GRD-2"),
        )
