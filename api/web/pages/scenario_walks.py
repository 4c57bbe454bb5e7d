"""The walks of a scenario beside today's (FAC-6, FAC-7)."""

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api import features
from api.deps import Db, RowId, Waits, needs
from api.serving.works import Asker
from api.web.desk import AtDesk, Desk
from api.web.told import Told, wanted
from api.web.verdicts import facility_word
from gis.access.rights import Capability
from gis.errors import NoData
from gis.progress import Say
from gis.scenarios import service
from gis.scenarios.nearness import Nearness

router = APIRouter()


@router.get("/scenarios/{scenario_id}/walking", dependencies=[needs(Capability.SCENARIOS)])
def read_walks(desk: AtDesk, db: Db, asker: Waits, scenario_id: RowId) -> Response:
    """What the changes do to walks (FAC-6, FAC-7); where there are no streets the page says so."""
    scenario = service.find(db, scenario_id)
    found, why, request = None, "", desk.request
    if desk.user and wanted(request):
        return Told(request, desk.user, lambda on, who: _walks(desk, on, scenario_id, who))
    try:
        found = _walks(desk, db, scenario_id, asker)
    except NoData as exc:
        why = desk.why(exc)
    rows = features.records(found.functions) if found else []
    return desk.page(
        "scenario_walking.html", scenario=scenario, found=found, why=why,
        rows=[{**row, "word": facility_word(desk, "function", row["function"])} for row in rows],
    )  # fmt: skip


def _walks(desk: Desk, db: Session, scenario_id: int, asker: Asker) -> Nearness:
    at, scenario = desk.house, service.find(db, scenario_id)

    def made(say: Say) -> Nearness:
        return service.walks(db, scenario, policy=at.policy, district=at.district, say=say)

    shown = ("scenario", service.state(db, scenario), at.policy.digest)
    found: Nearness = desk.request.app.state.walks.worked(db, shown, asker, made)
    return found
