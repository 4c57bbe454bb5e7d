"""Every class of rules that is read from the policy: a file counts only if each of them can be."""

from typing import Protocol

from gis.areas.size import SizeRules
from gis.facilities.board import Costs
from gis.facilities.rules import CoverageRules
from gis.grids.rules import AuditRules
from gis.policy import Policy
from gis.ranking.rules import RankingRules
from gis.rental.rules import RentalRules
from gis.safety.rules import AlarmRules, RatingRules
from gis.video.rules import GroundRules, LawRules, PlanRules, VideoRules
from gis.video.view_rules import ViewRules
from gis.walking.access import WalkRules


class RuleSet(Protocol):
    """Rules of one capability, which refuse values that contradict each other."""

    @classmethod
    def of(cls, policy: Policy) -> object:
        """Read the rules from ``policy``; raises BadPolicy."""


# Those of views first: those of the ground name one of their levels.
RULE_SETS: tuple[type[RuleSet], ...] = (
    ViewRules, AlarmRules, AuditRules, Costs, CoverageRules, GroundRules, LawRules, PlanRules,
    RankingRules, RatingRules, RentalRules, SizeRules, VideoRules, WalkRules,
)  # fmt: skip
