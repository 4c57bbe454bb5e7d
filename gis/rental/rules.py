"""The numbers of REN-1 and REN-2 as one frozen value, taken from the policy and handed down."""

from dataclasses import dataclass
from typing import Self

from gis.errors import BadPolicy
from gis.policy import Policy


@dataclass(frozen=True)
class RentalRules:
    """Thresholds of rental density and of mainly rental compounds, with their sources.

    A letting is suspected to be a group one below ``min_m2_per_person`` (usable m² / occupants)
    or above ``max_persons_per_room``. Counts from 1 to ``suppress_below`` - 1 are hidden.
    Raises BadPolicy for resolutions that H3 does not have or that the store does not keep.
    """

    min_m2_per_person: float
    max_persons_per_room: float
    suppress_below: int
    h3_resolutions: tuple[int, ...]
    mainly_rental_share: float
    density_source: str
    mainly_source: str

    def __post_init__(self) -> None:
        if not self.h3_resolutions or not set(self.h3_resolutions) <= {8, 9, 10}:
            raise BadPolicy.at(
                "REN-1.h3_resolutions", "应为 8、9、10 中的一个或几个", "one or more of 8, 9, 10"
            )
        if self.suppress_below < 2:
            raise BadPolicy.at(
                "REN-1.suppress_below",
                "至少为 2，否则没有数值会隐去",
                "must be 2 or more, else nothing would be hidden",
            )

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Take the terms of REN-1 and REN-2 from the policy in force."""
        return cls(
            min_m2_per_person=float(policy["REN-1", "min_m2_per_person"]),
            max_persons_per_room=float(policy["REN-1", "max_persons_per_room"]),
            suppress_below=int(policy["REN-1", "suppress_below"]),
            h3_resolutions=tuple(sorted(set(policy["REN-1", "h3_resolutions"]))),
            mainly_rental_share=float(policy["REN-2", "mainly_rental_share"]),
            density_source=policy.source("REN-1"),
            mainly_source=policy.source("REN-2"),
        )
