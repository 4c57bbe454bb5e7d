"""The facility register (FAC-5): table beside the map; a facility drawn, checked, saved, closed."""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import shapely
from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse
from shapely.geometry.base import BaseGeometry

from api import features
from api.deps import Db, needs
from api.web import tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, form_of, shape_of
from api.web.places import read
from api.web.verdicts import facility_word
from gis.access.rights import Action, Capability
from gis.errors import BadInput, ChangedMeanwhile
from gis.facilities import register
from gis.facilities.model import Facility, FacilityStatus, Function, Provision
from gis.facilities.register import Checked, Entry

router = APIRouter()
READ = needs(Capability.FACILITIES)
WRITE = needs(Capability.FACILITIES, Action.WRITE)
Key = Annotated[str, Path(max_length=200)]
_ENTRIES = ("name", "function", "provision", "ownership", "status", "floor_area_m2", "storeys",
            "opened_on")  # fmt: skip
_POSITION = re.compile(r"(-?\d{1,3}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)")
_OPEN = (FacilityStatus.OPEN, FacilityStatus.PLANNED, FacilityStatus.SUSPENDED)


@router.get("/facilities", dependencies=[READ])
def read_register(desk: AtDesk, db: Db) -> Response:
    """The register as a table beside its map."""
    shown = read(desk, db, "facilities")
    rows = features.records(shown.features.drop(columns="geom")) if shown else []
    table = tables.view(
        desk, rows, _columns(desk), name="facilities", title=desk.t("facilities.title"),
        capability=Capability.FACILITIES, href=lambda row: f"/facilities/{quote(row['code'])}",
        filters=_filters(desk), kept=("area", "at"),
    )  # fmt: skip
    return table.file() or desk.page(
        "facilities.html", table=table, may_write=_may_write(desk),
        frame=f"/maps/facilities?embed=1#lang={desk.language}",
    )  # fmt: skip


def _may_write(desk: Desk) -> bool:
    return bool(desk.user and desk.user.may(Capability.FACILITIES, Action.WRITE))


def _columns(desk: Desk) -> list[tables.Column]:
    t, column = desk.t, tables.Column

    def listed(name: str, *, at_first: bool = True) -> tables.Column:
        return column(
            name, t(f"facilities.{name}"), lambda row: facility_word(desk, name, row[name]),
            at_first=at_first,
        )  # fmt: skip

    return [
        column("name", t("facilities.name"), link=True),
        listed("function"),
        column("floor_area_m2", t("facilities.floor_area_m2"), number=True),
        listed("ownership"),
        listed("provision", at_first=False),
        listed("status"),
        column("opened_on", t("facilities.opened_on"), at_first=False),
        column("closed_on", t("facilities.closed_on"), at_first=False),
        column("area_code", t("facilities.area_code"), at_first=False),
        column("code", t("facilities.code"), at_first=False),
    ]


def _filters(desk: Desk) -> list[tables.Filter]:
    def choice(name: str, values: Any) -> tables.Filter:
        options = [(str(one), facility_word(desk, name, str(one))) for one in values]
        return tables.Filter(
            name, desk.t(f"facilities.{name}"), options, lambda row: str(row[name])
        )

    return [choice("function", Function), choice("status", FacilityStatus)]


# -- one facility: draw, check, save, close --------------------


@router.get("/facilities/new", dependencies=[WRITE])
def read_new(desk: AtDesk) -> Response:
    """The empty form."""
    return _form(desk, Form({"status": "open", "function": "service_station"}))


@router.post("/facilities/new", dependencies=[WRITE])
def add(desk: AtDesk, db: Db, data: Sent) -> Response:
    """Check a new facility, or save it."""
    return _checked(desk, db, form_of(data), None)


@router.get("/facilities/{facility:path}", dependencies=[READ])
def read_one(desk: AtDesk, db: Db, facility: Key) -> Response:
    """One facility, to look at or to change."""
    record = register.find(db, facility)
    return _form(desk, Form(_values(record)), record=record)


@router.post("/facilities/{facility:path}/close", dependencies=[WRITE])
def close(desk: AtDesk, db: Db, facility: Key, data: Sent) -> Response:
    """Close a facility from a day on."""
    form = form_of(data)
    day = _day(desk, form, "closed_on")
    if day is None:
        form.wrong("closed_on", desk.t("facilities.wrong_day"))
    else:
        try:
            register.close(db, facility, day=day, mark=form.text("mark"))
            return RedirectResponse(f"/facilities/{quote(facility)}", 303)
        except ChangedMeanwhile as exc:
            form.wrong("closed_on", desk.why(exc))
            form.status = 409
        except BadInput as exc:
            form.wrong("closed_on", desk.why(exc))
    record = register.find(db, facility)
    again = Form({**_values(record), **form.values}, form.errors, form.status)
    return _form(desk, again, record=record)


