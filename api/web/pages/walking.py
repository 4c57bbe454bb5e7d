"""The 15-minute circle (FAC-7): shares reached per function, and each compound's nearest walk."""

import math
from datetime import date

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api import features
from api.deps import AsOf, Db, Waits, needs
from api.serving.works import Asker
from api.web import tables
from api.web.desk import AtDesk, Desk
from api.web.told import Told, wanted
from api.web.verdicts import facility_word
from gis.access.rights import Capability
from gis.errors import NoData
from gis.facilities.model import Function
from gis.progress import Say
from gis.timeline import service as timeline
from gis.walking import service
from gis.walking.access import WalkRules
from gis.walking.service import Circle

router = APIRouter(dependencies=[needs(Capability.COVERAGE), needs(Capability.FACILITIES)])


@router.get("/walking")
def read_circle(
    desk: AtDesk,
    db: Db,
    asker: Waits,
    as_of: AsOf = None,
    function: Function = Function.SERVICE_STATION,
) -> Response:
    """Who reaches what on foot; where there are no streets the page says so."""
    rules, request = WalkRules.of(desk.house.policy), desk.request
    try:
        day = as_of or timeline.day_of(db, desk.house.district)
        if desk.user and wanted(request):
            return Told(request, desk.user, lambda on, who: _circle(desk, on, day, who))
        found = _circle(desk, db, day, asker)
    except NoData as exc:
        return desk.page("walking_none.html", why=desk.why(exc))
    walks = found.compounds.get(function.value)
    rows = [
        {**row, "walk_m": walk_m if math.isfinite(walk_m) else None,
         "reached": "yes" if math.isfinite(walk_m) else "no"}
        for row, walk_m in zip(
            features.records(found.compounds),
            walks if walks is not None else [math.inf] * len(found.compounds), strict=True,
        )
    ]  # fmt: skip
    table = tables.view(
        desk, rows, _columns(desk), name="walking", title=desk.t("walking.title"),
        capability=Capability.COVERAGE, kept=("function", "as_of"),
        href=lambda row: f"/places/compound/{row['code']}",
        filters=[tables.Filter("reached", desk.t("walking.reached"),
                               [("yes", desk.t("shell.yes")), ("no", desk.t("shell.no"))],
                               lambda row: row["reached"])],
    )  # fmt: skip
    return table.file() or desk.page(
        "walking.html",
        table=table,
        rules=rules,
        on=day,
        chosen=function,
        functions=[
            {**row, "word": facility_word(desk, "function", row["function"])}
            for row in features.records(found.functions)
        ],
    )


def _circle(desk: Desk, db: Session, day: date, asker: Asker) -> Circle:
    at, shelf = desk.house, desk.request.app.state.walks

    def made(say: Say) -> Circle:
        return service.circle(db, policy=at.policy, district=at.district, as_of=day, say=say)

    found: Circle = shelf.worked(db, ("circle", day, at.policy.digest), asker, made)
    return found


def _columns(desk: Desk) -> list[tables.Column]:
    t, column = desk.t, tables.Column
    return [
        column("name", t("walking.name"), link=True),
        column("code", t("walking.code"), at_first=False),
        column("area_code", t("walking.area_code"), at_first=False),
        column("households", t("walking.households"), number=True),
        column("walk_m", t("walking.walk"), lambda row: _walk(desk, row["walk_m"]), number=True),
        column("beside_street", t("walking.beside"), at_first=False),
    ]


def _walk(desk: Desk, walk_m: float | None) -> str:
    return desk.t("walking.beyond") if walk_m is None else desk.n(walk_m)
