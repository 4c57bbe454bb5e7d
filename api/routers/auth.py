"""One's own door: sign in and out, the second factor, the password, tokens."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from api.auth import door
from api.auth.identity import Identified, Own, Whole, rules
from api.deps import Db, RowId
from api.serving.origin import not_foreign
from gis.access import administration, service, store, totp
from gis.access.passwords import MAX_LENGTH
from gis.access.rights import Right, Role, right_of, spelled
from gis.access.service import Opened
from gis.errors import BadInput, SignInNeeded, SignInRefused

router = APIRouter(prefix="/api/v1/auth", tags=["auth"], dependencies=[Depends(not_foreign)])
Password = Annotated[SecretStr, Field(min_length=1, max_length=MAX_LENGTH)]
_MOMENT = "2026-09-30T00:00:00Z"
Code = Annotated[str, Field(pattern=r"^\d{6}$", examples=["123456"])]


class Strict(BaseModel, extra="forbid"):
    """A body with the named fields and no others."""


class SignIn(Strict):
    """Login name and password."""

    login: str = Field(min_length=1, max_length=64, examples=["lin"])
    password: Password


class SecondFactor(Strict):
    """Six digits of the authenticator app."""

    code: Code


class NewPassword(Strict):
    """The password of now and the next one."""

    old: Password
    new: Password


class TokenIn(Strict):
    """What a token is for, how long it lives and how much of the account's rights it has."""

    label: str = Field(min_length=1, max_length=80, examples=["QGIS"])
    days: int = Field(default=90, ge=1, le=3650)
    rights: list[str] | None = Field(default=None, max_length=80, examples=[["coverage:read"]])
    area_prefixes: list[str] | None = Field(default=None, max_length=50)


class SessionOut(BaseModel):
    """A session has begun; ``missing`` is what it still asks for: second_factor or nothing."""

    missing: str | None = Field(examples=[None])
    ends_at: datetime = Field(examples=[_MOMENT])


class MeOut(BaseModel):
    """Who asks; ``refused_since`` counts refused sign-ins between the last one and this."""

    login: str = Field(examples=["lin"])
    role: Role | None = Field(examples=["planner"])
    area_prefixes: list[str] = Field(examples=[["530102001"]])
    rights: list[str] = Field(examples=[["areas:read"]])
    missing: str | None = Field(examples=[None])
    second_factor: bool = Field(examples=[True])
    last_login_at: datetime | None = Field(examples=[_MOMENT])
    refused_since: int = Field(ge=0, examples=[0])


class TokenOut(BaseModel):
    """A token without its secret, which is shown once."""

    id: int = Field(examples=[7])
    label: str = Field(examples=["QGIS"])
    rights: list[str] = Field(examples=[["coverage:read"]])
    area_prefixes: list[str] = Field(examples=[["530102001"]])
    made_at: datetime = Field(examples=[_MOMENT])
    expires_at: datetime = Field(examples=[_MOMENT])
    revoked_at: datetime | None = Field(examples=[None])
    last_used_at: datetime | None = Field(examples=[None])


class TokensOut(BaseModel):
    """All tokens of the account, in the order they were made."""

    tokens: list[TokenOut]


class IssuedOut(BaseModel):
    """The token itself, this once."""

    token: str = Field(examples=["(43 characters)"])


class EnrolOut(BaseModel):
    """What the authenticator app reads; it counts once a code was confirmed."""

    secret: str = Field(examples=["(32 characters)"])
    address: str = Field(examples=["otpauth://totp/wangge:lin?secret=…&issuer=wangge"])


def _begun(request: Request, answer: Response, opened: Opened) -> SessionOut:
    door.remember(request, answer, opened)
    return SessionOut(missing="second_factor" if opened.half else None, ends_at=opened.ends_at)


