"""Where the next video points belong: asked in a form, shown as list and map, taken as a file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from api import features
from api.audit.exported import PURPOSE_LENGTH, watermark
from api.deps import Db, Waits, needs
from api.planning.asked import Area, Budget, EveryDeg, Target
from api.planning.plans import computed, plan
from api.planning.poles import Poles, keep, kept
from api.serving.limits import export_limited
from api.uploads.uploading import safe_name
from api.web import places, tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, file_of, form_of
from api.web.table_files import Marked
from api.web.told import Told, wanted
from data.export import planned
from data.ingest.candidates import candidates
from gis.access.rights import Action, Capability
from gis.audit.service import note
from gis.errors import BadInput, NotFound
from gis.timeline import service as timeline
from gis.video import store
from gis.video.rules import PlanRules
from gis.video.siting.ask import Ask
from gis.video.siting.planning import Proposed

router = APIRouter(dependencies=[needs(Capability.VIDEO)])
Compound = Annotated[str | None, Query(max_length=64)]  # a form sends an empty one
Purpose = Annotated[str, Query(max_length=PURPOSE_LENGTH)]
_COMMUNITY = 12  # digits of a community's code
FRAMES = ("wgs84", "cgcs2000", "gcj02", "bd09")
TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


@router.get("/sharp-eyes/plan")
def read_plan(
    desk: AtDesk, request: Request, db: Db, asker: Waits, compound: Compound = None, area: str = "",
    budget: Budget = 5, target: str = "", every_deg: EveryDeg = None, poles: Poles = None,
) -> Response:  # fmt: skip
    """The form, and the plan it asks for; for a browser that asks for events how far it is."""
    chosen = {
        "compound": compound or "", "area": area if not compound else "", "budget": budget,
        "target": target, "poles": poles, "where": "kept" if poles else "generated",
    }  # fmt: skip
    found, wrong, plans = None, None, request.app.state.plans
    try:
        ask = _ask(desk, compound, area, budget, target, every_deg, poles)
        if ask and desk.user and wanted(request):
            return Told(
                request, desk.user, lambda on, who: computed(plans, on, desk.house, ask, who)
            )
        found = plan(plans, db, desk.house, ask, asker) if ask else None
    except (BadInput, NotFound) as exc:
        wrong = desk.why(exc)
    table = _table(desk, found) if found else None
    return (table.file() if table else None) or _page(desk, db, chosen, wrong, found, table)


@router.post("/sharp-eyes/plan")
def ask_plan(desk: AtDesk, db: Db, data: Sent) -> Response:
    """Take the form with candidate places of one's own; the plan's address is answered."""
    form = form_of(data)
    asked = {name: form.text(name) for name in ("compound", "area", "budget", "target", "poles")}
    try:
        asked["poles"] = _poles(desk, data, form)
    except BadInput as exc:
        wrong = desk.why(exc)
        return _page(desk, db, {**asked, "where": form.text("where")}, wrong, None, None)
    query = urlencode({name: value for name, value in asked.items() if value})
    return RedirectResponse(f"/sharp-eyes/plan?{query}", 303)


def _poles(desk: Desk, data: FormData, form: Form) -> str:
    """What the given places are asked for by; empty where places are generated."""
    where, home = form.text("where"), desk.house.settings.home
    if where == "kept":
        return form.text("poles")
    if where not in ("file", "drawn"):
        return ""
    sent: Any = data.get("file")
    name, content = "drawn.geojson", form.text("drawn").encode()
    if where == "file":
        name, content = safe_name(getattr(sent, "filename", "") or ""), file_of(data, "file") or b""
    if not content:
        raise BadInput(desk.t(f"eyes.poles_none_{where}"))
    with TemporaryDirectory(prefix="wangge-poles-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        frame = form.text("frame") if where == "file" else "wgs84"
        return keep(home, candidates(path, desk.house.district, frame=frame or None))


def _page(
    desk: Desk, db: Session, chosen: dict[str, Any], wrong: str | None, found: Proposed | None,
    table: tables.View | None,
) -> Response:  # fmt: skip
    given = len(found.ask.candidates) if found else 0
    return desk.page(
        "sharp_eyes_plan.html", status=422 if wrong else 200, table=table, found=found,
        wrong=wrong, compounds=_compounds(desk, db), areas=_areas(desk, db), targets=TARGETS,
        chosen=chosen, given=given, frames=FRAMES,
        sums=_sums(desk, found) if found else [], note_=_note(desk, found) if found else "",
        frame=_frame(desk, found, chosen),
        file=_said(found.ask, chosen) if found and _may_leave(desk) else None,
    )  # fmt: skip


def _ask(
    desk: Desk, compound: str | None, area: str, budget: int, target: str,
    every_deg: float | None, poles: str | None,
) -> Ask | None:  # fmt: skip
    """What the form asks for; None for an empty form."""
    share = float(target) if target in {str(one) for one in TARGETS} else None
    given = kept(desk.house.settings.home, poles)
    if compound:
        return Ask(compound, "", budget, share, every_deg, given)
    return Ask(None, area, budget, share, every_deg, given) if area.isdecimal() else None


def _said(ask: Ask, chosen: dict[str, Any]) -> dict[str, Any]:
    """What a plan is asked for by, as entries of an address."""
    said = {"compound": ask.compound, "area": ask.area_prefix, "budget": ask.budget,
            "target": ask.target, "every_deg": ask.every_deg, "poles": chosen["poles"]}  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _frame(desk: Desk, found: Proposed | None, chosen: dict[str, Any]) -> str | None:
    """The plan's map, before one that of the blind areas; points can be drawn on both."""
    if not desk.house.settings.serve_internal:
        return None
    if found is None:
        return f"/maps/blind_areas?embed=1#lang={desk.language}"
    return f"/maps/plan/video?{urlencode(_said(found.ask, chosen))}&embed=1#lang={desk.language}"


