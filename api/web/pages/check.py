"""The open page that confirms a plaque; it exists only where ``WANGGE_PUBLIC_URL`` is set."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.house import transaction
from api.web.desk import OpenDesk
from api.web.paper.plaques import CHECK_PATH
from gis.access.rights import Role
from gis.audit.signing import Signer
from gis.db.session import User
from gis.errors import BadInput, NotFound
from gis.legend import RATING
from gis.publication import seal, store
from gis.publication.model import PublishedRating
from gis.publication.seal import Sealed

router = APIRouter()
# Whoever reads a plaque in the street: public figures of the whole district, nothing else.
PASSER_BY = User.of(Role.VIEWER, id="public", area_prefixes=("",))


@router.get(CHECK_PATH)
def read_check(
    request: Request, desk: OpenDesk, t: Annotated[str, Query(max_length=600)] = ""
) -> Response:
    """Whether a plaque is genuine, and whether its colour still holds."""
    if desk.house.settings.public_url is None:
        raise NotFound("page", CHECK_PATH)
    try:
        sealed = seal.read(t, Signer(desk.house.settings.home))
    except BadInput:
        return desk.page("check.html", status=404 if t else 200, asked=bool(t), genuine=False)
    colour = RATING.entry(sealed.colour)
    name, newest = _stands(request, sealed)
    return desk.page(
        "check.html", asked=True, genuine=name is not None, name=name, sealed=sealed,
        newest=newest, colour=desk.chip(colour),
    )  # fmt: skip


def _stands(request: Request, sealed: Sealed) -> tuple[str | None, str | None]:
    """The compound's name, and the newest published quarter; None where it is not published so."""
    with transaction(request.app.state.engine, user=PASSER_BY) as session:
        cycle = store.newest_published(session, sealed.period)
        last = store.newest_published(session, None)
        if cycle is None or last is None or cycle.revision != sealed.revision:
            return None, None
        row = session.get(PublishedRating, (cycle.id, sealed.compound_code))
        stands = row is not None and row.colour == sealed.colour
        return (row.compound_name if row is not None and stands else None), last.period
