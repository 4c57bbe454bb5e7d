"""One compound: its colour with the reasons, its figures, notes, dangers, and what can be done."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from api.deps import Db, needs
from api.web import places
from api.web.desk import AtDesk, Desk
from api.web.verdicts import Verdict, figures, verdict
from gis.access.rights import Capability
from gis.dangers import service as dangers
from gis.errors import NotFound
from gis.layers.model import layer
from gis.visits import service as visits
from gis.visits.model import PlaceKind

router = APIRouter()


@router.get("/places/compound/{code}", dependencies=[needs(Capability.COMPOUNDS)])
def read_compound(desk: AtDesk, db: Db, code: str) -> Response:
    """A compound's page."""
    found = places.rows(places.read(desk, db, "compounds", area_prefix="", key=code))
    if not found:
        raise NotFound("compound", code)
    row, may = found[0], desk.user is not None and desk.user.may(Capability.DANGERS)
    now = datetime.now(UTC)
    here = dangers.register(db, area_prefix=row["area_code"], now=now) if may else ()
    return desk.page(
        "compound.html", row=row, facts=figures(desk, layer("compounds"), row),
        rating=_rating(desk, db, code), may=may,
        rental=_rental(desk, db, code),
        dangers=[one for one in here if one["compound_code"] == code],
        notes=visits.notes(db, kind=PlaceKind.COMPOUND, code=code) if may else (),
    )  # fmt: skip


def _rating(desk: Desk, db: Db, code: str) -> Verdict | None:
    shown = places.read(desk, db, "rating", area_prefix="", key=code)
    rows = places.rows(shown)
    if not rows or shown is None or shown.run is None:
        return None
    return verdict(
        desk, shown.layer, rows[0], version=shown.run.policy_version,
        history=places.colours(db, desk, code),
    )  # fmt: skip


def _rental(desk: Desk, db: Db, code: str) -> list[tuple[str, str]]:
    rows = places.rows(places.read(desk, db, "rental", area_prefix="", key=code))
    return figures(desk, layer("rental"), rows[0]) if rows else []
