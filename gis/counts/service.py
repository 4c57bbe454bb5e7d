"""What stands in every compound and community on a day, without waiting for a run."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from sqlalchemy.orm import Session

from gis.counts import store
from gis.district import District
from gis.period import add_months, midnight
from gis.policy import Policy


@dataclass(frozen=True)
class Counts:
    """Counts of ``as_of``; both frames are indexed by code.

    ``compounds``: incidents (since ``since``), rented_dwellings, occupants, rented_per_km2,
    cameras, in_use, working. ``incidents``: those incidents by category, compounds with any.
    ``communities``: floor_area_m2, m2_per_100_households (NaN where no household is known).
    """

    as_of: date
    since: date
    compounds: pd.DataFrame
    incidents: pd.DataFrame
    communities: pd.DataFrame


def counts(session: Session, *, policy: Policy, district: District, as_of: date) -> Counts:
    """Count incidents of SAF-1's window, lettings, video points and facility area as of a day.

    The window ends with the month of ``as_of``, no incident after the day counts. Nothing is judged
    and nothing hidden: who may not see small counts reads the stored runs instead.
    """
    until = midnight(as_of + timedelta(days=1), district.zone)
    months = int(policy["SAF-1", "window_months"])
    since = add_months(add_months(as_of.replace(day=1), 1), -months)
    incidents = store.incidents_by_compound(
        session, start=midnight(since, district.zone), end=until
    )
    lettings = store.lettings_by_compound(session, as_of=as_of, srid=district.srid)
    cameras = store.cameras_by_compound(session, as_of=as_of, until=until)
    compounds = lettings.join(cameras.reindex(lettings.index, fill_value=0))
    happened = incidents.sum(axis=1).reindex(compounds.index, fill_value=0)
    compounds.insert(0, "incidents", happened)
    communities = store.floor_area_by_community(
        session, as_of=as_of, srid=district.srid, functions=policy["FAC-1", "functions"]
    )
    return Counts(as_of, since, compounds.sort_index(), incidents, communities)