@router.post("/sign-in")
def sign_in(request: Request, answer: Response, asked: SignIn) -> SessionOut:
    """Begin a session; wrong login, wrong password and a locked account are told alike (401)."""
    opened = door.sign_in(request, asked.login, asked.password.get_secret_value())
    return _begun(request, answer, opened)


@router.post("/second-factor")
def give_code(request: Request, answer: Response, entered: Own, asked: SecondFactor) -> SessionOut:
    """Make a half session whole with the code of this moment."""
    if entered.missing != "second_factor":
        raise BadInput("现在不需要验证码 / no code is asked for now")
    return _begun(request, answer, door.give_code(request, entered, asked.code))


@router.post("/sign-out", status_code=204)
def sign_out(request: Request, answer: Response, entered: Own) -> None:
    """End this session."""
    door.sign_out(request, entered)
    door.forget(request, answer)


@router.get("/me")
def read_me(entered: Identified) -> MeOut:
    """Who the session or the token belongs to, and what it may."""
    if entered is None:
        raise SignInNeeded
    user, account = entered.user, entered.account
    return MeOut(
        login=account.login, role=account.role, area_prefixes=list(user.area_prefixes),
        rights=sorted(spelled(one) for one in user.rights), missing=entered.missing,
        second_factor=account.second_factor, last_login_at=entered.last_login_at,
        refused_since=entered.refused_since,
    )  # fmt: skip


@router.post("/password")
def change_password(
    request: Request, answer: Response, entered: Own, asked: NewPassword
) -> SessionOut:
    """Set one's own password; every other session of the account ends."""
    old, new = asked.old.get_secret_value(), asked.new.get_secret_value()
    return _begun(request, answer, door.change_password(request, entered, old, new))


@router.post("/second-factor/enrol")
def enrol(db: Db, entered: Whole) -> EnrolOut:
    """A new secret for an authenticator app; confirm it with a code."""
    if entered.account.second_factor:
        raise BadInput(
            "已启用两步验证，可由安全管理员解除 / "
            "a second factor is set up; the security administrator can take it away"
        )
    secret = service.new_second_factor(db, entered.account)
    return EnrolOut(secret=secret, address=totp.address(secret, entered.account.login))


@router.post("/second-factor/confirm", status_code=204)
def confirm(db: Db, entered: Whole, asked: SecondFactor) -> None:
    """Ask for the second factor at every sign-in from now on."""
    if entered.account.second_factor:
        raise BadInput("已启用两步验证 / a second factor is set up")
    if not service.confirm_second_factor(db, entered.account, asked.code, now=datetime.now(UTC)):
        raise SignInRefused


@router.get("/tokens")
def read_tokens(db: Db, entered: Whole) -> TokensOut:
    """The account's tokens, ended ones among them."""
    listed = store.tokens(db, entered.account.login)
    return TokensOut(tokens=[TokenOut.model_validate(one, from_attributes=True) for one in listed])


@router.post("/tokens", status_code=201)
def issue_token(request: Request, db: Db, entered: Whole, asked: TokenIn) -> IssuedOut:
    """A bearer token with the account's rights or fewer, shown this once."""
    wanted = None if asked.rights is None else [_right(one) for one in asked.rights]
    secret = administration.issue_token(
        db, entered.account, label=asked.label, days=asked.days, rules=rules(request),
        now=datetime.now(UTC), rights=wanted, area_prefixes=asked.area_prefixes,
        came_by=entered.secret_sha256,
    )  # fmt: skip
    return IssuedOut(token=secret)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(db: Db, entered: Whole, token_id: RowId) -> None:
    """End a token of one's own at once."""
    administration.revoke_token(db, entered.account.login, token_id, now=datetime.now(UTC))


def _right(text: str) -> Right:
    try:
        return right_of(text)
    except ValueError as exc:
        raise BadInput(
            f"没有权限 {text!r}，写法如 coverage:read / "
            f"{text!r} is no right: write capability:action, coverage:read"
        ) from exc
