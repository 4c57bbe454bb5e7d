"""Who asks: from the session's cookie or a bearer token to the `Entered` and its `User`."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security.utils import get_authorization_scheme_param

from api.serving.origin import own_origin
from gis.access import service
from gis.access.model import Entered
from gis.access.rules import AccountRules
from gis.db.engine import one_by_one
from gis.db.session import User
from gis.errors import Missing, SignInNeeded, TokenRests, TokenShown
from gis.settings import Settings

COOKIE = "wangge_session"


def identified(request: Request) -> Entered | None:
    """Who shows a token or a session; None for nobody, and for a session that has ended.

    A page that follows a job by itself does not keep the session open: nobody need sit before it.
    Raises SignInNeeded for a token that is not in force, TokenRests for one whose account must do
    something first, ForeignPost for a change that a page of another site sends with the cookie.
    """
    token = bearer(request)
    cookie = request.cookies.get(cookie_name(settings(request)))
    if token is None and not cookie:
        return None
    if token is None:
        own_origin(request)  # a browser sends its cookie for anybody's page; a token it does not
    now = datetime.now(UTC)
    with one_by_one(request.app.state.engine) as connection:
        if token is not None:
            found = service.token_entered(connection, token, rules=rules(request), now=now)
        else:
            found = service.session_entered(
                connection, str(cookie), rules=rules(request), now=now, used=not _by_itself(request)
            )
    if found is None and token is not None:
        raise SignInNeeded("令牌无效、过期或已撤销 / the token is unknown, expired or revoked")
    if found is not None and token is not None and found.missing:
        raise TokenRests(found.missing)
    request.state.entered = found
    return found


def _by_itself(request: Request) -> bool:
    """Whether it is one of the event streams, which pages open, keep and open again alone."""
    return str(request.scope["path"]).endswith("/events")


Identified = Annotated[Entered | None, Depends(identified)]


def own_session(entered: Identified) -> Entered:
    """The caller's session, whole or not; raises SignInNeeded, and TokenShown for a token."""
    if entered is None:
        raise SignInNeeded("请用登录名和密码登录 / sign in with login and password")
    if entered.by != "session":
        raise TokenShown("令牌不能用于此处，请登录 / a token does nothing here: sign in")
    return entered


def whole_session(entered: Annotated[Entered, Depends(own_session)]) -> Entered:
    """A session that nothing is missing of; raises SignInNeeded."""
    if entered.missing:
        raise Missing(entered.missing)
    return entered


Own = Annotated[Entered, Depends(own_session)]
Whole = Annotated[Entered, Depends(whole_session)]


def user_of(entered: Entered | None) -> User:
    """The user of a session or a token; nobody without one, or while something is missing."""
    return User.anonymous() if entered is None or entered.missing else entered.user


def bearer(request: Request) -> str | None:
    """The token of ``Authorization: Bearer``; None without one, or with another scheme."""
    scheme, value = get_authorization_scheme_param(request.headers.get("authorization"))
    return value if scheme.lower() == "bearer" else None


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach the service by https: always, but on this machine alone."""
    return (settings.public_url or "").startswith("https:")


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds the cookie to this host, https and the whole site, in every browser."""
    return f"__Host-{COOKIE}" if is_secure(settings) else COOKIE


def settings(request: Request) -> Settings:
    """The settings of the installation."""
    found = request.app.state.house.settings
    assert isinstance(found, Settings)
    return found


def rules(request: Request) -> AccountRules:
    """The rules of accounts in force here."""
    return settings(request).accounts
