"""The quarter's cycle: data check, review of each change, objections, publication."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api import features, replays
from api.deps import Db, RowId, needs
from api.serving.limits import limits_of
from api.web import changes, decisions, places, runs, verdicts
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, form_of
from gis.access.rights import Action, Capability
from gis.audit.service import note
from gis.errors import BadInput, NotFound
from gis.layers.model import layer
from gis.layers.service import Scope, read
from gis.legend import RATING
from gis.publication import objections, service, store
from gis.publication.model import ColourOverride, CycleState, Decision, Origin, RatingCycle
from gis.publication.together import confirm_together
from gis.runs.model import Run
from gis.safety.reasons import events
from gis.safety.rules import Colour
from gis.safety.store import basis_kept

router = APIRouter()
READ = needs(Capability.RATING)
WRITE = needs(Capability.RATING, Action.WRITE)
PUBLISH = needs(Capability.RATING, Action.PUBLISH)
Quarter = Annotated[str | None, Query(pattern=r"^\d{4}Q[1-4]$")]
Code = Annotated[str, Path(max_length=200)]
Row = Mapping[str, Any]
_LISTED = 50  # compounds named behind each count of the data check


@router.get("/ratings", dependencies=[WRITE])
def read_board(
    desk: AtDesk, db: Db, period: Quarter = None, replay: Literal["yes"] | None = None
) -> Response:
    """The quarter in hand: what its data are worth, which colours change, what is left to do.

    With ``replay`` its rating is computed again and compared; nothing is written.
    """
    if replay:
        limits_of(desk.request).replay(desk.caller_id)
    quarters = store.quarters(db)
    if quarters.empty:
        return desk.page("ratings_none.html", offer=runs.offered(desk, db))
    period = period or str(quarters["period"].iloc[0])
    at = quarters[quarters["period"] == period]
    if at.empty:
        raise NotFound("rated quarter", period)
    periods = quarters["period"].tolist()
    found = at["cycle_id"].iloc[0]
    if found is None or found != found:  # noqa: PLR0124 - NaN: no cycle yet
        return desk.page(
            "ratings_new.html", period=period, periods=periods, whole=_whole(desk),
            offer=runs.offered(desk, db),
        )  # fmt: skip
    return _board(desk, db, db.get_one(RatingCycle, int(found)), periods, replay=bool(replay))


def _board(
    desk: Desk, db: Session, cycle: RatingCycle, periods: Sequence[str], *,
    form: Form | None = None, replay: bool = False,
) -> Response:  # fmt: skip
    run, open_ = db.get_one(Run, cycle.run_id), cycle.state == CycleState.REVIEW
    counts = store.rated_colours(db, cycle) if open_ else store.colours(db, cycle)
    shown = changes.view(desk, features.records(service.changes(db, cycle)), cycle)
    values: dict[str, Any] = {
        "cycle": cycle, "run": run, "periods": periods, "period": cycle.period, "table": shown,
        "check": service.data_check(db, cycle), "ready": service.readiness(db, cycle),
        "checked": store.data_checked(db, cycle, most=_LISTED),
        "colours": [(desk.chip(one), counts.get(one.value, 0)) for one in RATING.entries],
        **changes.waiting(shown.matching),
        "may_publish": bool(desk.user and desk.user.may(Capability.RATING, Action.PUBLISH)),
        "whole": _whole(desk), "own": places.own_areas(desk, db), "kept": basis_kept(db, run.id),
        "replay": _replayed(desk, db, run) if replay else None,
        "form": form or Form(), "open": open_, "offer": runs.offered(desk, db),
        "correction": store.corrected(db, cycle), "objections": decisions.objected(desk, db, cycle),
    }  # fmt: skip
    return shown.file() or desk.page("ratings.html", status=values["form"].status, **values)


def _replayed(desk: Desk, db: Session, run: Run) -> dict[str, Any]:
    """Whether the rating came out the same, in words, and what of it did not."""
    found = replays.again(db, desk.house, str(run.id))

    def cell(figure: str, value: Any) -> str:
        colour = figure in {"colour", "previous_colour"} and value is not None
        return desk.chip(RATING.entry(value))["word"] if colour else f"{value}"

    rows = [
        (one.code or desk.t("ratings.replay_run"), one.figure,
         cell(one.figure, one.stored), cell(one.figure, one.again))
        for one in found.differences
    ]  # fmt: skip
    told = [desk.either(*one) for one in replays.words(found)]
    return {"equal": found.equal, "words": told, "rows": rows}


def _refused(desk: Desk, form: Form, name: str, exc: BadInput | service.NotReady) -> None:
    """What was written comes back with what is wrong with it."""
    form.wrong(name, desk.why(exc))
    form.status = 409 if isinstance(exc, service.NotReady) else 422


def _whole(desk: Desk) -> bool:
    """Whether the reader works in the whole district, which takes up and publishes a quarter."""
    return desk.reaches(desk.house.district.code)


@router.post("/ratings", dependencies=[WRITE])
def open_quarter(desk: AtDesk, db: Db, data: Sent) -> Response:
    """Take up a rated quarter for review."""
    period = form_of(data).text("period")
    cycle = service.open_cycle(db, district=desk.house.district, period=period)
    note(db, event="rating_cycle", target=f"{period} open", area_code=cycle.area_code)
    return RedirectResponse(f"/ratings?period={period}", 303)


@router.post("/ratings/{cycle_id}/confirm", dependencies=[WRITE])
def confirm(desk: AtDesk, db: Db, cycle_id: RowId, data: Sent) -> Response:
    """Let the named colours stand."""
    form, cycle = form_of(data), _cycle(db, cycle_id)
    codes = form.text("code").splitlines()  # one entry: a form has few, a quarter many
    try:
        rows = (
            service.confirm(db, cycle_id, codes, note=form.text("note") or None)
            if len(codes) == 1 else confirm_together(db, cycle_id, codes)
        )  # fmt: skip
    except (BadInput, service.NotReady) as exc:
        _refused(desk, form, "note", exc)
        return _again(desk, db, cycle, codes, form)
    note(db, event="rating_review", target=cycle.period, area_code=cycle.area_code, rows=rows)
    return RedirectResponse(f"/ratings?period={cycle.period}", 303)


@router.post("/ratings/{cycle_id}/publish", dependencies=[PUBLISH])
def publish(desk: AtDesk, db: Db, cycle_id: RowId, data: Sent) -> Response:
    """Publish the quarter."""
    form = form_of(data)
    if not form.text("issuer"):
        form.wrong("issuer", desk.t("ratings.issuer_missing"))
    if form.text("sure") != "yes":
        form.wrong("sure", desk.t("ratings.sure_missing"))
    cycle = _cycle(db, cycle_id)
    if form.ok:
        try:
            service.publish(db, cycle_id, issuer=form.text("issuer"))
        except (BadInput, service.NotReady) as exc:
            _refused(desk, form, "issuer", exc)
    if not form.ok:
        return _again(desk, db, cycle, (), form)
    note(db, event="publish", target=f"rating {cycle.period}", area_code=cycle.area_code,
         detail={"revision": cycle.revision, "digest": cycle.digest})  # fmt: skip
    return RedirectResponse(f"/ratings?period={cycle.period}", 303)


def _again(
    desk: Desk, db: Session, cycle: RatingCycle, codes: Sequence[str], form: Form
) -> Response:
    """The page a form came from: one compound's, or the board."""
    if len(codes) == 1:
        return _compound(desk, db, cycle, codes[0], form)
    return _board(desk, db, cycle, store.quarters(db)["period"].tolist(), form=form)


