"""The audit trail for the auditor: lines by filter, a verification, a file to take along."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from operator import itemgetter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from api.audit import trail
from api.audit.asked import Asked, Purpose, csv_of
from api.deps import At, Db, needs
from api.serving.limits import export_limited
from api.web import words
from api.web.desk import AtDesk, Desk
from api.web.forms import Form
from gis.access.rights import Action, Capability
from gis.audit import store
from gis.audit.service import note
from gis.period import midnight

router = APIRouter(dependencies=[needs(Capability.AUDIT)])
EXPORTS = [needs(Capability.AUDIT, Action.EXPORT), Depends(export_limited)]
PER_PAGE = 100
RESULTS = ("done", "refused", "failed")
_EVENT = "event_"
_WORDS = ("user", "event", "target", "result", "area")


@router.get("/audit")
def read_audit(
    desk: AtDesk, db: Db, before: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> Response:
    """A page of lines, newest first; reading them is noted too."""
    return _page(desk, db, before=before)


def _page(
    desk: Desk, db: Session, *, before: int | None = None, verdict: trail.Verified | None = None
) -> Response:
    form = Form(dict(desk.request.query_params))
    asked = _asked(desk, form)
    lines = store.page(db, replace(asked, before_number=before), limit=PER_PAGE)
    note(db, event="read", target="audit", rows=len(lines))
    older = desk.here(before=str(lines[-1]["number"])) if len(lines) == PER_PAGE else None
    return desk.page(
        "audit.html", status=200 if form.ok else 422, form=form, lines=lines, older=older,
        newest=desk.here(before=None) if before else None, verdict=verdict, results=RESULTS,
        kept_utc=_filter(asked).items(), may_export=_may_export(desk), events=_events(desk),
        options=_options(desk, asked.event),
    )  # fmt: skip


def _events(desk: Desk) -> dict[str, str]:
    """What each event is called."""
    return {
        name.removeprefix(_EVENT): desk.either(*pair)
        for name, pair in words.area("audit").items() if name.startswith(_EVENT)
    }  # fmt: skip


def _options(desk: Desk, asked: str | None) -> list[tuple[str, str]]:
    """The events to choose from; one that the address asks for stays among them."""
    named = _events(desk)
    other = [(asked, asked)] if asked and asked not in named else []
    return [("", desk.t("audit.any")), *sorted(named.items(), key=itemgetter(1)), *other]


def _may_export(desk: Desk) -> bool:
    return desk.user is not None and desk.user.may(Capability.AUDIT, Action.EXPORT)


def _asked(desk: Desk, form: Form) -> store.Asked:
    said: dict[str, Any] = {name: form.text(name) or None for name in _WORDS}
    since, until = _day(desk, form, "since"), _day(desk, form, "until")
    zone = desk.house.district.zone
    return store.Asked(
        said["user"], said["event"], said["target"], said["result"], said["area"],
        midnight(since, zone) if since else None,
        midnight(until + timedelta(days=1), zone) if until else None,  # the day itself counts
    )  # fmt: skip


def _day(desk: Desk, form: Form, name: str) -> date | None:
    try:
        return date.fromisoformat(form.text(name)) if form.text(name) else None
    except ValueError:
        form.wrong(name, desk.t("audit.bad_day"))
        return None


def _filter(asked: store.Asked) -> dict[str, str]:
    """The filter as the file's address spells it."""
    values = {
        "user": asked.user_id, "event": asked.event, "target": asked.target,
        "result": asked.result, "area": asked.area_prefix,
        "since": asked.since and asked.since.astimezone(UTC).isoformat(),
        "until": asked.until and asked.until.astimezone(UTC).isoformat(),
    }  # fmt: skip
    return {name: value for name, value in values.items() if value}


@router.post("/audit/verification")
def verify(desk: AtDesk, db: Db, at: At) -> Response:
    """Walk the whole chain and hold it to the signed heads."""
    note(db, event="verify", target="audit")
    return _page(desk, db, verdict=trail.verify(db, at))


@router.get("/audit/lines.csv", dependencies=EXPORTS)
def export(request: Request, db: Db, asked: Asked, purpose: Purpose) -> Response:
    """The lines of the filter as CSV; the purpose is kept in the trail."""
    return csv_of(request, db, asked, purpose)
