"""The policy file: what holds, what a change would turn, and setting it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api.deps import Caller, Db, RowId, needs
from api.house import REFERENCE, transaction
from api.job_shown import JobOut, followed
from api.policies import rulebook, turns
from api.serving.streams import Events
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, file_of, form_of
from gis.access.rights import Action, Capability
from gis.audit.service import note
from gis.db.session import User, sessions
from gis.errors import BadPolicy, Forbidden, NotFound
from gis.jobs import service as jobs
from gis.jobs.model import JobKind, JobState
from gis.legend import COVERAGE, RATING, Legend
from gis.policy import Policy
from maps.words import TERMS

router = APIRouter(dependencies=[needs(Capability.POLICY)])
PUBLISHES = [needs(Capability.POLICY, Action.PUBLISH)]
BUILTIN = REFERENCE / "policy.toml"


@router.get("/policy")
def read_policy(
    request: Request, desk: AtDesk, db: Db, job: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """The policy in force, and the form for another one; what a ``job`` has compared."""
    _settle(request, desk)
    if job is not None:
        return _compared(desk, db, job)
    path = rulebook.own_file(desk.house.settings)
    text = path.read_text("utf-8") if path else _beginning(desk)
    return _page(desk, Form({"text": text}))


def _settle(request: Request, desk: Desk) -> None:
    """The trail is the auditor's alone, so the command looks."""
    with transaction(request.app.state.engine) as session:
        rulebook.settle(desk.house.settings.home, session)


def _may_set(desk: Desk) -> bool:
    """The policy has no parts: whoever sets it has the right and the whole district."""
    user = desk.user
    if user is None or not user.may(Capability.POLICY, Action.PUBLISH):
        return False
    return user.reaches(desk.house.district.code)


def _beginning(desk: Desk) -> str:
    return f'version = "{desk.house.policy.version}-1"\n\n[rules.FAC-1]\n'


def _page(desk: Desk, form: Form, **shown: Any) -> Response:
    policy, settings = desk.house.policy, desk.house.settings
    builtin = rulebook.in_force(BUILTIN, None)
    values = {"draft": None, "terms": [], "turned": [], "job": None, "stopped": "", **shown}
    return desk.page(
        "policy.html", status=200 if form.ok else 422, form=form, policy=policy,
        own=rulebook.changed_terms(builtin, policy), fixed=settings.policy_file is not None,
        may_set=_may_set(desk),
        versions=rulebook.versions(settings.home), terms_of=TERMS, **values,
    )  # fmt: skip


@router.post("/policy", dependencies=PUBLISHES)
def look(request: Request, desk: AtDesk, db: Db, data: Sent) -> Response:
    """Check a file and show what it would turn, in a large district by a job; nothing is stored.

    An analysis needs every row, so it runs as the command, as stored runs do; hence it is for who
    has the whole district. Raises Forbidden.
    """
    if not _may_set(desk):
        raise Forbidden.right(Capability.POLICY, Action.PUBLISH)
    form, draft = _draft(desk, data)
    if draft is None:
        return _page(desk, form)
    with transaction(request.app.state.engine) as session:
        if turns.long(session):
            return _ask(desk, db, form.text("text"))
        seen = turns.turned(session, desk.house.district, before=desk.house.policy, after=draft)
        session.rollback()
    return _turned(desk, form, draft, turns.listed(seen))


def _ask(desk: Desk, db: Session, text: str) -> Response:
    """Have a worker compare: in a large district that takes a while."""
    key = rulebook.keep_draft(desk.house.settings.home, text)
    asked = jobs.ask(db, JobKind.POLICY, {"draft": key}, district_code=desk.house.district.code)
    return RedirectResponse(f"/policy?job={asked.id}", 303)


def _compared(desk: Desk, db: Session, job_id: int) -> Response:
    """How far a comparison of one's own is, or what it has found."""
    job = jobs.find(db, job_id)
    if job.kind != JobKind.POLICY or not _may_set(desk):
        raise NotFound("job", job_id)
    form, draft = _checked(desk, rulebook.draft(desk.house.settings.home, job.parameters["draft"]))
    result = job.result or {}
    if draft is None or job.state != JobState.DONE:
        message = desk.either(job.message_zh or "", job.message_en or "")
        ended = JobState(job.state).ended
        stopped = (message or job.state) if ended else ""
        return _page(desk, form, job=None if ended else job.id, stopped=stopped)
    if result["before"] != desk.house.policy.digest:
        return _page(desk, form, stopped=desk.t("policy.moved_on"))
    return _turned(desk, form, draft, result)