@router.get("/ratings/{cycle_id}/{code:path}", dependencies=[WRITE])
def read_change(desk: AtDesk, db: Db, cycle_id: RowId, code: Code) -> Response:
    """One compound: why it has this colour, what was said of it, what may be done."""
    return _compound(desk, db, _cycle(db, cycle_id), code, Form())


def _compound(desk: Desk, db: Session, cycle: RatingCycle, code: str, form: Form) -> Response:
    scheme, at, run = layer("rating"), desk.house, db.get_one(Run, cycle.run_id)
    open_ = cycle.state == CycleState.REVIEW
    scope = Scope(run_id=run.id, key=code)
    rated = read(db, scheme, district=at.district, policy=at.policy, scope=scope)
    if rated.features.empty:
        raise NotFound("compound", code)
    row = features.records(rated.features.drop(columns="geom"))[0]
    rated_colour = row["rated_colour"] or row["colour"]
    said = next(
        (one for one in features.records(service.changes(db, cycle)) if one["code"] == code), None
    )
    stands, filed = store.standing_colour(db, cycle, code), decisions.objections(desk, db, cycle)
    history = [
        (period, colour) for period, colour in store.history(db, code) if period != cycle.period
    ]
    verdict = verdicts.verdict(
        desk, scheme, row, version=run.policy_version, history=history,
        decided=decisions.decided(desk, db, run.id, code),
    )  # fmt: skip
    if said and said["lifted_by"]:
        note(db, event="read", target="rating kinds", area_code=row["area_code"], rows=1,
             detail={"code": code})  # fmt: skip
    return desk.page(
        "rating.html", status=form.status, cycle=cycle, row=row, said=said, form=form,
        verdict=verdict, before=desk.chip(RATING.entry(said["colour_before"])) if said else None,
        now=desk.chip(RATING.entry(stands if open_ else rated_colour)), open=open_,
        wish=desk.chip(RATING.entry(said["to_colour"])) if said and said["to_colour"] else None,
        colours=[(one.value, desk.either(one.zh, one.en)) for one in RATING.entries
                 if one.value not in {stands, Colour.UNRATED}],
        objection=next((one for one in filed if one["code"] == code), None),
        newest=cycle == store.newest_published(db, cycle.period),
        stands=desk.chip(RATING.entry(stands)),
        may_decide=_may_decide(desk, said), lifted=_lifted(desk, said),
    )  # fmt: skip


