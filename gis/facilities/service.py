"""Facility coverage per 100 households (FAC-1..5): on one day, kept, or along several days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from gis.areas import hierarchy
from gis.areas import store as areas
from gis.areas.levels import Level, SubjectKind
from gis.district import District
from gis.errors import NoData
from gis.facilities import analysis, reasons, store
from gis.facilities.model import CoverageResult, Verdict
from gis.facilities.rules import CoverageRules
from gis.policy import Policy
from gis.runs import digest
from gis.runs.append import columns_of
from gis.runs.model import Analysis
from gis.runs.store import Recorded, record

_DIVISIONS = tuple(SubjectKind(level.value) for level in Level)
KINDS = (*_DIVISIONS, SubjectKind.GRID)


@dataclass(frozen=True)
class Coverage:
    """What `coverage` found on ``as_of``.

    ``results`` has one row per division (city where there is one, district, street, community) and
    unified grid, with the columns of table coverage_results and ``unmeasured``, ``basis``,
    ``lacking``, ``floor_gap_m2``. ``totals`` is plain JSON over the communities: ``to_build_m2`` is
    the sum of their FAC-1 gaps, ``to_build_with_floors_m2`` the sum of the larger of that gap and
    the floor's, ``shortfall`` how many have either.
    """

    as_of: date
    area_code: str
    policy: Policy
    input_digest: str
    results: pd.DataFrame
    totals: dict[str, Any]


def coverage(session: Session, *, policy: Policy, district: District, as_of: date) -> Coverage:
    """Compare every division's and grid's facility area with what FAC-1 asks for.

    Facilities open on ``as_of``, divisions and grids valid that day, households as last counted
    by then; footprints are measured in ``district.srid``. Raises NoData without any division.
    """
    subjects = areas.subjects_on(session, as_of=as_of, kinds=KINDS)
    if (subjects["subject_kind"] == SubjectKind.GRID).all():
        raise NoData(
            f"{as_of} 没有区划，请先导入 / no division is valid on {as_of}: import areas first"
        )
    facilities = store.facilities_on(session, as_of=as_of, srid=district.srid)
    shares = store.shares(session)
    rules = CoverageRules.of(policy)
    rows = _told(analysis.coverage(subjects, facilities, shares, rules), rules)
    return Coverage(
        as_of=as_of,
        area_code=district.code,
        policy=policy,
        input_digest=digest.of_frames(
            {"subjects": subjects, "facilities": facilities, "shares": shares}
        ),
        results=rows,
        totals=_totals(rows, facilities, rules),
    )


def save(session: Session, found: Coverage) -> Recorded:
    """Keep a coverage as a run; the same inputs and rules find the run that is there."""
    return record(
        session, analysis=Analysis.COVERAGE, period=None, as_of=found.as_of, policy=found.policy,
        input_digest=found.input_digest, parameters={}, totals=found.totals,
        area_code=found.area_code,
        results={CoverageResult: found.results[columns_of(CoverageResult)]},
    )  # fmt: skip


def history(
    session: Session, code: str, *, policy: Policy, district: District, dates: Iterable[date]
) -> pd.DataFrame:
    """What `coverage` finds for one division on each of ``dates``, with column as_of.

    Only its part of the district is computed. Today's rules judge every date; a date on which the
    division is not valid has no row.
    """
    rules = CoverageRules.of(policy)
    shares, found = store.shares(session), []
    for as_of in sorted(set(dates)):
        divisions = areas.subjects_on(session, as_of=as_of, kinds=_DIVISIONS)
        held = [one for one, chain in hierarchy.chains(divisions).items() if code in chain]
        inside = divisions[divisions["subject_code"].isin(held)]
        facilities = store.facilities_on(session, as_of=as_of, srid=district.srid)
        rows = analysis.coverage(inside, facilities, shares, rules)
        own = rows[rows["subject_code"] == code]
        found.append(_told(own, rules).assign(as_of=as_of))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _told(rows: pd.DataFrame, rules: CoverageRules) -> pd.DataFrame:
    return reasons.with_reasons(rows, rules).assign(
        rule="FAC-1", threshold=rules.m2_per_100_households
    )


def _totals(rows: pd.DataFrame, facilities: pd.DataFrame, rules: CoverageRules) -> dict[str, Any]:
    communities = rows[rows["subject_kind"] == Level.COMMUNITY]
    larger_gap_m2 = communities[["gap_m2", "floor_gap_m2"]].max(axis=1)
    verdicts = communities["verdict"].value_counts()
    counted = analysis.premises(facilities, rules)
    placed = communities["floor_area_m2"].sum()
    return {
        "communities": len(communities),
        **{verdict.value: int(verdicts.get(verdict.value, 0)) for verdict in Verdict},
        "households": int(communities["households"].sum()),
        "floor_area_m2": _m2(placed),
        "estimated_m2": _m2(communities["estimated_m2"].sum()),
        "outside_communities_m2": _m2(counted["area_m2"].sum() - placed),
        "to_build_m2": _m2(communities["gap_m2"].sum()),
        "to_build_with_floors_m2": _m2(larger_gap_m2.sum()),
        "shortfall": int((larger_gap_m2 > 0).sum()),
        "facilities": len(facilities),
        "facilities_counted": len(counted),
        "facilities_not_open": int((~facilities["is_open"]).sum()),
        "facilities_not_listed": int(
            (facilities["is_open"] & ~facilities["function"].isin(rules.functions)).sum()
        ),
        "facilities_unmeasured": int(counted["unmeasured"].sum()),
    }


def _m2(value: float) -> float:
    """To the square decimetre, so that the order of a sum never shows."""
    return round(float(value), 2) + 0.0
