"""What a scenario does to walks (FAC-6, FAC-7): who reaches a function, and how far it is then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from gis.arrays import Flags, Floats
from gis.district import District
from gis.policy import Policy
from gis.progress import Say, part, unheard
from gis.scenarios import analysis
from gis.scenarios.analysis import Change
from gis.walking import service as walking
from gis.walking import store as streets
from gis.walking.access import WalkRules, best_of
from gis.walking.analysis import Metres, network

_SAME_M = 1.0  # a walk that changes by less is the same walk


@dataclass(frozen=True)
class Nearness:
    """Today beside the scenario, one row per function whose facilities the changes touch.

    ``functions``: function, facilities, households (those that reach one), walk_m (their mean, by
    households), each again with ``_then``, and the households to whom it gets ``nearer`` and
    ``farther`` (one that is reached by nobody then is farther). ``nowhere``: facilities put up
    that have no place.
    """

    functions: pd.DataFrame
    nowhere: int
    reach_m: float


def nearness(
    session: Session,
    changes: Sequence[Change],
    *,
    policy: Policy,
    district: District,
    as_of: date,
    say: Say = unheard,
) -> Nearness:
    """Walk from every compound to today's facilities and to the scenario's; raises NoData.

    ``say`` hears of the phases and ends the work by raising.
    """
    homes = walking.homes(
        session, policy=policy, district=district, as_of=as_of,
        say=part(say, *walking.READING),
    )  # fmt: skip
    today = streets.open_facilities_on(session, as_of=as_of)
    puts = [one for one in changes if one.kind in analysis.PLACING]
    then, nowhere = analysis.placed(today, puts)
    touched = {one.facility for one in puts}
    both = pd.concat([today, then])
    functions = sorted(both[both["facility"].isin(touched)]["function"].unique())
    households = np.nan_to_num(homes.households)
    rows = []
    for function, said in walking.in_turn(functions, say):
        goals = [
            walking.metric(places[places["function"] == function], district)
            for places in (today, then)
        ]
        walks: list[Metres] = []
        for goal, when in zip(goals, (("今天", "today"), ("方案", "the scenario")), strict=True):
            said(len(walks) / 2, *when)
            walks.append(homes.walks(goal).nearest_m())
        rows.append((
            function, *(len(goal) for goal in goals),
            *(float(households[np.isfinite(walk_m)].sum()) for walk_m in walks),
            *(_mean_m(walk_m, households) for walk_m in walks),
            *(float(households[there].sum()) for there in turned(*walks)),
        ))  # fmt: skip
    names = ["function", "facilities", "facilities_then", "households", "households_then", "walk_m",
             "walk_m_then", "nearer", "farther"]  # fmt: skip
    return Nearness(pd.DataFrame(rows, columns=names), nowhere, homes.rules.reach_m)


def turned(today_m: Metres, then_m: Metres) -> tuple[Flags, Flags]:
    """Where a walk gets shorter, and where longer; (n,) m each, infinite where none is in reach."""
    with np.errstate(invalid="ignore"):  # beyond reach before and after is no change
        longer_m = then_m - today_m
    return longer_m < -_SAME_M, longer_m > _SAME_M


def _mean_m(walk_m: Metres, households: Floats) -> float:
    """NaN where nobody reaches one."""
    near = np.isfinite(walk_m) & (households > 0)
    return float(np.average(walk_m[near], weights=households[near])) if near.any() else np.nan


def spot_for(
    session: Session, community: str, *, policy: Policy, district: District, as_of: date
) -> BaseGeometry | None:
    """Where a facility for a community stands best, at one of its compounds: `access.best_of`.

    A point in EPSG:4326. Of very many compounds those with most households are weighed. None
    without compounds.
    """
    own = streets.compounds_on(session, as_of=as_of, area_code=community)
    if own.empty:
        return None
    most = int(policy["FAC-6", "max_candidates"])
    own = own.nlargest(most, "households") if len(own) > most else own
    rules = WalkRules.of(policy)
    around = box(*own.to_crs(district.srid).total_bounds).buffer(rules.reach_m)
    west, south, east, north = gpd.GeoSeries([around], crs=district.srid).to_crs(4326).total_bounds
    lines = streets.walkable_near(
        session, (float(west), float(south), float(east), float(north)), srid=district.srid
    )
    at = best_of(
        walking.metric(own, district), own["households"].to_numpy(dtype=np.float64),
        network(shapely.segmentize(lines, walking.CORNER_EVERY_M)), reach_m=rules.reach_m,
        beside_m=rules.beside_street_m,
    )  # fmt: skip
    spot: BaseGeometry = own.geometry.iloc[at]
    return spot
