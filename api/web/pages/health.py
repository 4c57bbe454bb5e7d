"""How the installation is, for whoever looks after it."""

import shutil

from fastapi import APIRouter, Request, Response

from api.deps import needs
from api.house import transaction
from api.web.desk import AtDesk
from gis.access.rights import Capability
from gis.db import migrate
from gis.health import store
from gis.runs.model import TITLES

router = APIRouter(dependencies=[needs(Capability.HEALTH)])
LOW_SHARE = 0.1  # of the disk; below it the page warns


@router.get("/health")
def read_health(request: Request, desk: AtDesk) -> Response:
    """Counts of the whole store; read as the command, since nobody's rows are shown."""
    engine, settings = request.app.state.engine, desk.house.settings
    with transaction(engine) as session:
        seen = store.look(session, silence_s=settings.worker_silence_s)
    disk = shutil.disk_usage(settings.home if settings.home.exists() else ".")
    return desk.page(
        "health.html", seen=seen, disk=disk, low=disk.free < LOW_SHARE * disk.total,
        analyses=TITLES,
        schema=migrate.current(engine), is_head=migrate.current(engine) == migrate.head(),
    )  # fmt: skip
