"""What a change of a scenario has to be, and what is left when one goes; all raise BadInput."""

from collections.abc import Sequence
from typing import Any

from shapely import Point
from sqlalchemy.orm import Session

from gis.areas import store as areas
from gis.areas.levels import Level
from gis.assignment import service as assignment
from gis.district import District
from gis.errors import BadInput
from gis.facilities import store as facilities
from gis.scenarios import analysis
from gis.scenarios.analysis import Change
from gis.scenarios.model import ChangeKind, Scenario

_MOST_M2 = 100_000.0
_WHOLE = 1 + 1e-9  # shares are sums of decimals


def area(value: Any) -> None:
    """A number above 0 and of a building's size."""
    if not isinstance(value, int | float) or not 0 < value <= _MOST_M2:
        raise BadInput("面积须大于 0 / the area must be above 0")


def shares(
    session: Session,
    scenario: Scenario,
    made: Sequence[Change],
    facility: str,
    given: Any,
    district: District,
) -> None:
    """Communities that are there and not the facility's own, and with the others at most all."""
    if not isinstance(given, dict) or not given:
        raise BadInput("请说明与谁共享多少 / say who shares how much")
    for code in given:
        community(session, scenario, code)
    if not all(0 <= part <= 1 for part in given.values()):
        raise BadInput("份额为 0 至 100% / a share is 0 to 100 %")
    one = Change(ChangeKind.SHARE, facility, scenario.area_code, {"shares": given})
    own, parts = _held(session, scenario, facility, [*made, one], district)
    if own & given.keys():
        raise BadInput(
            "设施就在该社区，其余份额本来归它，请选别的社区"
            " / it stands in this community, which keeps the rest: choose another one"
        )
    whole = sum(parts.values())
    if whole > _WHOLE:
        raise BadInput(
            f"连同已有的共享合计 {whole:.0%}，不能超过 100%"
            f" / with the shares there are it comes to {whole:.0%}: at most 100 %"
        )


def move(
    session: Session,
    scenario: Scenario,
    made: Sequence[Change],
    facility: str,
    area_code: str,
    district: District,
) -> None:
    """Not into a community that holds a share of it: as its own one it keeps the rest."""
    one = Change(ChangeKind.MOVE, facility, area_code, {})
    own, parts = _held(session, scenario, facility, [*made, one], district)
    for code in own & parts.keys():
        raise BadInput(
            f"该社区已共享这处设施的 {parts[code]:.0%}，迁入后其余份额本来归它；"
            "请先把它的份额改为 0，再迁移"
            f" / it holds a share of {parts[code]:.0%} of it, and keeps the rest once it stands "
            "there: set that share to 0 first, then move it"
        )


def _held(
    session: Session,
    scenario: Scenario,
    facility: str,
    changes: Sequence[Change],
    district: District,
) -> tuple[frozenset[str], dict[str, float]]:
    rows = facilities.facilities_on(session, as_of=scenario.as_of, srid=district.srid)
    return analysis.held(rows, facilities.shares(session), changes, facility)


def community_of(session: Session, spot: Point, area_code: str) -> str:
    """The community of a spot, which is ``area_code`` where that is said."""
    found = assignment.locate(session, lon=spot.x, lat=spot.y).community
    if found is None:
        raise BadInput("该位置不在本区任何社区内 / this spot lies in no community of the district")
    if area_code not in ("", found):
        raise BadInput(
            f"该位置在社区 {found}，不在所选社区 / this spot lies in {found}, not in the one chosen"
        )
    return found


def community(session: Session, scenario: Scenario, area_code: str) -> None:
    """One of the district's on the scenario's day."""
    known = areas.areas_on(session, as_of=scenario.as_of, levels=[Level.COMMUNITY])
    if area_code not in set(known["code"]):
        raise BadInput("请选择社区 / choose a community")


def drop(
    session: Session,
    scenario: Scenario,
    change: Change,
    made: Sequence[Change],
    rest: Sequence[Change],
    district: District,
) -> None:
    """``rest`` of ``made`` says something of a facility that is there, and shares it no worse."""
    of_it = any(one.facility == change.facility for one in rest)
    if of_it and change.kind == ChangeKind.ADD:
        raise BadInput(
            "还有别的改动针对这处增设的设施：请先撤回它们"
            " / other changes speak of the facility it adds: take those back first"
        )
    register, before, after = (
        _held(session, scenario, change.facility, some, district) for some in ((), made, rest)
    )
    if after in (register, before):
        return
    whole = sum(after[1].values())
    if whole > max(_WHOLE, sum(before[1].values())):
        raise BadInput(
            f"撤回这一项后，其余共享合计 {whole:.0%}，超过 100%：请先减少其余份额"
            f" / without it the shares come to {whole:.0%}, over 100 %: lower the others first"
        )
    if _of_its_own(after) - _of_its_own(before):
        raise BadInput(
            "撤回这一项后，设施所在的社区又持有它的份额：请先撤回其余迁移或共享"
            " / without it the community where it stands would hold a share of it: take back "
            "the other move or share first"
        )


def _of_its_own(held: tuple[frozenset[str], dict[str, float]]) -> frozenset[str]:
    own, parts = held
    return own & parts.keys()
