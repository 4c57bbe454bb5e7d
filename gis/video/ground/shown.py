"""How many incidents of a window happened where video points show the ground."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from gis.district import District
from gis.period import midnight
from gis.video.ground import scenes
from gis.video.ground import store as ground_store
from gis.video.store import newest_run


@dataclass(frozen=True)
class Shown:
    """Incidents of the window, those in an assured field of a working point, and those in a field
    of one, assured or potential; by the fields of the run of ``as_of``.
    """

    as_of: date
    incidents: int
    assured: int
    possible: int


def incidents_shown(
    session: Session, *, district: District, since: date, until: date, quality: str,
    area_prefix: str = "",
) -> Shown:  # fmt: skip
    """Count incidents of ``since`` to ``until`` (both included) by whether points show their place.

    Raises NoData when the analysis video has not run.
    """
    run = newest_run(session)
    points = ground_store.cameras(session, district=district, as_of=run.as_of)
    works = points.loc[scenes.working(points), "camera"].tolist()
    incidents, assured, possible = ground_store.incidents_in_view(
        session, cameras=works, quality=quality, area_prefix=area_prefix,
        since=midnight(since, district.zone),
        until=midnight(until + timedelta(days=1), district.zone),
    )  # fmt: skip
    return Shown(run.as_of, incidents, assured, possible)
