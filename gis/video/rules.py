"""The numbers of VID-1, VID-2 and the law on video as frozen values, taken from the policy."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from gis.errors import BadPolicy
from gis.policy import Policy


@dataclass(frozen=True)
class VideoRules:
    """Shares of points in use that must work (0 to 1), and the days that a repair may take.

    ``working_share`` holds for key public places, ``working_share_industries`` for points of key
    industries: those whose GB/T 28181 industry is not in ``public_industries`` or, where the id
    says nothing, whose kind of place is in ``key_place_kinds``. ``counties`` are the codes of GB/T
    2260 that are known to exist.
    """

    working_share: float
    working_share_industries: float
    public_industries: frozenset[str]
    key_place_kinds: frozenset[str]
    repair_days: int
    counties: frozenset[str]
    inventory_source: str
    working_source: str

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Take the terms of VID-1 and VID-2 from the policy in force."""
        return cls(
            working_share=float(policy["VID-2", "working_share"]),
            working_share_industries=float(policy["VID-2", "working_share_other"]),
            public_industries=frozenset(policy["VID-2", "public_industries"]),
            key_place_kinds=frozenset(policy["VID-2", "key_place_kinds"]),
            repair_days=int(policy["VID-2", "repair_days"]),
            counties=frozenset(policy["VID-1", "counties"]),
            inventory_source=policy.source("VID-1"),
            working_source=policy.source("VID-2"),
        )


@dataclass(frozen=True)
class LawRules:
    """What State Council Order 799 and the Counter-Terrorism Law ask of a point.

    ``retention`` lists (rule, legal bases, days, in force since). ``source`` maps a rule to where
    it stands.
    """

    in_force: date
    bases: frozenset[str]
    private_kinds: tuple[str, ...]
    view_min_m2: float
    sign: bool
    filed_bases: frozenset[str]
    filing_days: int
    running_days: int
    retention: tuple[tuple[str, frozenset[str], int, date], ...]
    source: dict[str, str]

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Take the LAW rules from the policy in force."""
        kept = ("LAW-799-17", "LAW-CT-32")
        rules = ("LAW-799-7", "LAW-799-8", "LAW-799-13", "LAW-799-14", *kept)
        return cls(
            in_force=policy.terms["LAW-799-14", "filing_days"].valid_from,
            bases=frozenset(policy["LAW-799-7", "bases"]),
            private_kinds=tuple(policy["LAW-799-8", "places"]),
            view_min_m2=float(policy["LAW-799-8", "view_min_m2"]),
            sign=bool(policy["LAW-799-13", "sign"]),
            filed_bases=frozenset(policy["LAW-799-14", "bases"]),
            filing_days=int(policy["LAW-799-14", "filing_days"]),
            running_days=int(policy["LAW-799-14", "running_days"]),
            retention=tuple(
                (
                    rule,
                    frozenset(policy[rule, "bases"]),
                    int(policy[rule, "retention_days"]),
                    policy.terms[rule, "retention_days"].valid_from,
                )
                for rule in kept
            ),
            source={rule: policy.source(rule) for rule in rules},
        )


@dataclass(frozen=True)
class GroundRules:
    """When public ground counts as covered (VID-2), and what is too small to report.

    Raises BadPolicy for depths that end before the second camera: overlaps are always told; and
    for a quality that VIEW does not have.
    """

    share: float
    quality: str
    blind_min_m2: float
    blind_opening_m: float
    buildings_margin_m: float
    weak_points: int
    deepest: int
    key_place_functions: tuple[str, ...]
    key_place_margin_m: float
    key_place_share: float
    source: str

    def __post_init__(self) -> None:
        if self.deepest < 2:
            raise BadPolicy.at("VID-2.deepest", "至少为 2", "must be 2 or more")

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Take the terms of VID-2 from the policy in force."""
        quality, levels = policy["VID-2", "coverage_quality"], policy["VIEW", "quality_names"]
        if quality not in levels:
            listed = ", ".join(levels)
            raise BadPolicy.at(
                "VID-2.coverage_quality", f"应为以下之一：{listed}", f"must be one of {listed}"
            )
        return cls(
            share=float(policy["VID-2", "coverage_share"]),
            quality=str(quality),
            blind_min_m2=float(policy["VID-2", "blind_min_m2"]),
            blind_opening_m=float(policy["VID-2", "blind_opening_m"]),
            buildings_margin_m=float(policy["VID-2", "buildings_margin_m"]),
            weak_points=int(policy["VID-2", "weak_points"]),
            deepest=int(policy["VID-2", "deepest"]),
            key_place_functions=tuple(policy["VID-2", "key_place_functions"]),
            key_place_margin_m=float(policy["VID-2", "key_place_margin_m"]),
            key_place_share=float(policy["VID-2", "key_place_share"]),
            source=policy.source("VID-2"),
        )


@dataclass(frozen=True)
class PlanRules:
    """How much ground counts in a plan, and what a point costs.

    Each ``*_factor`` is how many times more a square metre counts for every incident, entrance or
    thousand passers-by a day within ``*_radius_m``; none counts more than ``most`` times.
    """

    incident_factor: float
    incident_radius_m: float
    incident_months: int
    incidents_apart: tuple[str, ...]
    entrance_factor: float
    entrance_radius_m: float
    footfall_factor: float
    footfall_radius_m: float
    most: float
    yuan_per_point: float

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Take the terms of VID-PLAN and VID-COST from the policy in force."""
        return cls(
            incident_factor=float(policy["VID-PLAN", "incident_factor"]),
            incident_radius_m=float(policy["VID-PLAN", "incident_radius_m"]),
            incident_months=int(policy["VID-PLAN", "incident_months"]),
            incidents_apart=tuple(policy["SAF-1", "counted_apart"]),
            entrance_factor=float(policy["VID-PLAN", "entrance_factor"]),
            entrance_radius_m=float(policy["VID-PLAN", "entrance_radius_m"]),
            footfall_factor=float(policy["VID-PLAN", "footfall_factor"]),
            footfall_radius_m=float(policy["VID-PLAN", "footfall_radius_m"]),
            most=float(policy["VID-PLAN", "most_factor"]),
            yuan_per_point=float(policy["VID-COST", "yuan_per_point"]),
        )
