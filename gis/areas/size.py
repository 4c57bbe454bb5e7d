"""Size of a community and how many workers it is due (COM-1, COM-2); pure."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from gis.errors import BadPolicy
from gis.policy import Policy


class Size(StrEnum):
    """Where a figure lies to what its rule asks for."""

    WITHIN = "within"
    LOW = "low"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SizeRules:
    """COM-1: households per community; COM-2: households for which one worker is due.

    Raises BadPolicy where no household would be enough for a worker.
    """

    households_min: int
    households_max: int
    households_per_worker: int

    def __post_init__(self) -> None:
        if self.households_per_worker < 1:
            raise BadPolicy.at("COM-2.households_per_worker", "至少为 1", "must be 1 or more")

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Read the terms of COM-1 and COM-2."""
        return cls(
            int(policy["COM-1", "households_min"]), int(policy["COM-1", "households_max"]),
            int(policy["COM-2", "households_per_worker"]),
        )  # fmt: skip


@dataclass(frozen=True)
class CommunitySize:
    """Both answers for one community; ``workers_due`` is None without households."""

    households: int | None
    size: Size
    workers: int | None
    workers_due: int | None
    staffing: Size


def judge(households: int | None, workers: int | None, rules: SizeRules) -> CommunitySize:
    """COM-1 and COM-2 for one community; unknown or no households are unknown, never too few.

    A begun ``households_per_worker`` counts as one worker: 501 households at 500 are due two. More
    workers than due are no fault.
    """
    due = math.ceil(households / rules.households_per_worker) if households else None
    staffing = Size.UNKNOWN
    if workers is not None and due is not None:
        staffing = Size.LOW if workers < due else Size.WITHIN
    return CommunitySize(households, _size(households, rules), workers, due, staffing)


def _size(households: int | None, rules: SizeRules) -> Size:
    if not households:
        return Size.UNKNOWN
    if households < rules.households_min:
        return Size.LOW
    return Size.HIGH if households > rules.households_max else Size.WITHIN
