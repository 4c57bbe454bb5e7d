"""The numbers of VID-1 and VID-2 as one frozen value, taken from the policy and handed down."""

from dataclasses import dataclass
from typing import Self

from gis.policy import Policy


@dataclass(frozen=True)
class VideoRules:
    """Shares of points in use that must work (0 to 1), and the radius of the context (metres)."""

    version: str
    working_share: float
    incident_radius_m: float
    inventory_source: str
    working_source: str

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Take the terms of VID-1 and VID-2 from the policy in force."""
        return cls(
            version=policy.version,
            working_share=float(policy["VID-2", "working_share"]),
            incident_radius_m=float(policy["VID-1", "incident_radius_m"]),
            inventory_source=policy.source("VID-1"),
            working_source=policy.source("VID-2"),
        )
