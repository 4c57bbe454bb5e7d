"""Files for QGIS, ArcGIS and Excel: a layer, a format, what for; made as a job."""

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.audit import exported
from api.deps import At, Caller, Db, needs
from api.routers.exports import ExportIn, ask_export
from api.serving.limits import export_limited
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, both, form_of
from data.export.model import Format
from gis.access.rights import Capability
from gis.db.session import User
from gis.errors import BadInput, Forbidden
from gis.layers.model import REGISTRY, Sensitivity

router = APIRouter(dependencies=[needs(Capability.JOBS)])
_INTERNAL = {one.name for one in REGISTRY if one.sensitivity is Sensitivity.INTERNAL}


@router.get("/exports")
def read_form(desk: AtDesk) -> Response:
    """The form."""
    return _page(desk, Form({"layer": "risk", "format": "gpkg"}))


@router.post("/exports", dependencies=[Depends(export_limited)])
def ask(desk: AtDesk, db: Db, at: At, user: Caller, data: Sent) -> Response:
    """Have the file made; the job's page leads to it."""
    form = form_of(data)
    if len(form.text("purpose")) < 2:
        form.wrong("purpose", desk.t("exports.purpose_missing"))
        return _page(desk, form)
    name = form.text("layer")
    try:
        asked = ExportIn.model_validate({
            "layer": name, "format": form.text("format"), "purpose": form.text("purpose"),
            "internal": name in _INTERNAL,
        })  # fmt: skip
        return RedirectResponse(f"/jobs/{ask_export(db, at, user, asked).id}", 303)
    except ValidationError:
        form.wrong("layer", desk.t("exports.wrong"))
    except BadInput as exc:
        form.wrong("layer", desk.either(*both(exc)))
    return _page(desk, form)


def _page(desk: Desk, form: Form) -> Response:
    user = desk.user or User.anonymous()
    layers = [
        (one.name, desk.either(one.zh, one.en)) for one in REGISTRY if _may_take(user, one.name)
    ]
    return desk.page(
        "exports.html", status=200 if form.ok else 422, form=form, layers=layers,
        formats=[(one.value, desk.t(f"exports.format_{one.value}")) for one in Format],
    )  # fmt: skip


def _may_take(user: User, name: str) -> bool:
    try:
        exported.may_take(user, name)
    except Forbidden:
        return False
    return True
