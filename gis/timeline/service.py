"""Which day and which quarter the data have reached: defaults of ``--as-of``, ``--period``."""

from datetime import date

from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import NoData
from gis.period import Period, last_complete_quarter
from gis.timeline import store


def newest_day(session: Session, district: District) -> date:
    """The newest day in the data; raises NoData for a store without any dated record."""
    day = store.newest_day(session, zone=district.time_zone)
    if day is None:
        raise NoData(
            "库中没有带日期的记录，请先导入 / "
            "no record in the store has a date: wangge import KIND FILE, or say --as-of YYYY-MM-DD"
        )
    return day


def default_period(session: Session, district: District) -> Period:
    """The last quarter that the incidents complete; raises NoData without incidents."""
    return last_complete_quarter(newest_incident_day(session, district))


def newest_incident_day(session: Session, district: District) -> date:
    """The day of the newest incident in the district's time zone; raises NoData without any."""
    newest = store.newest_incident(session)
    if newest is None:
        raise NoData(
            "库中还没有警情，请先导入 / "
            "the store holds no incidents yet: wangge import incidents FILE"
        )
    return newest.astimezone(district.zone).date()


def day_of(session: Session, district: District, *, period: Period | None = None) -> date:
    """The day an analysis looks at: the period's last one, else the last complete quarter's.

    A store without incidents falls back to the newest day of any record.
    """
    if period is not None:
        return period.last_day
    try:
        return default_period(session, district).last_day
    except NoData:
        return newest_day(session, district)
