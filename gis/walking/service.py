"""The 15-minute circle (FAC-7): which compounds reach which function on foot, along streets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.areas import hierarchy
from gis.areas.levels import SubjectKind
from gis.areas.store import subjects_on
from gis.arrays import Floats
from gis.district import District
from gis.errors import NoData
from gis.policy import Policy
from gis.progress import Say, part, unheard
from gis.walking import store
from gis.walking.access import WalkRules, Walks, reached_share
from gis.walking.analysis import Metres, Network, network

CORNER_EVERY_M = 20.0  # a place joins a street at a corner: at most 10 m along from the true spot
READING, WALKING = (0.0, 0.3), (0.3, 1.0)  # shares of the work


@dataclass(frozen=True)
class Circle:
    """What `circle` found.

    ``functions``: function, facilities, compounds_share, households_share (None where no
    household is known), own_street_share: households that reach one in their own street (None,
    too, where the store has no streets). ``compounds``: code, name, area_code, households,
    ``beside_street`` and a column per function with the metres to the nearest facility (infinite
    beyond the reach).
    """

    reach_m: float
    functions: pd.DataFrame
    compounds: pd.DataFrame


@dataclass(frozen=True)
class Homes:
    """The compounds of a day and the streets they are left by.

    ``compounds``: code, name, area_code, households (NaN unknown); ``xy`` (n, 2) m, a point in
    each, in the CRS of ``streets``.
    """

    compounds: pd.DataFrame
    xy: Metres
    streets: Network
    rules: WalkRules

    @property
    def households(self) -> Floats:
        """(n,), NaN where nobody knows."""
        return self.compounds["households"].to_numpy(dtype=np.float64)

    def walks(self, goals: Metres) -> Walks:
        """Walks to ``goals`` (k, 2) m, no longer than FAC-7 says."""
        rules = self.rules
        return Walks(
            self.xy, goals, self.streets, reach_m=rules.reach_m, beside_m=rules.beside_street_m
        )


def homes(
    session: Session, *, policy: Policy, district: District, as_of: date, say: Say = unheard
) -> Homes:
    """Raises NoData without walkable streets or without compounds.

    A straight line says nothing about a walk.
    """
    say(0.0, "读取街道", "reading streets")
    lines = store.walkable(session, srid=district.srid)
    say(0.3, f"{len(lines):,} 条街道", f"{len(lines):,} streets")
    lines = shapely.segmentize(lines, CORNER_EVERY_M)
    streets = network(lines, say=part(say, 0.4, 0.8))
    say(0.8, "读取小区", "reading compounds")
    compounds = store.compounds_on(session, as_of=as_of)
    if streets is None:
        raise NoData(
            "没有步行街道网络，请先导入街道 / there are no walkable streets: import streets"
        )
    if compounds.empty:
        raise NoData("没有小区，请先导入小区 / there are no compounds: import compounds")
    shown = pd.DataFrame(compounds.drop(columns="geom"))
    return Homes(shown, metric(compounds, district), streets, WalkRules.of(policy))


def circle(
    session: Session, *, policy: Policy, district: District, as_of: date, say: Say = unheard
) -> Circle:
    """Walks from every compound of the day to the nearest open facility of each function.

    ``say`` hears of the phases and ends the work by raising. Raises NoData as `homes` does.
    """
    at = homes(session, policy=policy, district=district, as_of=as_of, say=part(say, *READING))
    places = store.open_facilities_on(session, as_of=as_of)
    walks = at.walks(metric(places, district))
    shown = at.compounds.assign(beside_street=walks.beside)
    street_of = _street_of(session, district, as_of)
    streets = {
        name: np.array([street_of.get(code) for code in codes], dtype=object)
        for name, codes in (
            ("origin_area", shown["area_code"]),
            ("target_area", places["area_code"]),
        )
    }
    rows = []
    for function, said in in_turn(sorted(places["function"].unique()), say):
        these = (places["function"] == function).to_numpy()
        walk_m = walks.nearest_m(these)
        own_m = walks.nearest_in_own_m(these, **streets, say=said)
        shown[function] = walk_m
        rows.append((
            function, int(these.sum()), reached_share(walk_m, np.ones(len(walk_m))),
            reached_share(walk_m, at.households),
            reached_share(own_m, at.households) if street_of else None,
        ))  # fmt: skip
    names = ["function", "facilities", "compounds_share", "households_share", "own_street_share"]
    return Circle(at.rules.reach_m, pd.DataFrame(rows, columns=names), shown)


def in_turn(functions: Sequence[object], say: Say) -> Iterator[tuple[str, Say]]:
    """Each kind of facility, said before its walks are looked for, with a way to say more."""
    begin, end = WALKING
    for done, function in enumerate(functions):
        before, after = (
            begin + (end - begin) * number / len(functions) for number in (done, done + 1)
        )
        counted, own = f"{done + 1} / {len(functions)}", part(say, before, after)
        own(0.0, f"步行距离：设施类别 {counted}", f"walks to facilities: kind {counted}")
        yield str(function), own


def _street_of(session: Session, district: District, as_of: date) -> dict[str, str]:
    """Street (街道) of each division code that lies in one."""
    kinds = [SubjectKind(level) for level in hierarchy.LEVELS]
    subjects = subjects_on(session, as_of=as_of, kinds=kinds)
    street = hierarchy.hierarchy(subjects, district=district.code)["street"].dropna()
    return {str(code): str(above) for code, above in street.items()}


def metric(frame: gpd.GeoDataFrame, district: District) -> Metres:
    """(n, 2) m of a frame of points, in the district's CRS."""
    points = frame.geometry.to_crs(district.srid)
    return np.column_stack([points.x, points.y])
