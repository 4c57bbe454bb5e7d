"""The numbers of SAF-1, SAF-3 and SAF-ALARM as frozen values, taken from the policy."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from gis.errors import BadPolicy
from gis.policy import Policy

RULE, ALARM_RULE = "SAF-1", "SAF-ALARM"
# A severe event is a category marked severe; where the event has a word of its own, it is here.
EVENT_CATEGORY = {"fatal_fire": "fire"}


class Colour(StrEnum):
    """The three plaques and the honest fourth answer."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNRATED = "unrated"


# The plain words, for arrays of them.
GREEN, YELLOW, RED, UNRATED = (colour.value for colour in Colour)


@dataclass(frozen=True)
class RatingRules:
    """Terms of the policy under their policy names, the policy's version and SAF-1's source.

    ``red_relative_risk`` and ``amber_relative_risk`` are multiples of the peer group's frozen
    reference rate; ``*_red`` and ``*_amber`` are probabilities of lying above them.
    Raises BadPolicy when the numbers contradict each other.
    """

    version: str
    window_months: int
    red_relative_risk: float
    amber_relative_risk: float
    red_enter: float
    red_leave: float
    green_max_amber: float
    green_max_red: float
    green_to_yellow_red: float
    green_to_yellow_amber: float
    yellow_to_green_red: float
    yellow_to_green_amber: float
    red_min_incidents: int
    min_households: int
    min_buildings: int
    neighbour_distance_m: float
    stale_households_months: int
    reporting_gap_months: int
    low_count_tail: float
    peer_min_compounds: int
    reference_min_incidents: int
    severe_lift: tuple[str, ...]
    severe_lift_colour: str
    severe_lift_red_count: int
    counted_apart: tuple[str, ...]
    safe_share: float
    demonstration_share: float
    source: str = ""  # ratings that were kept before sentences named it have none

    def __post_init__(self) -> None:
        _require(
            0 < self.amber_relative_risk <= self.red_relative_risk,
            "0 < amber_relative_risk <= red_relative_risk",
        )
        _require(self.red_leave <= self.red_enter, "red_leave <= red_enter")
        _require(
            self.yellow_to_green_red <= self.green_max_red <= self.green_to_yellow_red,
            "yellow_to_green_red <= green_max_red <= green_to_yellow_red",
        )
        _require(
            self.yellow_to_green_amber <= self.green_max_amber <= self.green_to_yellow_amber,
            "yellow_to_green_amber <= green_max_amber <= green_to_yellow_amber",
        )
        _require(self.window_months >= 3, "window_months >= 3")
        _require(self.severe_lift_colour in (YELLOW, RED), f"severe_lift_colour = {YELLOW} | {RED}")
        _require(self.severe_lift_red_count >= 1, "severe_lift_red_count >= 1")

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Read the rules from ``policy``; raises BadPolicy."""
        return cls.from_values(
            policy.version, policy.source(RULE), policy.rule(RULE), policy.rule("SAF-3")
        )

    @classmethod
    def from_values(
        cls, version: str, source: str, rating: Mapping[str, Any], communities: Mapping[str, Any]
    ) -> Self:
        """Build from the policy's values of SAF-1 (``rating``) and SAF-3 (``communities``).

        Raises BadPolicy for a missing or unknown name.
        """
        values = {"version": version, "source": source, **rating, **communities}
        names = {field.name for field in dataclasses.fields(cls)}
        for zh, en, found in (
            ("缺少", "missing value", names - set(values)),
            ("不认识", "unknown value", set(values) - names),
        ):
            if found:
                listed = ", ".join(sorted(found))
                raise BadPolicy.at(RULE, f"{zh} {listed}", f"{en} {listed}")
        lists = {name: tuple(v) for name, v in values.items() if isinstance(v, list | tuple)}
        return cls(**(values | lists))

    @classmethod
    def from_canonical(cls, text: str | bytes) -> Self:
        """What `canonical` wrote; raises BadPolicy."""
        values = json.loads(text)
        return cls.from_values(values.pop("version"), values.pop("source", ""), values, {})

    def canonical(self) -> bytes:
        """The same rules give the same bytes, whatever order the file had."""
        values = dataclasses.asdict(self)
        if not self.source:
            del values["source"]
        return json.dumps(values, sort_keys=True, ensure_ascii=False).encode()


@dataclass(frozen=True)
class AlarmRules:
    """Terms of SAF-ALARM under their policy names, and the policy's version.

    Raises BadPolicy when no chart can be drawn with them.
    """

    version: str
    shift: float
    false_alarm_months: float
    watch_months: int
    baseline_months: int
    least_usual: float

    def __post_init__(self) -> None:
        _require(self.shift >= 1.1, "shift >= 1.1", ALARM_RULE)
        _require(self.least_usual >= 0.001, "least_usual >= 0.001", ALARM_RULE)
        _require(self.watch_months >= 1, "watch_months >= 1", ALARM_RULE)

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Read the terms from ``policy``; raises BadPolicy."""
        return cls(version=policy.version, **policy.rule(ALARM_RULE))


def _require(holds: bool, needed: str, rule: str = RULE) -> None:
    if not holds:
        raise BadPolicy.at(rule, f"应满足 {needed}", f"needed: {needed}")
