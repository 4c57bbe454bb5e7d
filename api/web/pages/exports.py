"""Files for QGIS, ArcGIS and Excel: a layer, a format, what for; made as a job."""

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.deps import At, Caller, Db, needs
from api.limits import export_limited
from api.routers.exports import CAPABILITY, ExportIn, ask_export
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, both, form_of
from data.export.model import Format
from gis.access.rights import Action, Capability
from gis.errors import BadInput
from gis.layers.model import Sensitivity, layer

router = APIRouter(dependencies=[needs(Capability.JOBS)])


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
            "internal": name in CAPABILITY and layer(name).sensitivity is Sensitivity.INTERNAL,
        })  # fmt: skip
        return RedirectResponse(f"/jobs/{ask_export(db, at, user, asked).id}", 303)
    except ValidationError:
        form.wrong("layer", desk.t("exports.wrong"))
    except BadInput as exc:
        form.wrong("layer", desk.either(*both(exc)))
    return _page(desk, form)


def _page(desk: Desk, form: Form) -> Response:
    user = desk.user
    layers = [
        (name, desk.either(layer(name).zh, layer(name).en))
        for name, capability in CAPABILITY.items()
        if user is not None and user.may(capability, Action.EXPORT)
    ]
    return desk.page(
        "exports.html", status=200 if form.ok else 422, form=form, layers=layers,
        formats=[(one.value, desk.t(f"exports.format_{one.value}")) for one in Format],
    )  # fmt: skip
