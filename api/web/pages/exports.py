"""Files for QGIS, ArcGIS and Excel, made as a job; map sheets for paper, made at once."""

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.audit import exported
from api.deps import At, Caller, Db, needs
from api.files import asked as files
from api.serving.limits import export_limited
from api.web import places
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, form_of
from api.web.paper import sheets
from api.web.paper.sheets import SheetIn
from data.export.model import Format
from gis.access.rights import Capability
from gis.db.session import User
from gis.errors import BadInput, Forbidden, NoData
from gis.layers.model import REGISTRY
from gis.legend import Legend
from gis.privacy import checked
from gis.runs.model import Analysis
from gis.timeline.store import rated_periods
from maps.plaque import Paper

router = APIRouter(dependencies=[needs(Capability.JOBS)])
_INTERNAL = {one.name for one in REGISTRY if one.internal}
_RATED = {one.name for one in REGISTRY if one.analysis == Analysis.RATING}
_SHEET = {"paper": "paper", "area": "sheet_area", "title": "title", "maker": "maker",
          "purpose": "sheet_purpose"}  # fmt: skip


@router.get("/exports")
def read_form(desk: AtDesk, db: Db) -> Response:
    """The forms of a file and of a map sheet."""
    return _page(desk, db, Form({"layer": "risk", "format": "gpkg", "sheet_layer": "rating"}))


@router.post("/exports", dependencies=[Depends(export_limited)])
def ask(desk: AtDesk, db: Db, at: At, user: Caller, data: Sent) -> Response:
    """Have the file made; the job's page leads to it."""
    form = form_of(data)
    if len(form.text("purpose")) < 2:
        form.wrong("purpose", desk.t("exports.purpose_missing"))
        return _page(desk, db, form)
    name = form.text("layer")
    if form.text("period") and form.text("layer") not in _RATED:
        form.wrong("period", desk.t("exports.period_rated"))
    if (kept := form.text("class")) and kept.partition(".")[0] != name:
        form.wrong("class", desk.t("exports.class_other"))
    if not form.ok:
        return _page(desk, db, form)
    column, _, value = kept.partition(".")[2].partition("=")
    try:
        asked = files.ExportIn.model_validate({
            "layer": name, "format": form.text("format"), "purpose": form.text("purpose"),
            "internal": name in _INTERNAL, "area": form.text("area"),
            "period": form.text("period") or None, "column": column or None,
            "value": value or None,
        })  # fmt: skip
        return RedirectResponse(f"/jobs/{files.ask(db, at, user, asked).id}", 303)
    except ValidationError as exc:
        _wrong(desk, form, exc, {"column": "class", "value": "class"})
    except BadInput as exc:
        form.wrong("layer", desk.why(exc))
    return _page(desk, db, form)


@router.post("/exports/sheet", dependencies=[Depends(export_limited)])
def ask_sheet(desk: AtDesk, db: Db, data: Sent) -> Response:
    """Lead to the map sheet that was asked for, or to the job that draws one of many features."""
    form = form_of(data)
    if len(form.text("sheet_purpose")) < 2:
        form.wrong("sheet_purpose", desk.t("exports.purpose_missing"))
    if form.text("sheet_layer") not in {name for name, _ in _layers(desk)}:
        form.wrong("sheet_layer", desk.t("exports.wrong"))
    if form.text("paper") not in set(Paper):
        form.wrong("paper", desk.t("exports.wrong"))
    for entry, word in (("title", "exports.title_of"), ("maker", "exports.maker"),
                        ("sheet_purpose", "exports.purpose")):  # fmt: skip
        try:
            checked(form.text(entry), desk.t(word))
        except BadInput as exc:
            form.wrong(entry, desk.why(exc))
    if not form.ok:
        return _page(desk, db, form)
    try:
        return _sheet(desk, db, form)
    except ValidationError as exc:
        _wrong(desk, form, exc, _SHEET)
    except (BadInput, NoData) as exc:
        form.wrong("sheet_area", desk.why(exc))
    return _page(desk, db, form)


def _sheet(desk: Desk, db: Session, form: Form) -> Response:
    """Where the sheet is: at once, or one of very many features at the job that draws it."""
    asked = {name: form.text(entry) for name, entry in _SHEET.items()}
    at = desk.house.district
    wanted = SheetIn.model_validate(
        {**asked, "layer": form.text("sheet_layer"), "language": desk.language,
         "where": places.reach(desk, db, at.prefix_of(asked["area"]))}
    )  # fmt: skip
    if sheets.features(db, desk.house, wanted) > sheets.AT_ONCE:
        return RedirectResponse(f"/jobs/{sheets.ask(db, desk.house, wanted).id}", 303)
    return RedirectResponse(f"/sheets/{wanted.layer}.pdf?{urlencode(asked)}", 303)


def _wrong(desk: Desk, form: Form, exc: ValidationError, entries: Mapping[str, str]) -> None:
    """Say each fault at its own entry; ``entries`` has those that are called otherwise."""
    for fault in exc.errors():
        name = str(fault["loc"][0])
        most = fault.get("ctx", {}).get("max_length")
        why = desk.t("exports.too_long", most=most) if most else desk.t("exports.wrong")
        form.wrong(entries.get(name, name), why)


def _page(desk: Desk, db: Session, form: Form) -> Response:
    return desk.page(
        "exports.html", status=200 if form.ok else 422, form=form, layers=_layers(desk),
        formats=[(one.value, desk.t(f"exports.format_{one.value}")) for one in Format],
        papers=[(one.value, one.value.upper()) for one in Paper],
        areas=[("", desk.t("today.all")), *places.area_options(desk, db)],
        unit=desk.either(desk.house.district.name_zh, desk.house.district.name_en),
        periods=[("", desk.t("exports.newest")), *((one, one) for one in rated_periods(db))],
        classes=[("", desk.t("exports.every_class")), *_classes(desk)],
    )  # fmt: skip


def _classes(desk: Desk) -> list[tuple[str, str]]:
    """The classes of each layer that has some, as ``layer.column=value``, and their words."""
    allowed = dict(_layers(desk))
    return [
        (f"{one.name}.{one.legend.column}={entry.value}",
         f"{allowed[one.name]} · {desk.either(entry.zh, entry.en)}")
        for one in REGISTRY if one.name in allowed and isinstance(one.legend, Legend)
        for entry in one.legend.entries
    ]  # fmt: skip


def _layers(desk: Desk) -> list[tuple[str, str]]:
    user = desk.user or User.anonymous()
    return [
        (one.name, desk.either(one.zh, one.en)) for one in REGISTRY if _may_take(user, one.name)
    ]


def _may_take(user: User, name: str) -> bool:
    try:
        exported.may_take(user, name)
    except Forbidden:
        return False
    return True
