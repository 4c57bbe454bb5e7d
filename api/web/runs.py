"""What a page offers to whoever may start an analysis: the periods that the data have reached."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from api.web.desk import Desk
from gis.access.rights import Capability
from gis.errors import NoData
from gis.period import Period, last_complete_quarter, month_of, quarter_of
from gis.timeline import service as timeline
from gis.timeline.store import rated_periods

_BACK = 4  # quarters and months that are offered


@dataclass(frozen=True)
class Offer:
    """Periods to choose from, the newest first; ``quarter`` is the last that the data complete.

    Without incidents there are none. ``previews`` are months that were rated; ``day`` is the
    newest incident's.
    """

    quarters: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    previews: tuple[str, ...] = ()
    quarter: str = ""
    day: date | None = None


def offered(desk: Desk, session: Session) -> Offer | None:
    """None for whoever may not start an analysis, or works in a part of the district."""
    at = desk.house.district
    if not (desk.opens("/jobs/runs", "POST") and desk.reaches(at.code)):
        return None
    try:
        day = timeline.newest_incident_day(session, at)
    except NoData:
        return Offer()
    rated = tuple(one for one in rated_periods(session) if not Period.parse(one).is_quarter)
    sees_months = desk.user is not None and desk.user.may(Capability.INCIDENTS)
    return Offer(
        _back(quarter_of(day)), _back(month_of(day)) if sees_months else (), rated[:_BACK],
        last_complete_quarter(day).label, day,
    )  # fmt: skip


def _back(period: Period) -> tuple[str, ...]:
    found = [period]
    while len(found) < _BACK:
        found.append(found[-1].previous())
    return tuple(one.label for one in found)