def _lifted(desk: Desk, said: Row | None) -> str:
    """The kinds of the severe events that lifted a changed colour."""
    return desk.either(*events(said["lifted_by"])) if said and said["lifted_by"] else ""


def _may_decide(desk: Desk, said: Row | None) -> bool:
    """A second person with the right to publish."""
    if said is None or said["decision"] != Decision.ASKED or desk.user is None:
        return False
    return desk.user.may(Capability.RATING, Action.PUBLISH) and desk.user.id != said["asked_by"]


@router.post("/ratings/{cycle_id}/ask/{code:path}", dependencies=[WRITE])
def ask(desk: AtDesk, db: Db, cycle_id: RowId, code: Code, data: Sent) -> Response:
    """Ask for another colour, with a written reason."""
    form, cycle = form_of(data), _cycle(db, cycle_id)
    try:
        service.ask(
            db, cycle_id, code, colour=Colour(form.text("colour")), reason=form.text("reason"),
            origin=Origin(form.text("origin")),
        )  # fmt: skip
    except ValueError:
        form.wrong("colour", desk.t("ratings.choose"))
    except (BadInput, service.NotReady) as exc:
        _refused(desk, form, "reason", exc)
    return _asked(desk, db, cycle, code, form)


@router.post("/ratings/{cycle_id}/object/{code:path}", dependencies=[WRITE])
def object_to(desk: AtDesk, db: Db, cycle_id: RowId, code: Code, data: Sent) -> Response:
    """File an objection to a published colour, with a written reason."""
    form, cycle = form_of(data), _cycle(db, cycle_id)
    try:
        colour, reason = Colour(form.text("colour")), form.text("reason")
        objections.object_to(db, cycle_id, code, colour=colour, reason=reason)
    except ValueError:
        form.wrong("colour", desk.t("ratings.choose_colour"))
    except (BadInput, service.NotReady) as exc:
        _refused(desk, form, "reason", exc)
    return _asked(desk, db, cycle, code, form)


def _asked(desk: Desk, db: Session, cycle: RatingCycle, code: str, form: Form) -> Response:
    """The page after somebody asked for another colour: noted in the trail, or the form again."""
    if not form.ok:
        return _compound(desk, db, cycle, code, form)
    note(db, event="rating_objection", target=code, area_code=cycle.area_code)
    return RedirectResponse(f"/ratings/{cycle.id}/{code}", 303)


@router.post("/ratings/decisions/{override_id}", dependencies=[PUBLISH])
def decide(desk: AtDesk, db: Db, override_id: RowId, data: Sent) -> Response:
    """The second person's word."""
    form, approve = form_of(data), data.get("decision") == "approve"
    try:
        asked = service.decide(db, override_id, approve=approve, reason=form.text("reason"))
    except (BadInput, service.NotReady) as exc:
        _refused(desk, form, "reason", exc)
        wish = db.get_one(ColourOverride, override_id)
        return _compound(desk, db, _cycle(db, wish.cycle_id), wish.compound_code, form)
    note(db, event="rating_decision", target=asked.compound_code, area_code=asked.area_code,
         detail={"decision": asked.decision})  # fmt: skip
    return RedirectResponse(f"/ratings/{asked.cycle_id}/{asked.compound_code}", 303)


def _cycle(db: Session, cycle_id: int) -> RatingCycle:
    found = db.get(RatingCycle, cycle_id)
    if found is None:
        raise NotFound("rating cycle", cycle_id)
    return found
