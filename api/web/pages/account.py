"""The door for people: sign in, the second factor, a new password, one's own account."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from api.auth import door
from api.auth.identity import Identified, Own, Whole, rules
from api.deps import Db
from api.web.desk import AtDesk, Desk, OpenDesk
from api.web.forms import Form, Sent, form_of
from api.web.links import Next, own_address
from gis.access import service, totp
from gis.access.service import Opened
from gis.errors import BadPassword, GisError, SignInRefused, TooMany

router = APIRouter()


@router.get("/sign-in")
def read_sign_in(desk: OpenDesk, entered: Identified, next: Next = "/") -> Response:
    """The form; whoever is signed in goes on."""
    if entered is not None and entered.missing is None:
        return RedirectResponse(own_address(next), 303)
    return desk.page("sign_in.html", form=Form(), next=own_address(next))


@router.post("/sign-in")
def sign_in(request: Request, desk: OpenDesk, data: Sent, next: Next = "/") -> Response:
    """Open a session and go on to where one wanted to go."""
    form = form_of(data)
    try:
        opened = door.sign_in(request, form.text("login"), form.values.get("password", "")[:128])
    except (SignInRefused, TooMany) as exc:
        return _refused(desk, "sign_in.html", form, exc, next=own_address(next))
    wanted = own_address(next)
    code = f"/sign-in/code?{urlencode({'next': wanted})}"
    return _entered(request, opened, code if opened.half else wanted)


@router.get("/sign-in/code")
def read_code(desk: OpenDesk, entered: Own, next: Next = "/") -> Response:
    """The form for the code of the second factor."""
    return desk.page("sign_in_code.html", form=Form(), next=own_address(next))


@router.post("/sign-in/code")
def give_code(
    request: Request, desk: OpenDesk, entered: Own, data: Sent, next: Next = "/"
) -> Response:
    """The code makes the session whole, and one goes on to where one wanted to go."""
    form = form_of(data)
    try:
        opened = door.give_code(request, entered, form.text("code"))
    except (SignInRefused, TooMany) as exc:
        return _refused(desk, "sign_in_code.html", form, exc, next=own_address(next))
    return _entered(request, opened, own_address(next))


@router.post("/sign-out")
def sign_out(request: Request, entered: Own) -> Response:
    """End the session."""
    answer = RedirectResponse("/sign-in", 303)
    door.sign_out(request, entered)
    door.forget(request, answer)
    return answer


@router.get("/account/password")
def read_password(desk: OpenDesk, entered: Own) -> Response:
    """The form for a new password."""
    return desk.page("password.html", form=Form(), rules=rules(desk.request))


@router.post("/account/password")
def change_password(request: Request, desk: OpenDesk, entered: Own, data: Sent) -> Response:
    """Set the new password and go on."""
    form = form_of(data)
    old, new = form.values.get("old", "")[:128], form.values.get("new", "")
    if new != form.values.get("again", ""):
        form.wrong("again", desk.t("account.differs"))
    else:
        try:
            return _entered(request, door.change_password(request, entered, old, new), "/")
        except BadPassword:
            at = rules(request)
            form.wrong("new", desk.t("account.rules", long=at.long_length, short=at.short_length,
                                     history=at.history))  # fmt: skip
        except (SignInRefused, TooMany) as exc:
            return _refused(desk, "password.html", form, exc, rules=rules(request))
    return desk.page("password.html", status=422, form=form, rules=rules(request))


@router.get("/account")
def read_account(desk: AtDesk, entered: Whole) -> Response:
    """One's role, areas, last sign-in and second factor."""
    return desk.page("account.html", entered=entered, form=Form(), secret=None, qr=None)


@router.post("/account/second-factor")
def set_up(desk: AtDesk, db: Db, entered: Whole) -> Response:
    """A new secret as a QR code; it counts once a code was confirmed."""
    if entered.account.second_factor:
        return RedirectResponse("/account", 303)
    secret = service.new_second_factor(db, entered.account)
    return desk.page(
        "account.html", entered=entered, form=Form(), secret=secret,
        qr=_qr(totp.address(secret, entered.account.login)),
    )  # fmt: skip


@router.post("/account/second-factor/confirm")
def confirm(desk: AtDesk, db: Db, entered: Whole, data: Sent) -> Response:
    """Switch the second factor on, if the app shows the right code."""
    form, account = form_of(data), entered.account
    if account.second_factor or service.confirm_second_factor(
        db, account, form.text("code"), now=datetime.now(UTC)
    ):
        return RedirectResponse("/account", 303)
    form.wrong("code", desk.t("account.factor_wrong"))
    return desk.page("account.html", status=422, entered=entered, form=form, secret=None, qr=None)


def _entered(request: Request, opened: Opened, address: str) -> Response:
    answer = RedirectResponse(address, 303)
    door.remember(request, answer, opened)
    return answer


def _refused(desk: Desk, template: str, form: Form, why: GisError, **values: object) -> Response:
    """The form again, saying why, with the status that programs would get."""
    often = isinstance(why, TooMany)
    form.wrong("login", desk.t("account.too_many" if often else "account.refused"))
    answer = desk.page(template, status=429 if often else 401, form=form, **values)
    if isinstance(why, TooMany):
        answer.headers["Retry-After"] = str(why.wait_s)
    return answer


def _qr(address: str) -> Markup:
    """The QR code as an inline drawing: dark on light in every theme, without inline styles."""
    drawn = segno.make(address, error="m").svg_inline(
        scale=5, border=4, light="#ffffff", dark="#000000", omitsize=False
    )
    return Markup(drawn)  # noqa: S704 - segno's own SVG: paths and numbers
