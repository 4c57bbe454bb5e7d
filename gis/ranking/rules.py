"""The numbers of EVA-1 and EVA-2 as one frozen value, taken from the policy and handed down."""

from dataclasses import dataclass
from typing import Self

from gis.areas.model import Measure
from gis.errors import BadPolicy
from gis.policy import Policy

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class RankingRules:
    """Weights by measure (they sum to 1), limits of the classes (points, 0 to 100).

    Raises BadPolicy when the weights do not sum to 1 or the limits contradict each other.
    """

    version: str
    weights: dict[str, float]
    demonstration_min: float
    standard_min: float
    years_below: int

    def __post_init__(self) -> None:
        total = sum(self.weights.values())
        if abs(total - 1) > _TOLERANCE:
            raise BadPolicy.at(
                "EVA-1.weight_*",
                f"权重之和应为 1，现为 {total:g}",
                f"must sum to 1, not to {total:g}",
            )
        if not self.standard_min <= self.demonstration_min <= 100:
            needed = "standard_min <= demonstration_min <= 100"
            raise BadPolicy.at("EVA-2", f"应满足 {needed}", f"needed: {needed}")
        if self.years_below < 1:
            raise BadPolicy.at("EVA-2.years_below", "至少为 1", "must be 1 or more")

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """The rules of a policy."""
        return cls(
            version=policy.version,
            weights={one.value: float(policy["EVA-1", f"weight_{one.value}"]) for one in Measure},
            demonstration_min=float(policy["EVA-2", "demonstration_min"]),
            standard_min=float(policy["EVA-2", "standard_min"]),
            years_below=int(policy["EVA-2", "years_below"]),
        )
