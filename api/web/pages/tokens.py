"""One's own access tokens: for programs that read on one's behalf."""

import re
from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api.auth.identity import Whole, rules
from api.deps import Db, RowId
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, form_of
from gis.access import administration, store
from gis.access.model import Entered, IssuedToken
from gis.access.rights import Action
from gis.errors import BadInput

router = APIRouter()
_DAYS = "90"


@router.get("/account/tokens")
def read_tokens(desk: AtDesk, db: Db, entered: Whole) -> Response:
    """The tokens of the account, and the form for a new one."""
    return _page(desk, db, entered, Form({"days": _DAYS, "scope": "read"}))


def _page(
    desk: Desk, db: Session, entered: Entered, form: Form, *, secret: str | None = None
) -> Response:
    found = [(one, _stands(one)) for one in reversed(store.tokens(db, entered.account.login))]
    own = entered.user.area_prefixes
    areas = [(one, one) for one in own] if len(own) > 1 else []
    return desk.page(
        "tokens.html", status=200 if form.ok else 422, tokens=found, form=form, secret=secret,
        most=rules(desk.request).token_days, areas=areas,
    )  # fmt: skip


def _stands(one: IssuedToken) -> str:
    if one.revoked_at is not None:
        return "revoked"
    return "expired" if one.expires_at <= datetime.now(UTC) else "open"


@router.post("/account/tokens")
def issue(desk: AtDesk, db: Db, entered: Whole, data: Sent) -> Response:
    """A new token, shown this once."""
    form, most = form_of(data), rules(desk.request).token_days
    label, days = form.text("label")[:100], form.text("days")
    if not label:
        form.wrong("label", desk.t("accounts.label_missing"))
    if not (re.fullmatch("[0-9]{1,9}", days) and 1 <= int(days) <= most):
        form.wrong("days", desk.t("accounts.days_bad", most=most))
    if not form.ok:
        return _page(desk, db, entered, form)
    area, rights = form.text("area"), entered.account.user().rights
    reads = frozenset(one for one in rights if one[1] is Action.READ)
    try:
        secret = administration.issue_token(
            db, entered.account, label=label, days=int(days), rules=rules(desk.request),
            now=datetime.now(UTC), rights=rights if form.text("scope") == "all" else reads,
            area_prefixes=[area] if area else None, came_by=entered.secret_sha256,
        )  # fmt: skip
    except BadInput as exc:
        form.wrong("area", desk.why(exc))
        return _page(desk, db, entered, form)
    return _page(desk, db, entered, Form({"days": _DAYS, "scope": "read"}), secret=secret)


@router.post("/account/tokens/{token_id}/revoke")
def revoke(db: Db, entered: Whole, token_id: RowId) -> Response:
    """End a token at once."""
    administration.revoke_token(db, entered.account.login, token_id, now=datetime.now(UTC))
    return RedirectResponse("/account/tokens", 303)
