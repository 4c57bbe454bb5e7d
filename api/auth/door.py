"""Signing in and out, the second factor, one's own password: for pages and the API alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.auth.identity import cookie_name, is_secure, rules, settings
from api.serving.limits import limits_of
from gis.access import passwords, service, store
from gis.access.model import Entered, Known
from gis.access.service import Opened
from gis.audit import service as audit
from gis.db.session import User, sessions
from gis.errors import BadPassword, Missing, SignInRefused


def sign_in(request: Request, login: str, password: str) -> Opened:
    """Open a session, half where a second factor follows; raises SignInRefused, TooMany.

    The password is compared between two transactions: that takes its time, and no connection waits
    for it. One that was changed meanwhile opens nothing: opening waits for the change, which ends
    only the sessions that it sees. A session that the browser had before ends.
    """
    limits_of(request).sign_in(request.state.origin.address, login)
    with _transaction(request) as session:
        stored = service.stored_hash(session, login)
    fits = passwords.matches(password, stored)
    with _transaction(request) as session:
        opened = service.sign_in(session, login=login, fits=fits, rules=rules(request), now=_now())
        if opened is not None and service.stored_hash(session, login) != stored:
            store.call(session, "close_session", secret_sha256=passwords.digest(opened.secret))
            opened = None
        known = store.by_login(session, login)
        _note(session, "sign_in", known, done=opened is not None)
        if opened is not None:
            forget_old(request, session)
    if opened is None:
        raise SignInRefused
    return opened


def give_code(request: Request, entered: Entered, code: str) -> Opened:
    """The second factor's code makes the session whole, with a new secret; raises SignInRefused.

    No code counts while the account is locked, however many half sessions were begun before.
    """
    account = entered.account
    limits_of(request).sign_in(request.state.origin.address, account.login)
    opened = None
    with _transaction(request) as session:
        locked = service.is_locked(session, account, now=_now())
        if not locked and service.code_fits(session, account, code, now=_now()):
            opened = service.complete(session, entered, rules=rules(request), now=_now())
        else:
            _count_failure(request, session, entered)
        _note(session, "second_factor", account, done=opened is not None)
    if opened is None:
        raise SignInRefused
    return opened


def change_password(request: Request, entered: Entered, old: str, new: str) -> Opened:
    """Set one's own password and go on in a new session; raises SignInRefused, BadPassword.

    Of two changes at once from the same old password the second is refused. The new session is a
    whole one: raises Missing while the second factor is not shown.
    """
    if entered.missing == "second_factor":
        raise Missing(entered.missing)
    account = entered.account
    limits_of(request).sign_in(request.state.origin.address, account.login)
    with _transaction(request) as session:
        stored = service.stored_hash(session, account.login)
    if not passwords.matches(old, stored):
        with _transaction(request) as session:
            _count_failure(request, session, entered)
            _note(session, "password", account, done=False)
        raise SignInRefused
    if old == new:
        raise BadPassword("新密码须与当前密码不同 / the new password is the old one")
    with _transaction(request) as session:
        _note(session, "password", account, done=True)
        return service.change_password(
            session, account, new, proved=stored, rules=rules(request), now=_now()
        )


def sign_out(request: Request, entered: Entered) -> None:
    """End the session."""
    with _transaction(request) as session:
        service.sign_out(session, entered)
        _note(session, "sign_out", entered.account, done=True)


def remember(request: Request, answer: Response, opened: Opened) -> None:
    """Give the browser the session: no script and no other site can use it."""
    at = settings(request)
    answer.set_cookie(
        cookie_name(at), opened.secret, path="/", httponly=True, samesite="lax",
        secure=is_secure(at),
    )  # fmt: skip


def forget(request: Request, answer: Response) -> None:
    """Take the session's cookie away."""
    at = settings(request)
    answer.delete_cookie(
        cookie_name(at), path="/", httponly=True, samesite="lax", secure=is_secure(at)
    )


def _count_failure(request: Request, session: Session, entered: Entered) -> None:
    """Whoever guesses until the account is locked loses the session it is guessed in."""
    service.note_failure(session, entered.account, rules=rules(request), now=_now())
    if service.is_locked(session, entered.account, now=_now()):
        service.sign_out(session, entered)


def forget_old(request: Request, session: Session) -> None:
    """End the session that the browser had before it signed in again."""
    old = request.cookies.get(cookie_name(settings(request)))
    if old:
        store.call(session, "close_session", secret_sha256=passwords.digest(old))


def _note(session: Session, event: str, account: Known | None, *, done: bool) -> None:
    """A line for the trail; a name that belongs to nobody is not written, it may be a password."""
    login = account.login if account else "unknown"
    audit.note(
        session, event=event, target=f"account {login}", area_code="",
        result="done" if done else "refused",
    )  # fmt: skip


@contextmanager
def _transaction(request: Request) -> Iterator[Session]:
    """Nobody's transaction: whoever signs in has no rights yet."""
    info = {"user": User.anonymous(), "request": request.state.origin}
    with sessions(request.app.state.engine).begin(info=info) as session:
        yield session


def _now() -> datetime:
    return datetime.now(UTC)