def _may_leave(desk: Desk) -> bool:
    return bool(desk.user and desk.user.may(Capability.VIDEO, Action.EXPORT))


def _compounds(desk: Desk, db: Session) -> list[tuple[str, str]]:
    """The reader's compounds with their covered share, the least first."""
    rows = places.rows(places.read(desk, db, "video_coverage", area_prefix=""))
    if not rows:
        homes = store.compounds_on(db, as_of=timeline.day_of(db, desk.house.district))
        return list(zip(homes["compound"], homes["name"], strict=True))
    rows.sort(key=lambda row: (row["covered_percent"] is None, row["covered_percent"] or 0))
    known = [(row, row["covered_percent"]) for row in rows]
    return [
        (row["code"], f"{row['name']} · {desk.share(None if part is None else part / 100)}")
        for row, part in known
    ]


def _areas(desk: Desk, db: Session) -> list[tuple[str, str]]:
    """Communities: what is planned while somebody waits."""
    return [one for one in places.area_options(desk, db) if len(one[0]) == _COMMUNITY]


def _table(desk: Desk, found: Proposed) -> tables.View:
    t, n = desk.t, desk.n

    def number(name: str, digits: int = 0, *, at_first: bool = True) -> tables.Column:
        return tables.Column(name, t(f"eyes.column_{name}"), lambda row: n(row[name], digits),
                             number=True, at_first=at_first)  # fmt: skip

    columns = [
        number("rank"), number("gain_m2"), number("cumulative_m2"), number("cumulative_yuan"),
        tables.Column("direction_deg", t("eyes.direction"),
                      lambda row: f"{n(row['direction_deg'])}°", number=True),
        tables.Column("compound", t("eyes.column_compound_code"), at_first=False),
        tables.Column("name", t("eyes.column_name"), at_first=bool(found.ask.candidates)),
        number("weighted_m2", at_first=False), number("lon", 6, at_first=False),
        number("lat", 6, at_first=False),
    ]  # fmt: skip
    return tables.view(
        desk, features.records(found.places), columns, name="video-plan", title=t("eyes.plan"),
        capability=Capability.VIDEO, key="rank", search=("compound", "name"),
        kept=("compound", "area", "budget", "target", "every_deg", "poles"), internal=True,
    )  # fmt: skip


def _sums(desk: Desk, found: Proposed) -> list[tuple[str, str, str]]:
    """Value, label and note of each figure."""
    t, n, share = desk.t, desk.n, desk.share
    public_m2 = found.public_m2 or 1.0
    now, then = found.seen_m2 / public_m2, found.then_m2 / public_m2
    every, before, after = found.entrances
    yuan = PlanRules.of(desk.house.policy).yuan_per_point
    return [
        (f"{share(now)} → {share(then)}", t("eyes.covered"),
         t("eyes.plan_gain", gain=n(found.then_m2 - found.seen_m2))),
        (n(len(found.places)), t("eyes.plan_points"), t(f"eyes.status_{found.plan.status}")),
        (share(found.plan.gap), t("eyes.plan_gap"), t("eyes.plan_gap_note")),
        (t("eyes.yuan", sum=n(len(found.places) * yuan)), t("eyes.plan_cost"),
         t("eyes.plan_cost_note", yuan=n(yuan))),
        (f"{n(before)} → {n(after)}", t("eyes.plan_entrances"),
         t("eyes.plan_entrances_note", all=n(every))),
    ]  # fmt: skip


def _note(desk: Desk, found: Proposed) -> str:
    """How it was looked at, in one sentence."""
    n = desk.n
    return desk.t(
        "eyes.plan_looked", poses=n(found.poses), excluded=n(found.excluded),
        spacing=n(found.grain.spacing_m), degrees=n(found.grain.every_deg),
        incidents=n(found.weighed["incidents"]), entrances=n(found.weighed["entrances"]),
        **{state: n(points) for state, points in found.fixed.items()},
    )  # fmt: skip


@router.get(
    "/sharp-eyes/plan.geojson",
    dependencies=[needs(Capability.VIDEO, Action.EXPORT), Depends(export_limited)],
)
def read_points(
    desk: AtDesk, request: Request, db: Db, asker: Waits, compound: Compound = None,
    area: Area = None, budget: Budget = 5, target: Target = None, every_deg: EveryDeg = None,
    poles: Poles = None, purpose: Purpose = "",
) -> Response:  # fmt: skip
    """The planned points as a file that the import of cameras takes; it says who took it."""
    marked = Marked(desk.t("eyes.plan"), watermark(db, purpose=purpose, internal=True), desk.demo)
    given = kept(desk.house.settings.home, poles)
    ask = Ask(compound or None, area or "", budget, target, every_deg, given)
    found: Any = plan(request.app.state.plans, db, desk.house, ask, asker)
    note(db, event="export", target="video_plan", rows=len(found.places),
         purpose=marked.watermark.purpose)  # fmt: skip
    headers = {"Content-Disposition": 'attachment; filename="planned_cameras.geojson"'}
    body = planned.text(found.places, description=marked.text)
    return Response(body, media_type="application/geo+json", headers=headers)
