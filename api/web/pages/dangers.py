"""Hidden dangers (SAF-4): the register, a report from the phone, one danger and its next step."""

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.deps import At, Caller, Db, RowId, needs
from api.house import House
from api.web import forms, places, tables
from api.web.desk import AtDesk, Desk
from gis.access.rights import Action, Capability
from gis.audit.service import note
from gis.dangers import service
from gis.dangers.model import Handler, Kind, Move, Severity
from gis.errors import BadInput, ChangedMeanwhile
from gis.legend import DANGER

router = APIRouter(dependencies=[needs(Capability.DANGERS)])
_WRITES = [needs(Capability.DANGERS, Action.WRITE)]
_STEP = re.compile(r"\d{1,18}")


@router.get("/dangers")
def read_dangers(desk: AtDesk, db: Db) -> Response:
    """The register, overdue ones first."""
    area = places.chosen_area(desk)
    found = service.register(db, area_prefix=area, now=datetime.now(UTC))
    rows = [{**one, "late": "yes" if one["overdue"] else "no"} for one in found]
    view = tables.view(
        desk, rows, _columns(desk), name="dangers", title=desk.t("dangers.title"), key="id",
        capability=Capability.DANGERS, href=lambda row: f"/dangers/{row['id']}",
        filters=_filters(desk), search=("what", "place", "community", "compound"), kept=("area",),
    )  # fmt: skip
    sums = [(desk.chip(one), sum(row["state"] == one.value for row in rows))
            for one in DANGER.entries]  # fmt: skip
    late = sum(row["overdue"] for row in rows)
    years = sorted(desk.house.work_time.years)
    return view.file() or desk.page(
        "dangers.html", table=view, sums=sums, overdue=late, years=years, any=bool(rows)
    )


def _columns(desk: Desk) -> list[tables.Column]:
    t = desk.t
    return [
        tables.Column("what", t("dangers.what"), link=True),
        tables.Column("state", t("dangers.state"), chip=lambda row: DANGER.entry(row["state"])),
        tables.Column("due_at", t("dangers.due"), lambda row: due_words(desk, row)),
        tables.Column("kind", t("dangers.kind"), lambda row: t(f"dangers.kind_{row['kind']}")),
        tables.Column("severity", t("dangers.severity"),
                      lambda row: t(f"dangers.severity_{row['severity']}")),
        tables.Column("handler", t("dangers.handler"),
                      lambda row: t(f"dangers.handler_{row['handler']}")),
        tables.Column("community", t("dangers.community")),
        tables.Column("compound", t("dangers.compound"), at_first=False),
        tables.Column("place", t("dangers.place"), at_first=False),
        tables.Column("found_at", t("dangers.found"), lambda row: desk.moment(row["found_at"]),
                      at_first=False),
    ]  # fmt: skip


def due_words(desk: Desk, row: Any) -> str:
    """When a danger is due, and whether that has passed or rests on unannounced holidays."""
    if row["state"] == "closed":
        return "—"
    told = desk.moment(row["due_at"])
    if row["overdue"]:
        return f"{desk.t('dangers.late')} · {told}"
    return told if row["due_known"] else f"{told} ({desk.t('dangers.due_unknown')})"


def _filters(desk: Desk) -> list[tables.Filter]:
    t = desk.t
    states = [(one.value, desk.either(one.zh, one.en)) for one in DANGER.entries]
    kinds = [(one.value, t(f"dangers.kind_{one}")) for one in Kind]
    late = [("yes", t("dangers.late")), ("no", t("dangers.in_time"))]
    return [
        tables.Filter("state", t("dangers.state"), states, lambda row: str(row["state"])),
        tables.Filter("kind", t("dangers.kind"), kinds, lambda row: str(row["kind"])),
        tables.Filter("late", t("dangers.due"), late, lambda row: str(row["late"])),
    ]


@router.get("/dangers/new", dependencies=_WRITES)
def read_new_danger(desk: AtDesk) -> Response:
    """The form of a report; drafts stay on the phone until they are sent."""
    asked = desk.request.query_params
    values = {name: asked[name] for name in ("lon", "lat", "place") if name in asked}
    return _form(desk, forms.Form({"severity": "ordinary", **values}))


def _form(desk: Desk, form: forms.Form) -> Response:
    words = desk.t
    return desk.page(
        "danger_new.html", status=200 if form.ok else 422, form=form,
        kinds=[(one.value, words(f"dangers.kind_{one}")) for one in Kind],
        severities=[(one.value, words(f"dangers.severity_{one}")) for one in Severity],
        fresh=secrets.token_urlsafe(16), bounds=desk.house.district.bounds,
        hours=desk.house.policy.rule("SAF-4"),
    )  # fmt: skip


