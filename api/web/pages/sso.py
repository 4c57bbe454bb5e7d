"""Signing in through the district's sign-on service: there, and back."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.auth import door
from api.auth.identity import is_secure, rules, settings
from api.auth.sso import Flows, SignOn
from api.deps import At
from api.serving.limits import limits_of
from api.web.links import Next, own_address
from gis.access import sign_on
from gis.audit import service as audit
from gis.db.session import sessions
from gis.errors import NotFound, SignInRefused, SignOnFailed
from gis.settings import Settings

router = APIRouter()
Text = Annotated[str, Query(max_length=4_000)]
_COOKIE = "wangge_sso"


@router.get("/sign-in/sso")
def go(request: Request, next: Next = "/") -> Response:
    """To the sign-on service; the browser keeps a secret that it comes back with."""
    at = _configured(request)
    limits_of(request).sign_in(request.state.origin.address)
    flows: Flows = request.app.state.flows
    secret, flow = flows.begin(own_address(next))
    answer = RedirectResponse(SignOn(at).address(flow), 303)
    answer.set_cookie(
        _COOKIE, secret, max_age=600, path="/sign-in/sso", httponly=True, samesite="lax",
        secure=is_secure(at),
    )  # fmt: skip
    return answer


@router.get("/sign-in/sso/back")
def come_back(request: Request, at: At, code: Text = "", state: Text = "") -> Response:
    """From the sign-on service with a code: a session with the role and areas it gives."""
    set_up = _configured(request)
    flows: Flows = request.app.state.flows
    flow = flows.end(request.cookies.get(_COOKIE, ""), state)
    claims = SignOn(set_up).claims(flow, code)
    info = {"user": sign_on.SIGN_ON, "request": request.state.origin}
    begin, now = sessions(request.app.state.engine).begin, datetime.now(UTC)
    try:
        place = sign_on.place_of(
            claims, roles=set_up.oidc_roles, role_claim=set_up.oidc_role_claim,
            area_claim=set_up.oidc_area_claim,
        )  # fmt: skip
    except SignOnFailed:
        with begin(info=info) as session:
            sign_on.drop(session, claims, now=now)
        raise
    with begin(info=info) as session:
        opened = sign_on.enter(
            session, claims, place, district=at.district, rules=rules(request), now=now
        )
        if opened is not None:
            door.forget_old(request, session)
        login = opened.account.login if opened else "locked"
        audit.note(session, event="sign_in", target=f"account {login}", area_code="",
                   result="done" if opened else "refused", detail={"by": "sso"})  # fmt: skip
    if opened is None:
        raise SignInRefused
    answer = RedirectResponse(flow.next, 303)
    door.remember(request, answer, opened)
    answer.delete_cookie(_COOKIE, path="/sign-in/sso")
    return answer


def _configured(request: Request) -> Settings:
    found = settings(request)
    if found.oidc_issuer is None:
        raise NotFound("page", "/sign-in/sso")
    return found
