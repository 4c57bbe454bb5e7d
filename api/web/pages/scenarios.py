"""Scenarios: the list, one beside today, its changes, sharing, printing, deleting."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse
from shapely import Point
from sqlalchemy.orm import Session

from api import features
from api.audit.exported import printed, said_purpose
from api.deps import Db, RowId, needs
from api.serving.limits import export_limited
from api.web import tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, form_of
from api.web.places import area_options
from api.web.verdicts import facility_word
from gis import legend
from gis.access.rights import Action, Capability
from gis.audit.service import note
from gis.errors import BadInput, NotFound
from gis.facilities import store as facilities
from gis.facilities.model import Function
from gis.scenarios import service, store
from gis.scenarios.model import ChangeKind, Scenario, ScenarioChange
from gis.timeline import service as timeline
from maps import comparison

router = APIRouter()
READ = needs(Capability.SCENARIOS)
WRITE = needs(Capability.SCENARIOS, Action.WRITE)
PUBLISH = needs(Capability.SCENARIOS, Action.PUBLISH)
EXPORT = needs(Capability.SCENARIOS, Action.EXPORT)
_PUT = (ChangeKind.ADD, ChangeKind.MOVE)
_class = legend.COVERAGE.entry


@router.get("/scenarios", dependencies=[READ])
def read_scenarios(desk: AtDesk, db: Db) -> Response:
    """The scenarios that the reader may see."""
    return _list(desk, db, Form({"as_of": str(timeline.day_of(db, desk.house.district))}))


def _list(desk: Desk, db: Session, form: Form) -> Response:
    code = desk.house.district.code
    whole = [(code, desk.t("scenarios.all"))] if desk.reaches(code) else []
    return desk.page(
        "scenarios.html", status=200 if form.ok else 422, form=form, found=store.scenarios(db),
        areas=[*whole, *area_options(desk, db)], me=desk.user.id if desk.user else "",
        may_write=_may(desk, Action.WRITE),
    )  # fmt: skip


def _may(desk: Desk, action: Action) -> bool:
    return bool(desk.user and desk.user.may(Capability.SCENARIOS, action))


@router.post("/scenarios", dependencies=[WRITE])
def make(desk: AtDesk, db: Db, data: Sent) -> Response:
    """A new scenario."""
    form = form_of(data)
    try:
        day = date.fromisoformat(form.text("as_of"))
        made = service.make(
            db, name=form.text("name"), area_code=form.text("area"), as_of=day,
            remark=form.text("remark") or None,
        )  # fmt: skip
        return RedirectResponse(f"/scenarios/{made.id}", 303)
    except ValueError:
        form.wrong("as_of", desk.t("scenarios.wrong_day"))
    except BadInput as exc:
        form.wrong("name", desk.why(exc))
    return _list(desk, db, form)


@router.get("/scenarios/{scenario_id}", dependencies=[READ])
def read_scenario(desk: AtDesk, db: Db, scenario_id: RowId) -> Response:
    """One scenario beside today."""
    return _one(desk, db, service.find(db, scenario_id), Form())


def _one(desk: Desk, db: Session, scenario: Scenario, form: Form) -> Response:
    found = _compared(desk, db, scenario)
    table = tables.view(
        desk, features.records(found.communities), _columns(desk), name="scenario",
        title=scenario.name, capability=Capability.SCENARIOS,
        href=lambda row: f"/coverage-board/{row['code']}?as_of={scenario.as_of}",
        filters=[tables.Filter(
            "changed", desk.t("scenarios.changed"),
            [("True", desk.t("shell.yes")), ("False", desk.t("shell.no"))],
            lambda row: str(row["changed"]),
        )],
    )  # fmt: skip
    mine = desk.user is not None and scenario.owner == desk.user.id
    return table.file() or desk.page(
        "scenario.html", status=200 if form.ok else 422, scenario=scenario, form=form, table=table,
        sums=_sums(desk, found), changes=_told(desk, db, scenario),
        may_write=mine and _may(desk, Action.WRITE), may_share=mine and _may(desk, Action.PUBLISH),
        may_print=_may(desk, Action.EXPORT), options=_options(desk, db, scenario),
    )  # fmt: skip


def _compared(desk: Desk, db: Session, scenario: Scenario) -> service.Comparison:
    return service.compare(db, scenario, policy=desk.house.policy, district=desk.house.district)


def _columns(desk: Desk) -> list[tables.Column]:
    t, column, n = desk.t, tables.Column, desk.n

    def number(name: str, label: str) -> tables.Column:
        return column(name, t(f"scenarios.{label}"), lambda row: n(row[name], 1), number=True)

    def ratio(name: str, label: str) -> tables.Column:
        return column(
            name, t(f"scenarios.{label}"), lambda row: desk.held(row[name], 1), number=True
        )

    return [
        column("name", t("scenarios.name"), link=True),
        column("code", t("scenarios.code"), at_first=False),
        ratio("m2_per_100_households", "today"),
        column("verdict", t("scenarios.verdict"), chip=lambda row: _class(row["verdict"])),
        ratio("m2_per_100_households_then", "then"),
        column("verdict_then", t("scenarios.verdict_then"),
               chip=lambda row: _class(row["verdict_then"])),
        number("added_m2", "delta"),
        number("gap_m2", "gap_m2"),
        number("gap_m2_then", "gap_then"),
    ]  # fmt: skip


def _sums(desk: Desk, found: service.Comparison) -> list[tuple[str, str]]:
    t, n = desk.t, desk.n
    return [
        (t("scenarios.met"), n(found.turned_met)),
        (t("scenarios.gap"), f"{n(found.to_build_m2)} → {n(found.to_build_then_m2)} m²"),
        (t("scenarios.added"), f"{'+' if found.added_m2 > 0 else ''}{n(found.added_m2)} m²"),
        (t("scenarios.cost"), desk.money(found.cost_yuan)),
    ]


def _told(desk: Desk, db: Session, scenario: Scenario) -> list[tuple[int, str]]:
    """Each change with its id and in a sentence."""
    names = dict(_facilities(desk, db, scenario))
    areas = dict(area_options(desk, db))
    made = store.changes(db, scenario.id)
    names |= {one.facility: one.values["name"] for one in made if one.kind == ChangeKind.ADD}
    return [(one.id, _sentence(desk, one, names, areas)) for one in made]


def _sentence(desk: Desk, one: ScenarioChange, names: dict[str, str], areas: dict[str, str]) -> str:
    shares = one.values.get("shares") or {}
    where = next(iter(shares), one.area_code)
    return desk.t(
        f"scenarios.said_{one.kind}", name=names.get(one.facility, one.facility),
        area=desk.n(one.values.get("floor_area_m2"), 1), community=areas.get(where, where),
        part=desk.n(100 * sum(shares.values()), 1),
    )  # fmt: skip


def _facilities(desk: Desk, db: Session, scenario: Scenario) -> list[tuple[str, str]]:
    kept = facilities.facilities_on(db, as_of=scenario.as_of, srid=desk.house.district.srid)
    kept = kept[kept["is_open"] & kept["area_code"].str.startswith(scenario.area_code)]
    return list(zip(kept["facility"], kept["name"], strict=True))


def _options(desk: Desk, db: Session, scenario: Scenario) -> dict[str, list[tuple[str, str]]]:
    own = [
        (one.facility, one.values["name"])
        for one in store.changes(db, scenario.id) if one.kind == ChangeKind.ADD
    ]  # fmt: skip
    communities = [(code, name) for code, name in area_options(desk, db) if len(code) > 9]
    return {
        "kind": [(str(one), desk.t(f"scenarios.kind_{one}")) for one in ChangeKind],
        "facility": [("", "—"), *own, *_facilities(desk, db, scenario)],
        "community": [("", "—"), *communities],
        "function": [(str(one), facility_word(desk, "function", one)) for one in Function],
    }


@router.post("/scenarios/{scenario_id}/changes", dependencies=[WRITE])
def add_change(desk: AtDesk, db: Db, scenario_id: RowId, data: Sent) -> Response:
    """Add a change, or say what is wrong with it."""
    scenario, form = service.find(db, scenario_id), form_of(data)
    try:
        kind = ChangeKind(form.text("kind"))
        service.add_change(
            db, scenario, kind, facility=form.text("facility"),
            area_code=form.text("community") if kind in _PUT else "",
            values=_values(kind, form), spot=_spot(kind, form), policy=desk.house.policy,
            district=desk.house.district,
        )  # fmt: skip
        return RedirectResponse(f"/scenarios/{scenario_id}", 303)
    except ValueError:
        form.wrong("kind", desk.t("scenarios.wrong_number"))
    except NotFound:
        form.wrong("facility", desk.t("scenarios.facility_missing"))
    except BadInput as exc:
        form.wrong("kind", desk.why(exc))
    return _one(desk, db, scenario, form)


def _spot(kind: ChangeKind, form: Form) -> Point | None:
    """Where it is put, if that was said; raises ValueError for what is no position."""
    lon, lat = form.text("lon"), form.text("lat")
    if kind not in _PUT or not (lon or lat):
        return None
    at = Point(float(lon), float(lat))
    if not (abs(at.x) <= 180 and abs(at.y) <= 90):
        raise ValueError
    return at


def _values(kind: ChangeKind, form: Form) -> dict[str, Any]:
    """The values the kind needs; raises ValueError for what is no number."""
    match kind:
        case ChangeKind.ADD:
            return {"name": form.text("name"), "function": form.text("function"),
                    "floor_area_m2": float(form.text("area_m2"))}  # fmt: skip
        case ChangeKind.RESIZE:
            return {"floor_area_m2": float(form.text("area_m2"))}
        case ChangeKind.SHARE:
            return {"shares": {form.text("community"): float(form.text("part")) / 100}}
    return {}


@router.post("/scenarios/{scenario_id}/changes/{change_id}/drop", dependencies=[WRITE])
def drop_change(desk: AtDesk, db: Db, scenario_id: RowId, change_id: RowId) -> Response:
    """Take a change back, or say why it has to stay."""
    scenario = service.find(db, scenario_id)
    try:
        service.drop_change(db, scenario, change_id, district=desk.house.district)
    except BadInput as exc:
        return _one(desk, db, scenario, Form(errors={"kind": desk.why(exc)}))
    return RedirectResponse(f"/scenarios/{scenario_id}", 303)


@router.post("/scenarios/{scenario_id}/share", dependencies=[PUBLISH])
def share(db: Db, scenario_id: RowId, data: Sent) -> Response:
    """Share, or stop sharing."""
    service.share(db, service.find(db, scenario_id), shared=data.get("shared") == "yes")
    return RedirectResponse(f"/scenarios/{scenario_id}", 303)


@router.post("/scenarios/{scenario_id}/delete", dependencies=[WRITE])
def delete(db: Db, scenario_id: RowId) -> Response:
    """Delete a scenario."""
    service.remove(db, service.find(db, scenario_id))
    return RedirectResponse("/scenarios", 303)


@router.get("/scenarios/{scenario_id}/print", dependencies=[EXPORT, Depends(export_limited)])
def read_print(
    desk: AtDesk, db: Db, scenario_id: RowId, purpose: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The comparison on A4."""
    scenario = service.find(db, scenario_id)
    found, t, n, held = _compared(desk, db, scenario), desk.t, desk.n, desk.held
    heads = ("name", "today", "verdict", "then", "verdict_then", "delta", "gap_m2", "gap_then")
    rows = [
        (row["name"],
         held(row["m2_per_100_households"], 1), desk.chip(_class(row["verdict"]))["word"],
         held(row["m2_per_100_households_then"], 1), desk.chip(_class(row["verdict_then"]))["word"],
         n(row["added_m2"], 1), n(row["gap_m2"], 1), n(row["gap_m2_then"], 1))
        for row in features.records(found.communities)
    ]  # fmt: skip
    at, version = desk.house.district, desk.house.policy.version
    foot = t("scenarios.printed", district=desk.either(at.name_zh, at.name_en),
             day=desk.day(scenario.as_of), version=version)  # fmt: skip
    page = comparison.Comparison(
        title=scenario.name, lead=scenario.remark or "", sums=_sums(desk, found),
        changes_title=t("scenarios.changes"), rows=rows, foot=foot, day=scenario.as_of,
        demo=desk.demo, taken=printed(db, desk.house, purpose=purpose, wanted=True),
        changes=[told for _, told in _told(desk, db, scenario)] or [t("scenarios.changes_none")],
        heads=[t(f"scenarios.{one}") for one in heads],
    )  # fmt: skip
    note(db, event="export", target=f"scenario {scenario_id}", area_code=scenario.area_code,
         rows=len(rows), purpose=said_purpose(purpose))  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="scenario-{scenario_id}.pdf"'}
    return Response(comparison.pdf(page), media_type="application/pdf", headers=headers)
