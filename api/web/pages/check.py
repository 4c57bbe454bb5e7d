"""Whether a plaque is genuine: a page for staff, and an open one with ``WANGGE_PUBLIC_URL``."""

from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from api.deps import Db, needs
from api.house import transaction
from api.serving.limits import limits_of
from api.web.desk import PASSER_BY, AtDesk, Desk, OpenDesk
from api.web.forms import Form
from api.web.paper.plaques import CHECK_PATH
from gis.access.rights import Capability
from gis.audit.signing import Signer
from gis.errors import BadInput, NotFound
from gis.legend import RATING
from gis.publication import check, seal, store
from gis.publication.seal import Sealed

router = APIRouter()
CheckText = Annotated[str, Query(max_length=600)]


@router.get(CHECK_PATH)
def read_check(request: Request, desk: OpenDesk, t: CheckText = "") -> Response:
    """Whether a plaque is genuine, and whether its colour still holds."""
    if desk.house.settings.public_url is None:
        raise NotFound("page", CHECK_PATH)
    with transaction(request.app.state.engine, user=PASSER_BY) as session:
        found = _found(desk, session, t)
    return desk.page("check.html", status=404 if found["state"] == "forged" else 200, **found)


@router.get("/plaques/check", dependencies=[needs(Capability.RATING)])
def read_staff_check(
    desk: AtDesk, db: Db, t: CheckText = "", label: Annotated[str, Query(max_length=20)] = "",
    period: Annotated[str | None, Query(pattern=r"^\d{4}Q[1-4]$")] = None,
) -> Response:  # fmt: skip
    """The same for staff, from the text of the QR code or from the short code beside it."""
    text, label = _check_text(t), label.strip().upper()
    periods = store.published_quarters(db)
    period = period or next(iter(periods), None)
    found = _found(desk, db, text)
    if not text and label and period:
        limits_of(desk.request).export(desk.caller_id)
        sealed = check.by_label(db, Signer(desk.house.settings.home), label, period=period)
        found = {"state": "unknown"} if sealed is None else _held(desk, db, sealed)
    form = Form({"t": t, "label": label, "period": period or ""})
    return desk.page(
        "check_staff.html", form=form, periods=[(one, one) for one in periods], **found
    )


def _check_text(written: str) -> str:
    """The signed text, also where the QR code holds the address of the open page."""
    written = written.strip()
    if not written.startswith(("http://", "https://")):
        return written
    try:
        query = urlsplit(written).query
    except ValueError:  # as of http://[
        return written
    return next(iter(parse_qs(query).get("t", ())), written)


def _found(desk: Desk, session: Session, text: str) -> dict[str, Any]:
    """What the page says of a check text."""
    if not text:
        return {"state": "none"}
    try:
        own = Signer(desk.house.settings.home).public_key
        sealed = seal.read(text, {own, *store.known_keys(session)})
    except BadInput:
        return {"state": "forged"}
    return _held(desk, session, sealed)


def _held(desk: Desk, session: Session, sealed: Sealed) -> dict[str, Any]:
    """A signed claim held against what was published as far as the reader sees it."""
    now = check.standing(session, sealed)
    if now is None:
        return {"state": "unseen" if desk.user else "forged"}
    return {
        "state": "genuine" if now.colour == sealed.colour else "replaced",
        "sealed": sealed, "standing": now, "colour": desk.chip(RATING.entry(sealed.colour)),
        "now": desk.chip(RATING.entry(now.colour)),
    }  # fmt: skip