@router.get("/policy/jobs/{job_id}/events", dependencies=PUBLISHES)
def follow(request: Request, db: Db, user: Caller, job_id: RowId) -> Events:
    """A comparison of one's own as server-sent events."""
    right = (Capability.POLICY, Action.PUBLISH)
    return followed(request, db, user, job_id, needed=right)


@router.delete("/policy/jobs/{job_id}", dependencies=PUBLISHES)
def cancel(db: Db, user: Caller, job_id: RowId) -> JobOut:
    """Stop a comparison of one's own."""
    return JobOut.of(jobs.cancel(db, job_id), user)


def _turned(desk: Desk, form: Form, draft: Policy, found: Mapping[str, Any]) -> Response:
    turned = [
        (name, _listed(desk, found[name], legend))
        for name, legend in (("compounds", RATING), ("divisions", COVERAGE))
    ]
    terms = rulebook.changed_terms(desk.house.policy, draft)
    return _page(desk, form, draft=draft, terms=terms, turned=turned)


def _draft(desk: Desk, data: Any) -> tuple[Form, Policy | None]:
    """The form with the file's text in it, and its policy where it is sound."""
    file = file_of(data, "file")
    text = form_of(data).text("text") if file is None else file.decode("utf-8", "replace")
    return _checked(desk, text)


def _checked(desk: Desk, text: str) -> tuple[Form, Policy | None]:
    form = Form({"text": text})
    try:
        draft = rulebook.checked(BUILTIN, text, desk.house.settings.home / rulebook.KEPT)
    except BadPolicy as exc:
        form.wrong("text", desk.why(exc))
        return form, None
    if draft.version == desk.house.policy.version:
        form.wrong("text", desk.t("policy.same_version"))
        return form, None
    return form, draft


def _listed(desk: Desk, found: Mapping[str, Any] | None, legend: Legend) -> dict[str, Any] | None:
    if found is None:
        return None
    shown = [
        {**row, **{at: desk.chip(legend.entry(row[f"word_{at}"])) for at in ("before", "after")}}
        for row in found["rows"]
    ]
    return {"rows": shown, "all": found["all"]}


@router.post("/policy/set", dependencies=PUBLISHES)
def publish(request: Request, desk: AtDesk, user: Caller, data: Sent) -> Response:
    """Set the file: for requests and runs from now on, in every process of this home.

    The line of the trail is committed here and not with the request, because the file comes after.
    """
    _settle(request, desk)
    form, draft = _draft(desk, data)
    settings = desk.house.settings
    if settings.policy_file is not None:
        form.wrong("text", desk.t("policy.fixed"))
    if draft is None or not form.ok:
        return _page(desk, form)
    if not _may_set(desk):
        raise Forbidden(
            "规则文件由负责全区的人设定 / the policy is set by who may do so in the whole district"
        )
    try:
        _set(request, desk, user, draft, form.text("text") + "\n")
    except BadPolicy as exc:
        form.wrong("text", desk.why(exc))
        return _page(desk, form)
    return RedirectResponse("/policy", 303)


def _set(request: Request, desk: Desk, user: User, draft: Policy, text: str) -> None:
    """Raises BadPolicy where somebody was faster with the same version."""
    engine, settings = request.app.state.engine, desk.house.settings
    info = {"user": user, "request": request.state.origin}
    now = datetime.now(UTC)
    with (
        transaction(engine) as reads,  # the trail is the auditor's alone, so the command looks
        rulebook.setting(
            settings.home, text, version=draft.version, now=now, session=reads
        ) as kept,
        sessions(engine).begin(info=info) as session,
    ):
        holds = rulebook.in_force(BUILTIN, rulebook.own_file(settings))
        if holds.version == draft.version:
            raise BadPolicy(desk.t("policy.same_version"))
        digests = {"digest": draft.digest, "before": holds.digest}
        note(session, event="policy", target=draft.version[:100], area_code="",
             detail={**digests, "file": kept.name})  # fmt: skip
