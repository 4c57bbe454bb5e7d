"""What one rating reads from the store: where and when it looks, and the arrays of that window."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import BadPeriod, NoData
from gis.period import Period, add_months, midnight, quarter_of
from gis.policy import Policy
from gis.safety import assemble, small, store, units
from gis.safety.inputs import Inputs
from gis.safety.model import Category
from gis.safety.rules import EVENT_CATEGORY, RatingRules
from gis.timeline import service as timeline

CATEGORIES = tuple(category.value for category in Category)


@dataclass(frozen=True)
class Scope:
    """Where and when one rating looks; ``months`` begin where the data do."""

    policy: Policy
    rules: RatingRules
    district: District
    period: Period
    as_of: date
    months: tuple[date, ...]
    codes: Sequence[str] | None = None

    def span(self) -> store.Span:
        """The instants at which the window begins and ends."""
        zone = self.district.zone
        return store.Span(midnight(self.months[0], zone), midnight(self.period.end, zone))

    def window(self) -> tuple[str, str]:
        """First and last month, ``2024-10``."""
        return f"{self.months[0]:%Y-%m}", f"{self.months[-1]:%Y-%m}"


def scope_of(
    session: Session,
    *,
    policy: Policy,
    district: District,
    period: Period | None,
    as_of: date | None,
    more_months: int = 0,
) -> Scope:
    """What to look at for ``period``; without it the last quarter that the incidents complete.

    ``more_months`` lengthen the rating's window backwards. Raises NoData when the incidents begin
    later, and BadPeriod when the period ends after ``as_of``.
    """
    if period is None:
        period = timeline.default_period(session, district)
        while as_of is not None and period.last_day > as_of:
            period = period.previous()
    as_of = period.last_day if as_of is None else as_of
    if as_of < period.last_day:
        raise BadPeriod(
            f"{period.label} 到 {period.last_day} 才结束，晚于 {as_of} / "
            f"period {period.label} ends on {period.last_day}, after {as_of}"
        )
    rules = RatingRules.of(policy)
    begins = store.first_incident(session)
    start, end = period.window(rules.window_months + more_months)
    if begins is not None:
        start = max(start, begins.astimezone(district.zone).date().replace(day=1))
    if start >= end:
        raise NoData(
            f"警情数据从 {start} 开始，晚于 {period.label} / "
            f"the incidents begin on {start}, after period {period.label}"
        )
    firsts = []
    while start < end:
        firsts.append(start)
        start = add_months(start, 1)
    return Scope(policy, rules, district, period, as_of, tuple(firsts))


def incidents_of(session: Session, scope: Scope) -> pd.DataFrame:
    """code, category, month (1 is the first), incidents of the window."""
    zone = scope.district.zone
    begin, end = [midnight(month, zone) for month in scope.months], midnight(scope.period.end, zone)
    return store.incident_counts(
        session, months=begin, end=end, as_of=scope.as_of, codes=scope.codes
    )


def inputs_of(
    session: Session, scope: Scope, compounds: pd.DataFrame, incidents: pd.DataFrame
) -> Inputs:
    """Everything but the neighbours; severe events are those of the quarter up to the period."""
    zone, quarter = scope.district.zone, quarter_of(scope.period.start)
    span = store.Span(midnight(quarter.start, zone), midnight(scope.period.end, zone))
    listed = [EVENT_CATEGORY.get(event, event) for event in scope.rules.severe_lift]
    return assemble.inputs_of(
        compounds=compounds,
        history=store.household_history(session, as_of=scope.as_of, codes=scope.codes),
        incidents=incidents,
        severe=store.severe_events(
            session, span=span, categories=listed, as_of=scope.as_of, codes=scope.codes
        ),
        previous=store.colours_before(session, quarter.label, codes=scope.codes),
        categories=CATEGORIES,
        months=scope.months,
        as_of=scope.as_of,
        rules=scope.rules,
    )


def with_neighbours(session: Session, found: Inputs, scope: Scope) -> Inputs:
    """Add which small compounds lie within the policy's distance of each other."""
    rows = np.flatnonzero(units.is_small(found, scope.rules))
    if len(rows) < 2:
        return found
    codes = found.compounds["code"].iloc[rows].tolist()
    ground = store.ground(session, codes=codes, as_of=scope.as_of, srid=scope.district.srid)
    pairs = small.neighbouring(rows, ground, distance_m=scope.rules.neighbour_distance_m)
    return dataclasses.replace(found, neighbours=pairs)
