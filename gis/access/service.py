"""Who somebody is: signing in and out, sessions, one's own password, what a token may."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from gis.access import passwords, store, totp
from gis.access.model import Entered, Known, State
from gis.access.rights import Right, spelled
from gis.access.rules import AccountRules
from gis.audit import service as audit
from gis.db.session import User
from gis.errors import SignInRefused


@dataclass(frozen=True)
class Opened:
    """A session that has just begun; the browser keeps ``secret``, the store only its digest."""

    account: Known
    half: bool
    ends_at: datetime
    secret: str = field(repr=False)


def stored_hash(session: Session, login: str) -> str | None:
    """The hash that a password is compared with, outside of the transaction: it takes its time."""
    return store.secret(session, login).password_hash


def sign_in(
    session: Session, *, login: str, fits: bool, rules: AccountRules, now: datetime
) -> Opened | None:
    """Open a session where the password fits and the account is open; None counts as a failure.

    With a second factor the session is half: it can do nothing but give the code.
    """
    account = store.by_login(session, login)
    if account is None or not _is_open(account, now):
        return None
    if not fits:
        note_failure(session, account, rules=rules, now=now)
        return None
    with suppress(SignInRefused):
        return open_session(session, account, half=account.second_factor, rules=rules, now=now)
    return None


def open_session(
    session: Session, account: Known, *, half: bool, rules: AccountRules, now: datetime
) -> Opened:
    """A new session with a new secret; raises SignInRefused where the account is locked by now."""
    secret, ends_at = passwords.new_secret(), now + timedelta(hours=rules.session_hours)
    opened = store.call(
        session, "open_session", login=account.login, secret_sha256=passwords.digest(secret),
        half=half, now=now, ends_at=ends_at,
    )  # fmt: skip
    if not opened:
        raise SignInRefused
    return Opened(account, half, ends_at, secret)


def note_failure(session: Session, account: Known, *, rules: AccountRules, now: datetime) -> None:
    """Count a refusal; after too many in a row the account is locked for a while."""
    store.call(
        session, "note_failure", login=account.login, now=now, max_failures=rules.max_failures,
        lock_s=rules.lock_minutes * 60,
    )  # fmt: skip


def sign_out(session: Session, entered: Entered) -> None:
    """End this session; others of the account go on."""
    store.call(session, "close_session", secret_sha256=entered.secret_sha256)


def session_entered(
    connection: Connection, secret: str, *, rules: AccountRules, now: datetime, used: bool = True
) -> Entered | None:
    """Who shows a session's secret; None when it never was or has ended.

    With ``used`` false the session is looked at and comes no further from its idle end.
    """
    sha256 = passwords.digest(secret)
    idle_s = rules.idle_minutes * 60
    found = store.by_session(connection, sha256, now=now, idle_s=idle_s, used=used)
    if found is None:
        return None
    account, row = found
    missing = "second_factor" if row["half"] else _password_missing(account, rules, now)
    return Entered(
        account, account.user(), "session", missing, row["before_at"], row["before_refused"], sha256
    )


def token_entered(
    connection: Connection, secret: str, *, rules: AccountRules, now: datetime
) -> Entered | None:
    """Who shows a token; never more than the account may at this moment.

    What a session would be asked for first is missing here too, and a token cannot give it.
    """
    found = store.by_token(connection, passwords.digest(secret), now=now)
    if found is None:
        return None
    account, row = found
    user = narrowed(account.user(), row["token_rights"], row["token_prefixes"])
    missing = _password_missing(account, rules, now) or _sign_on_missing(account, rules, now)
    return Entered(account, user, "token", missing)


def narrowed(user: User, rights: Iterable[str], area_prefixes: Iterable[str]) -> User:
    """The user with no more than these rights in no more than these areas.

    >>> narrowed(User("u", ("530102001",)), [], ["530102", "530103"]).area_prefixes
    ('530102001',)
    """
    wanted, asked = set(rights), list(area_prefixes)
    kept: frozenset[Right] = frozenset(one for one in user.rights if spelled(one) in wanted)
    inside = {one for one in asked if user.reaches(one)}
    around = {own for own in user.area_prefixes if any(own.startswith(one) for one in asked)}
    return replace(user, rights=kept, area_prefixes=tuple(sorted(inside | around)))


def code_fits(session: Session, account: Known, code: str, *, now: datetime) -> bool:
    """Whether this is the second factor's code of this moment; each code counts once."""
    secret = store.secret(session, account.login).totp_secret
    step = totp.step_of(secret, code, now=now) if secret else None
    return step is not None and bool(
        store.call(session, "use_totp_step", login=account.login, step=step)
    )


def complete(
    session: Session, entered: Entered, *, rules: AccountRules, now: datetime
) -> Opened | None:
    """`code_fits`, and so a whole session with a new secret takes the half one's place.

    None where the half one has ended meanwhile: the password or the role was changed.
    """
    if not store.call(session, "close_session", secret_sha256=entered.secret_sha256):
        return None
    return open_session(session, entered.account, half=False, rules=rules, now=now)


def new_second_factor(session: Session, account: Known) -> str:
    """A secret for an authenticator app; it counts from the first right code on."""
    secret = totp.new_secret()
    store.call(session, "set_totp", login=account.login, secret=secret, confirmed=False)
    return secret


def confirm_second_factor(session: Session, account: Known, code: str, *, now: datetime) -> bool:
    """Ask for the second factor from now on, if the app shows the right code."""
    line = audit.note(session, event="account", target=f"second_factor_on {account.login}")
    if not code_fits(session, account, code, now=now):
        line.result = "refused"
        return False
    secret = store.secret(session, account.login).totp_secret
    store.call(session, "set_totp", login=account.login, secret=secret, confirmed=True)
    return True


def change_password(
    session: Session,
    account: Known,
    password: str,
    *,
    proved: str | None,
    rules: AccountRules,
    now: datetime,
) -> Opened:
    """Set one's own new password, end every session and open a new one; raises BadPassword.

    ``proved`` is the hash that the old password fitted: raises SignInRefused where another has
    taken its place meanwhile.
    """
    former = store.former_passwords(session, account.login, kept=rules.history)
    passwords.judge(password, login=account.login, rules=rules, former=former)
    done = store.call(
        session, "set_password", login=account.login, password_hash=passwords.hashed(password),
        must_change=False, now=now, proved=proved,
    )  # fmt: skip
    if not done:
        raise SignInRefused
    store.call(session, "close_sessions", login=account.login)
    return open_session(session, account, half=False, rules=rules, now=now)


def is_locked(session: Session, account: Known, *, now: datetime) -> bool:
    """Whether the account is locked by now, by failures or by an administrator."""
    known = store.by_login(session, account.login)
    return known is None or not _is_open(known, now)


def _is_open(account: Known, now: datetime) -> bool:
    free = account.locked_until is None or account.locked_until <= now
    return account.state is State.ACTIVE and free


def _password_missing(account: Known, rules: AccountRules, now: datetime) -> str | None:
    """A password that somebody else gave, or an old one, must be changed before anything else."""
    changed_at = account.password_changed_at
    old = changed_at is not None and changed_at + timedelta(days=rules.expiry_days) < now
    return "password_change" if account.must_change or old else None


def _sign_on_missing(account: Known, rules: AccountRules, now: datetime) -> str | None:
    """The sign-on service alone knows who still works here: it is asked as often."""
    seen_at = account.issuer and (account.last_login_at or account.made_at)
    return "sign_on" if seen_at and seen_at + timedelta(days=rules.expiry_days) < now else None
