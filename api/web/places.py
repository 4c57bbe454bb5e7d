"""What pages ask about places: the reader's areas, layers as rows, runs and periods."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.features import records
from api.web.desk import Desk
from gis.areas import store as areas
from gis.areas.levels import Level
from gis.errors import NoData
from gis.layers import service
from gis.layers.model import layer
from gis.layers.service import Scope, Shown
from gis.timeline import service as timeline
from gis.timeline.store import rated_periods

Row = Mapping[str, Any]


def chosen_area(desk: Desk) -> str:
    """The code prefix the address asks for, kept inside the reader's own areas."""
    asked = desk.request.query_params.get("area", "")
    if asked.isalnum() and desk.reaches(asked):
        return asked
    own = desk.user.area_prefixes if desk.user else ()
    return own[0] if len(own) == 1 else ""


def own_areas(desk: Desk, session: Session) -> list[tuple[str, str]]:
    """Codes and names of the divisions the reader works in; the whole district is one."""
    own = desk.user.area_prefixes if desk.user else ()
    codes = [division(desk, one) for one in own]
    return [(code, name(desk, session, code)) for code in codes]


def reach(desk: Desk, session: Session, prefix: str) -> str:
    """The name of what a code prefix takes in; without one, of the reader's own areas."""
    if prefix:
        return name(desk, session, division(desk, prefix))
    return "、".join(found for _, found in own_areas(desk, session))


def division(desk: Desk, prefix: str) -> str:
    """The code of the division that a prefix stands for: the district's where it holds all."""
    at = desk.house.district
    return at.code if at.prefix_of(at.code).startswith(prefix) else prefix


def name(desk: Desk, session: Session, code: str) -> str:
    """What a division is called; its code where nobody said."""
    at = desk.house.district
    if code == at.code:
        return desk.either(at.name_zh, at.name_en)
    day = timeline.day_of(session, at)
    found = areas.areas_on(session, as_of=day).set_index("code")["name"]
    return str(found.get(code, code))


def area_options(desk: Desk, session: Session) -> list[tuple[str, str]]:
    """Streets and communities of the reader, codes with names."""
    day = timeline.day_of(session, desk.house.district)
    found = areas.areas_on(session, as_of=day, levels=(Level.STREET, Level.COMMUNITY))
    rows = sorted(zip(found["code"], found["name"], strict=True))
    return [(code, name) for code, name in rows if desk.reaches(code)]


def read(desk: Desk, session: Session, name: str, **scope: Any) -> Shown | None:
    """One layer as it stands; None where its analysis has not run or nothing is stored."""
    asked = Scope(area_prefix=scope.pop("area_prefix", chosen_area(desk)), **scope)
    try:
        return service.read(
            session, layer(name), district=desk.house.district, policy=desk.house.policy,
            scope=asked, surroundings=False,
        )  # fmt: skip
    except NoData:
        return None


def rows(shown: Shown | None) -> list[dict[str, Any]]:
    """The features' attributes with a point inside each, plain values only."""
    if shown is None:
        return []
    table = shown.features.drop(columns="geom")
    point = shown.features.geometry.representative_point()
    found = records(table)
    return [{**row, "lon": x, "lat": y} for row, x, y in zip(found, point.x, point.y, strict=True)]


def hangs_other(row: Row, hanging: Mapping[str, str]) -> bool:
    """Whether another colour hangs at a compound's entrances than the rule gives it."""
    by_rule = row["rated_colour"] or row["colour"]
    return bool(hanging.get(row["code"], by_rule) != by_rule)


def colours(session: Session, desk: Desk, code: str) -> Sequence[tuple[str, str]]:
    """A compound's earlier colours by period, newest first."""
    found = []
    for period in rated_periods(session):
        shown = read(desk, session, "rating", area_prefix="", period=period, key=code)
        if shown is not None and len(shown.features):
            found.append((period, str(shown.features["colour"].iloc[0])))
    return found