@router.post("/facilities/{facility:path}", dependencies=[WRITE])
def change(desk: AtDesk, db: Db, facility: Key, data: Sent) -> Response:
    """Check a changed facility, or save it."""
    return _checked(desk, db, form_of(data), register.find(db, facility))


def _checked(desk: Desk, db: Any, form: Form, record: Facility | None) -> Response:
    """Save what passes and is confirmed; else the form with what the checks say."""
    if record is not None and form.text("mark") != register.mark(record):
        return _newer(desk, form, record)
    entry = _entry(desk, form)
    if entry is None:
        return _form(desk, form, record=record)
    key = record.source_key if record else None
    found = register.check(db, entry, district=desk.house.district, facility=key)
    for one in found.findings:
        if one.stops:
            form.wrong(one.field, desk.either(one.zh, one.en))
    if form.text("step") == "save" and form.ok:
        if found.findings and form.text("sure") != "yes":
            form.wrong("sure", desk.t("facilities.sure_missing"))
        else:
            try:
                kept = register.save(
                    db, entry, district=desk.house.district, facility=key, mark=form.text("mark")
                )
            except ChangedMeanwhile:  # between our look and the lock, which read it again
                return _newer(desk, form, register.find(db, str(key)))
            return RedirectResponse(f"/facilities/{quote(kept.source_key)}?saved=1", 303)
    return _form(desk, form, record=record, found=found)


def _newer(desk: Desk, form: Form, record: Facility) -> Response:
    """The form as it was written, and what the register says otherwise since another's save."""
    now, told = _values(record), []
    for name in (*_ENTRIES, "closed_on"):
        if now.get(name, "") != form.text(name):
            listed = name in ("function", "provision", "status")
            value = facility_word(desk, name, now.get(name)) if listed else now.get(name) or "—"
            told.append(f"{desk.t(f'facilities.{name}')} {value}")
    drawn = shape_of(form.text("geom"))
    if drawn is None or not drawn.equals(shape_of(now["geom"])):
        told.append(desk.t("facilities.geojson"))
    same = desk.t("facilities.newer_same")
    form.wrong("name", desk.t("facilities.newer", changes="; ".join(told) or same))
    form.status = 409
    return _form(desk, form, record=record)


def _form(
    desk: Desk, form: Form, *, record: Facility | None = None, found: Checked | None = None
) -> Response:
    def options(name: str, values: Any, *, empty: bool = False) -> list[tuple[str, str]]:
        listed = [(str(one), facility_word(desk, name, str(one))) for one in values]
        return [("", desk.t("facilities.not_said")), *listed] if empty else listed

    return desk.page(
        "facility.html", status=form.status, form=form, record=record, found=found,
        mark=register.mark(record) if record else "",
        may_write=_may_write(desk), bounds=desk.house.district.bounds,
        saved=desk.request.query_params.get("saved") == "1",
        closed=record is not None and record.status == FacilityStatus.CLOSED,
        options={
            "function": options("function", Function),
            "provision": options("provision", Provision, empty=True),
            "status": options("status", _OPEN),
        },
    )  # fmt: skip


def _values(record: Facility) -> Mapping[str, str]:
    told = {name: getattr(record, name) for name in (*_ENTRIES, "closed_on")}
    shape = shapely.from_wkb(bytes(record.geom.data))
    return {
        **{name: f"{one:.10g}" if isinstance(one, float) else str(one)
           for name, one in told.items() if one is not None},
        "geom": shapely.to_geojson(shapely.set_precision(shape, 1e-7, mode="pointwise")),
    }  # fmt: skip


def _entry(desk: Desk, form: Form) -> Entry | None:
    """What was written, typed; None where an entry cannot be read, which the form then says."""
    area_m2, storeys = _number(desk, form, "floor_area_m2"), _number(desk, form, "storeys")
    opened_on, geom = _day(desk, form, "opened_on"), _place(form.text("geom"))
    if geom is None:
        form.wrong("geom", desk.t("facilities.wrong_geom"))
    if not form.ok or geom is None:
        return None
    return Entry(
        name=form.text("name"), function=form.text("function"), geom=geom,
        provision=form.text("provision") or None, ownership=form.text("ownership") or None,
        status=form.text("status"), floor_area_m2=area_m2, opened_on=opened_on,
        storeys=None if storeys is None else int(storeys),
    )  # fmt: skip


def _place(text: str) -> BaseGeometry | None:
    """What was drawn, or a position typed as "longitude, latitude"."""
    said = _POSITION.fullmatch(text.strip())
    return shape_of(f'{{"type":"Point","coordinates":[{said[1]},{said[2]}]}}' if said else text)


def _number(desk: Desk, form: Form, name: str) -> float | None:
    try:
        value = float(form.text(name)) if form.text(name) else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        form.wrong(name, desk.t("facilities.wrong_number"))
        return None
    return value


def _day(desk: Desk, form: Form, name: str) -> date | None:
    try:
        return date.fromisoformat(form.text(name)) if form.text(name) else None
    except ValueError:
        form.wrong(name, desk.t("facilities.wrong_day"))
        return None