@router.post("/dangers", dependencies=_WRITES)
def add_danger(desk: AtDesk, db: Db, at: At, user: Caller, data: forms.Sent) -> Response:
    """Take a report: a page for a form, JSON for a draft that a phone sends later."""
    form = forms.form_of(data)
    seen = _seen(desk, form, forms.file_of(data, "photo"))
    if seen is not None:
        try:
            danger = service.report(
                db, seen, now=datetime.now(UTC), rules=_rules(at), role=user.role,
                district_code=at.district.code,
            )  # fmt: skip
        except BadInput as exc:
            form.wrong(_FIELD.get(exc.code, "what"), desk.why(exc))
        else:
            return _answered(desk.request, f"/dangers/{danger.id}", {"id": danger.id})
    if _wants_json(desk.request):
        return JSONResponse({"errors": form.errors}, 422)
    return _form(desk, form)


_FIELD = {"bad_photo": "photo", "elsewhere": "lon"}


def _seen(desk: Desk, form: forms.Form, photo: bytes | None) -> service.Report | None:
    """The report that was written; None where an entry is wrong, which the form then says."""
    lon, lat = _degrees(form.text("lon"), 180), _degrees(form.text("lat"), 85)
    if lon is None or lat is None:
        form.wrong("lon", desk.t("dangers.wrong_spot"))
    if not 2 <= len(form.text("what")) <= 500:
        form.wrong("what", desk.t("dangers.wrong_what"))
    if len(form.text("place")) > 200:
        form.wrong("place", desk.t("dangers.wrong_place"))
    if form.text("kind") not in set(Kind):
        form.wrong("kind", desk.t("dangers.wrong_kind"))
    if form.text("severity") not in set(Severity):
        form.wrong("severity", desk.t("dangers.wrong_kind"))
    if not 8 <= len(form.text("key")) <= 64:
        form.wrong("what", desk.t("dangers.wrong_key"))
    if not form.ok or lon is None or lat is None:
        return None
    return service.Report(
        key=form.text("key"), kind=Kind(form.text("kind")), lon=lon, lat=lat, photo=photo,
        severity=Severity(form.text("severity")), what=form.text("what"),
        place=form.text("place") or None,
    )  # fmt: skip


def _degrees(text: str, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -most <= value <= most else None


@router.get("/dangers/{id}")
def read_danger(desk: AtDesk, db: Db, id: RowId) -> Response:
    """One danger: where, by when, what was done, what comes next."""
    return _page(desk, db, id, forms.Form())


def _page(desk: Desk, db: Db, id: RowId, form: forms.Form) -> Response:
    file = service.read(db, id, now=datetime.now(UTC))
    may = desk.user is not None and desk.user.may(Capability.DANGERS, Action.WRITE)
    form.values = {"to": file.danger["handler"], **form.values}  # a call is not taken back unasked
    return desk.page(
        "danger.html", status=200 if form.ok else 422, file=file, form=form,
        danger=file.danger, due=due_words(desk, file.danger),
        chip=desk.chip(DANGER.entry(file.danger["state"])),
        chips={one.value: desk.chip(one) for one in DANGER.entries},
        moves=file.moves if may else (),
        levels=[(one.value, desk.t(f"dangers.handler_{one}")) for one in Handler],
    )  # fmt: skip


@router.post("/dangers/{id}", dependencies=_WRITES)
def move_danger(
    desk: AtDesk, db: Db, at: At, user: Caller, id: RowId, data: forms.Sent
) -> Response:
    """Take the next step; sent again after a lost answer it is not taken twice."""
    form = forms.form_of(data)
    after = _STEP.fullmatch(form.text("after"))
    try:
        too_long = len(form.text("remark")) > 500 or len(form.text("post")) > 60
        if form.text("move") not in set(Move) or form.text("to") not in ("", *Handler) or too_long:
            raise BadInput(desk.t("dangers.wrong_move"))
        service.move(
            db, id, Move(form.text("move")), now=datetime.now(UTC), rules=_rules(at),
            role=user.role, remark=form.text("remark"),
            after=int(after[0]) if after else None, assigned=_assigned(form),
        )  # fmt: skip
    except (BadInput, ChangedMeanwhile) as exc:
        form.wrong("remark", desk.why(exc))
        return _page(desk, db, id, form)
    return RedirectResponse(f"/dangers/{id}", 303)


def _assigned(form: forms.Form) -> service.Assignment:
    to = form.text("to")
    return service.Assignment(to=Handler(to) if to else None, post=form.text("post"))


@router.get("/dangers/photos/{id}")
def read_photo(db: Db, id: RowId) -> Response:
    """A photo, for those who may see the danger; it expires and no browser keeps it."""
    body = service.read_photo(db, id, now=datetime.now(UTC))
    note(db, event="read", target="danger photo", rows=1, detail={"photo": id})
    return Response(body, media_type="image/jpeg", headers={"Cache-Control": "no-store, private"})


def _rules(at: House) -> service.Rules:
    return service.Rules(at.policy, at.work_time)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _answered(request: Request, address: str, body: dict[str, Any]) -> Response:
    if _wants_json(request):
        return JSONResponse({**body, "address": address}, 201)
    return RedirectResponse(address, 303)
