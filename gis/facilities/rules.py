"""The coverage rules FAC-1 to FAC-3 as the analysis needs them, taken from the policy."""

from dataclasses import dataclass
from typing import Self

from gis.policy import Policy


@dataclass(frozen=True)
class Floor:
    """A least floor area for one community, shown beside the verdict."""

    rule: str
    enabled: bool
    floor_m2: float
    source: str


@dataclass(frozen=True)
class CoverageRules:
    """FAC-1: required area and what counts; FAC-2, FAC-3: the floors; ``source`` is FAC-1's."""

    m2_per_100_households: float
    functions: frozenset[str]
    source: str
    new_community: Floor
    converted: Floor
    converted_ways: frozenset[str]

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Read the rules from ``policy``."""
        return cls(
            m2_per_100_households=float(policy["FAC-1", "m2_per_100_households"]),
            functions=frozenset(policy["FAC-1", "functions"]),
            source=policy.source("FAC-1"),
            new_community=_floor(policy, "FAC-2"),
            converted=_floor(policy, "FAC-3"),
            converted_ways=frozenset(policy["FAC-3", "provisions"]),
        )

    def floor(self, rule: str) -> Floor:
        """The floor that ``rule`` (FAC-2 or FAC-3) sets."""
        return self.new_community if rule == self.new_community.rule else self.converted


def _floor(policy: Policy, rule: str) -> Floor:
    return Floor(
        rule, bool(policy[rule, "enabled"]), float(policy[rule, "floor_m2"]), policy.source(rule)
    )
