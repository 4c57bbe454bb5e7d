"""Makes, changes, compares and shares scenarios; the register itself is only read."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from geoalchemy2.shape import from_shape, to_shape
from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from gis import privacy
from gis.areas import store as areas
from gis.audit.service import note
from gis.district import District
from gis.errors import BadInput, Forbidden, NotFound
from gis.facilities import analysis as coverage
from gis.facilities import register
from gis.facilities import store as facilities
from gis.facilities.board import Costs
from gis.facilities.model import Function, Verdict
from gis.facilities.rules import CoverageRules
from gis.facilities.service import KINDS
from gis.policy import Policy
from gis.progress import Say, unheard
from gis.scenarios import analysis, checks, nearness, store
from gis.scenarios.analysis import Change
from gis.scenarios.model import ChangeKind, Scenario, ScenarioChange


@dataclass(frozen=True)
class Comparison:
    """A scenario beside today: `analysis.compared` in ``communities``, and sums over them."""

    communities: pd.DataFrame
    turned_met: int
    to_build_m2: float
    to_build_then_m2: float
    added_m2: float
    cost_yuan: float


def make(
    session: Session, *, name: str, area_code: str, as_of: date, remark: str | None = None
) -> Scenario:
    """A new scenario without changes; raises BadInput for a name that will not do, Forbidden."""
    if not 2 <= len(name.strip()) <= 80:
        raise BadInput("名称为 2 至 80 个字 / a name has 2 to 80 characters")
    _own_area(session, area_code)
    made = Scenario(
        area_code=area_code, owner=_user(session), name=privacy.checked(name, "名称"), as_of=as_of,
        remark=privacy.checked(remark, "说明") if remark else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    note(session, event="scenario_made", target=str(made.id), area_code=area_code)
    return made


def add_change(
    session: Session,
    scenario: Scenario,
    kind: ChangeKind,
    *,
    policy: Policy,
    district: District,
    facility: str = "",
    area_code: str = "",
    values: Mapping[str, Any] | None = None,
    spot: Point | None = None,
) -> ScenarioChange:
    """Add one change; raises BadInput for one that cannot be made, NotFound, Forbidden.

    What is added or moved stands at ``spot`` (EPSG:4326), which then names the community; without
    one, where most households of the community ``area_code`` reach it on foot.
    """
    _owner_only(session, scenario)
    values, made = dict(values or {}), _changes(session, scenario)
    if kind is ChangeKind.ADD:
        facility = f"scenario:{secrets.token_hex(4)}"
        values["name"] = privacy.checked(str(values.get("name") or ""), "名称")
        if not values["name"] or values.get("function") not in set(Function):
            raise BadInput("请填写名称和功能 / say name and function")
    elif facility not in {one.facility for one in made}:
        register.find(session, facility)
    if kind in (ChangeKind.ADD, ChangeKind.RESIZE):
        checks.area(values.get("floor_area_m2"))
    if kind is ChangeKind.SHARE:
        checks.shares(session, scenario, made, facility, values.get("shares"), district)
    at: BaseGeometry | None = None
    if kind in (ChangeKind.ADD, ChangeKind.MOVE):
        area_code = checks.community_of(session, spot, area_code) if spot else area_code
        checks.community(session, scenario, area_code)
        if kind is ChangeKind.MOVE:
            checks.move(session, scenario, made, facility, area_code, district)
        at = spot or nearness.spot_for(
            session, area_code, policy=policy, district=district, as_of=scenario.as_of
        )
    change = ScenarioChange(
        scenario_id=scenario.id, area_code=area_code or scenario.area_code, kind=kind,
        facility=facility, values=values, geom=at and from_shape(at, srid=4326),
    )  # fmt: skip
    session.add(change)
    session.flush()
    note(session, event="scenario_changed", target=str(scenario.id), area_code=change.area_code,
         detail={"change": change.id, "kind": kind})  # fmt: skip
    return change


def drop_change(
    session: Session, scenario: Scenario, change_id: int, *, district: District
) -> None:
    """Take one change out again; raises NotFound, Forbidden.

    One that others rest on stays until they are taken back: BadInput.
    """
    _owner_only(session, scenario)
    change = session.get(ScenarioChange, change_id)
    if change is None or change.scenario_id != scenario.id:
        raise NotFound("change", change_id)
    rows = store.changes(session, scenario.id)
    made, rest = ([_change(one) for one in rows if one is not but] for but in (None, change))
    checks.drop(session, scenario, _change(change), made, rest, district)
    note(session, event="scenario_changed", target=str(scenario.id), area_code=change.area_code,
         detail={"dropped": change.id, "kind": change.kind})  # fmt: skip
    session.delete(change)


def share(session: Session, scenario: Scenario, *, shared: bool) -> None:
    """Show a scenario to whoever may read scenarios in its area, or to its owner alone again."""
    _owner_only(session, scenario)
    scenario.shared = shared
    note(session, event="scenario_shared", target=str(scenario.id), area_code=scenario.area_code,
         detail={"shared": shared})  # fmt: skip


def remove(session: Session, scenario: Scenario) -> None:
    """Delete a scenario with its changes."""
    _owner_only(session, scenario)
    note(session, event="scenario_removed", target=str(scenario.id), area_code=scenario.area_code)
    session.delete(scenario)
    session.flush()


def find(session: Session, id: int) -> Scenario:
    """A scenario that the user may see; raises NotFound."""
    found = store.scenario(session, id)
    if found is None:
        raise NotFound("scenario", id)
    return found


def compare(
    session: Session, scenario: Scenario, *, policy: Policy, district: District
) -> Comparison:
    """Today and the scenario by one and the same analysis, over the communities of its area."""
    subjects = areas.subjects_on(session, as_of=scenario.as_of, kinds=KINDS)
    rows = facilities.facilities_on(session, as_of=scenario.as_of, srid=district.srid)
    parts, rules = facilities.shares(session), CoverageRules.of(policy)
    changes = _changes(session, scenario)
    today = coverage.coverage(subjects, rows, parts, rules)
    then = coverage.coverage(subjects, *analysis.applied(rows, parts, changes), rules)
    both = analysis.compared(today, then)
    inside = both[both["code"].str.startswith(district.prefix_of(scenario.area_code))]
    met = Verdict.MET.value
    return Comparison(
        communities=inside.reset_index(drop=True),
        turned_met=int(((inside["verdict_then"] == met) & (inside["verdict"] != met)).sum()),
        to_build_m2=float(inside["gap_m2"].sum()),
        to_build_then_m2=float(inside["gap_m2_then"].sum()),
        added_m2=float(inside["added_m2"].sum()),
        cost_yuan=analysis.cost_yuan(rows, changes, Costs.of(policy)),
    )


def walks(
    session: Session, scenario: Scenario, *, policy: Policy, district: District, say: Say = unheard
) -> nearness.Nearness:
    """What the scenario does to walks; raises NoData without streets or compounds.

    A facility that had no place when it was put up, for want of compounds, is given one now.
    """
    as_of = scenario.as_of

    def placed(one: Change) -> Change:
        if one.spot is not None or one.kind not in (ChangeKind.ADD, ChangeKind.MOVE):
            return one
        spot = nearness.spot_for(
            session, one.area_code, policy=policy, district=district, as_of=as_of
        )
        return replace(one, spot=spot)

    changes = [placed(one) for one in _changes(session, scenario)]
    return nearness.nearness(
        session, changes, policy=policy, district=district, as_of=as_of, say=say
    )


def state(session: Session, scenario: Scenario) -> tuple[int, ...]:
    """Moves on with every change that is made or dropped; none is ever rewritten."""
    return (scenario.id, *(one.id for one in store.changes(session, scenario.id)))


def _changes(session: Session, scenario: Scenario) -> list[Change]:
    return [_change(one) for one in store.changes(session, scenario.id)]


def _change(one: ScenarioChange) -> Change:
    spot = None if one.geom is None else to_shape(one.geom)
    return Change(one.kind, one.facility, one.area_code, one.values, spot)


def _user(session: Session) -> str:
    return str(session.info["user"].id)


def _owner_only(session: Session, scenario: Scenario) -> None:
    if scenario.owner != _user(session):
        raise Forbidden("只有方案的建立者可以更改 / only who made a scenario changes it")


def _own_area(session: Session, area_code: str) -> None:
    if not session.info["user"].reaches(area_code):
        raise Forbidden.outside()
