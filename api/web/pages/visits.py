"""The visit list in walking order, and notes on places."""

import secrets
from datetime import UTC, datetime
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.deps import At, Caller, Db, RowId, needs
from api.web import forms, places
from api.web.desk import AtDesk, Desk
from gis.access.rights import Action, Capability
from gis.errors import BadInput
from gis.visits import service
from gis.visits.model import PlaceKind

router = APIRouter(dependencies=[needs(Capability.DANGERS, Action.WRITE)])


@router.get("/visits")
def read_visits(desk: AtDesk, db: Db, user: Caller) -> Response:
    """What to visit next, what was visited, what was noted."""
    asked = desk.request.query_params
    walked = (asked["walked"], asked.get("along") == "1") if "walked" in asked else None
    return desk.page(
        "visits.html", listed=service.listed(db, user.id), done=service.visited(db, user.id),
        notes=service.notes(db, area_prefix=places.chosen_area(desk), most=30), walked=walked,
    )  # fmt: skip


@router.post("/visits/add")
def add_visit(db: Db, user: Caller, data: forms.Sent) -> Response:
    """Put a place on the list."""
    form = forms.form_of(data)
    service.add(db, user.id, _kind(form), form.text("code"), now=datetime.now(UTC))
    return RedirectResponse("/visits", 303)


@router.post("/visits/order")
def order_visits(db: Db, at: At, user: Caller, data: forms.Sent) -> Response:
    """Put the list into walking order, from the device's position where it was sent."""
    form = forms.form_of(data)
    walk = service.reorder(db, user.id, district=at.district, start=_start(form))
    along = "1" if walk.along_streets else "0"
    return RedirectResponse(f"/visits?walked={walk.length_m:.0f}&along={along}", 303)


def _start(form: forms.Form) -> tuple[float, float] | None:
    try:
        lon, lat = float(form.text("lon")), float(form.text("lat"))
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -85 <= lat <= 85 else None


@router.post("/visits/{id}/done")
def end_visit(db: Db, user: Caller, id: RowId) -> Response:
    """The place was visited."""
    service.done(db, user.id, id, now=datetime.now(UTC))
    return RedirectResponse("/visits", 303)


@router.post("/visits/{id}/remove")
def remove_visit(db: Db, user: Caller, id: RowId) -> Response:
    """Off the list, unvisited."""
    service.remove(db, user.id, id)
    return RedirectResponse("/visits", 303)


@router.get("/notes/{kind}/{code:path}")
def read_note_form(desk: AtDesk, db: Db, kind: PlaceKind, code: str) -> Response:
    """The notes on a place and a form for a new one."""
    return _notes(desk, db, kind, code, forms.Form())


def _notes(desk: Desk, db: Db, kind: PlaceKind, code: str, form: forms.Form) -> Response:
    return desk.page(
        "notes.html", status=200 if form.ok else 422, form=form, kind=kind, code=code,
        name=service.name_of(db, kind, code), fresh=secrets.token_urlsafe(16),
        notes=service.notes(db, kind=kind, code=code),
    )  # fmt: skip


@router.post("/notes/{kind}/{code:path}")
def write_note(desk: AtDesk, db: Db, kind: PlaceKind, code: str, data: forms.Sent) -> Response:
    """Keep a note; one that names a person is refused with the reason."""
    form = forms.form_of(data)
    body, key = form.text("body"), form.text("key")
    if not 2 <= len(body) <= 1_000 or not 8 <= len(key) <= 64:
        form.wrong("body", desk.t("visits.wrong_body"))
    else:
        try:
            service.write_note(db, key=key, kind=kind, code=code, body=body, now=datetime.now(UTC))
        except BadInput as exc:
            form.wrong("body", desk.why(exc))
    if "application/json" in desk.request.headers.get("accept", ""):
        return JSONResponse({"errors": form.errors}, 201 if form.ok else 422)
    if not form.ok:
        return _notes(desk, db, kind, code, form)
    return RedirectResponse(f"/notes/{kind}/{quote(code)}", 303)


def _kind(form: forms.Form) -> PlaceKind:
    if form.text("kind") not in set(PlaceKind):
        raise BadInput("没有这种地点 / there is no such kind of place")
    return PlaceKind(form.text("kind"))
