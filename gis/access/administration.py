"""What administrators do with accounts: make, give a role, lock, reset, issue tokens."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gis.access import passwords, store
from gis.access.model import LOGIN_PATTERN, Known, State
from gis.access.rights import Right, Role, spelled
from gis.access.rules import AccountRules
from gis.audit import service as audit
from gis.audit.entry import Line
from gis.db.session import User
from gis.district import District
from gis.errors import BadInput, Forbidden, NotFound, SignInNeeded

# Whoever makes accounts does not get at those that give rights and that watch over both.
KEPT_APART = {Role.SECURITY_ADMIN, Role.AUDITOR}
FIRST = "sysadmin"
_CODE = re.compile(r"[0-9A-Za-z-]{0,20}")  # what a transaction takes for an area


def note(session: Session, what: str, login: str, **detail: str | int) -> Line:
    """A line for the trail, before acting.

    A text that is no login is not written: it may be a name or a password.
    """
    target = f"{what} {_for_trail(login)}"
    return audit.note(session, event="account", target=target, area_code="", detail=detail)


def _for_trail(login: str) -> str:
    return login if re.fullmatch(LOGIN_PATTERN, login) else "unknown"


def not_oneself(user: User, login: str) -> None:
    """What changes an account's power or its proof is done by somebody else; raises Forbidden."""
    if user.id == login:
        raise Forbidden(
            "不能更改自己的账户，请由他人更改 / your own account is changed by somebody else"
        )


def first_account(session: Session, district: District, *, now: datetime) -> str | None:
    """The one-time password of `FIRST`, made in a store without accounts; None elsewhere.

    It is a system administrator's: it makes accounts, and gives nobody a role but once, in
    `first_security_admin`.
    """
    if store.any_account(session):
        return None
    return add(
        session, FIRST, district=district, role=Role.SYSTEM_ADMIN, area_prefixes=("",), now=now
    )


def first_security_admin(session: Session, login: str, *, district: District, now: datetime) -> str:
    """Make the account that gives roles where none ever did; its one-time password.

    Raises Forbidden once there was one, whatever became of it, and for whoever works in a part;
    BadInput for a login in use, one's own among them.
    """
    target = f"account {_for_trail(login)}"
    line = audit.note(session, event="first_security_admin", target=target, area_code="")
    line.result = "refused"
    _plain(login)
    made = store.call(
        session, "first_security_admin", login=login, area_code=district.code, now=now
    )
    if made is None:
        raise Forbidden(
            "已有或曾有安全管理员，或您不负责全区：角色由安全管理员授予 / there is or was one, or"
            " you work in a part of the district: the security administrator gives roles"
        )
    if made == "taken":
        raise _taken(login)
    line.result = "done"
    return give_password(session, login, now=now)


def add(
    session: Session,
    login: str,
    *,
    district: District,
    role: Role | None = None,
    area_prefixes: Sequence[str] = (),
    now: datetime,
) -> str:
    """Make an account and return its one-time password; raises BadInput for a login in use."""
    add_without_password(
        session, login, district=district, role=role, area_prefixes=area_prefixes, now=now
    )
    return give_password(session, login, now=now)


def add_without_password(
    session: Session,
    login: str,
    *,
    district: District,
    role: Role | None = None,
    area_prefixes: Sequence[str] = (),
    now: datetime,
    issuer: str | None = None,
    subject: str | None = None,
) -> Known:
    """Make an account that enters by tokens or by the sign-on service only."""
    _plain(login)
    areas = _areas(area_prefixes, district)
    made = store.call(
        session, "add_account", login=login, role=role, area_prefixes=areas,
        area_code=_place(session, areas, district), now=now, issuer=issuer, subject=subject,
    )  # fmt: skip
    if made is None:
        raise _taken(login)
    return known(session, login)


def _plain(login: str) -> None:
    if not re.fullmatch(LOGIN_PATTERN, login):
        raise BadInput(
            "登录名为 2-32 位小写字母、数字和 . _ -，以字母开头 / "
            f"login {login!r}: 2 to 32 of a-z, 0-9 and . _ -, beginning with a letter"
        )


def _taken(login: str) -> BadInput:
    return BadInput(f"登录名已被使用：{login} / this login is taken: {login}")


def known(session: Session, login: str) -> Known:
    """The account; raises NotFound also for one outside the areas of the session's user."""
    account = store.in_reach(session, login)
    if account is None:
        raise NotFound("account", login)
    return account


def give_password(session: Session, login: str, *, now: datetime, must_change: bool = True) -> str:
    """A new random password, to be changed at the first sign-in; ends all sessions and tokens.

    Raises BadInput for an account of the sign-on service: it would open the door without that.
    """
    if known(session, login).issuer is not None:
        raise BadInput(
            f"{login} 由统一登录服务登录，此处没有密码 / "
            f"{login} comes through the sign-on service and has no password here"
        )
    password = passwords.one_time()
    store.call(
        session, "set_password", login=login, password_hash=passwords.hashed(password),
        must_change=must_change, now=now, proved=None,
    )  # fmt: skip
    end_all(session, login, now=now)
    return password


def end_all(session: Session, login: str, *, now: datetime) -> None:
    """End every session of an account, and revoke every token."""
    store.call(session, "close_sessions", login=login)
    for token in store.tokens(session, login):
        store.call(session, "revoke_token", login=login, token_id=token.id, now=now)


def reset_password(session: Session, login: str, *, now: datetime) -> str:
    """The same for somebody who forgot theirs, at the hands of whoever makes accounts.

    Raises Forbidden for a security administrator and an auditor: with their password whoever makes
    accounts would give roles, or watch over, alone. They get one on the machine itself.
    """
    store.call(session, "hold_account", login=login)  # a role that is given meanwhile counts
    if known(session, login).role in KEPT_APART:
        raise Forbidden(
            "安全管理员和审计员的密码只能在服务器上重设 / the password of a security administrator"
            " or an auditor is reset on the machine itself"
        )
    return give_password(session, login, now=now)


def set_state(session: Session, login: str, state: State) -> None:
    """Lock an account, which ends its sessions and tokens at once, or unlock it."""
    _changed(store.call(session, "set_state", login=login, state=state), login)
    if state is State.LOCKED:
        store.call(session, "close_sessions", login=login)


def set_role(
    session: Session, login: str, role: Role, area_prefixes: Sequence[str], *, district: District
) -> None:
    """Give an account its one role and its areas; what it had before is gone.

    Raises Forbidden for an auditor at the hands of whoever works in a part: the trail has none.
    """
    if role is Role.AUDITOR and not session.info["user"].reaches(district.code):
        raise Forbidden(
            "审计员查看全区日志，只能由负责全区的人任命 / an auditor reads the trail of the whole"
            " district and is appointed by who works in all of it"
        )
    areas = _areas(area_prefixes, district)
    done = store.call(
        session, "set_role", login=login, role=role, area_prefixes=areas,
        area_code=_place(session, areas, district),
    )  # fmt: skip
    _changed(done, login)
    store.call(session, "close_sessions", login=login)


def reset_second_factor(session: Session, login: str) -> None:
    """Somebody lost the device: the password alone is enough until a new one is set up."""
    known(session, login)
    store.call(session, "set_totp", login=login, secret=None, confirmed=False)
    store.call(session, "close_sessions", login=login)


def issue_token(
    session: Session,
    account: Known,
    *,
    label: str,
    days: int,
    rules: AccountRules,
    now: datetime,
    rights: Collection[Right] | None = None,
    area_prefixes: Sequence[str] | None = None,
    came_by: str | None = None,
) -> str:
    """A bearer token, shown this once; raises BadInput for more than the account itself may.

    Without ``rights`` or ``area_prefixes`` it may what the account may. ``came_by`` is the SHA-256
    of the session that asks: raises SignInNeeded where that has ended meanwhile.
    """
    user = account.user()
    wanted = user.rights if rights is None else frozenset(rights)
    areas = [
        _coded(one) for one in (user.area_prefixes if area_prefixes is None else area_prefixes)
    ]
    if not wanted <= user.rights:
        more = ", ".join(sorted(spelled(one) for one in wanted - user.rights))
        raise BadInput(f"账户本身没有权限 {more} / the account itself has no right to {more}")
    if not all(user.reaches(one) for one in areas):
        raise BadInput(
            "账户本身不能查看其中全部区域 / the account itself does not reach all of these areas"
        )
    if not 1 <= days <= rules.token_days:
        raise BadInput(
            f"令牌有效 1 至 {rules.token_days} 天 / a token lives 1 to {rules.token_days} days"
        )
    audit.note(
        session, event="token", target=f"issue {account.login}",
        detail={"days": days, "rights": len(wanted), "areas": areas},
    )  # fmt: skip
    secret = passwords.new_secret()
    made = store.call(
        session, "issue_token", login=account.login, secret_sha256=passwords.digest(secret),
        label=label, rights=sorted(spelled(one) for one in wanted), area_prefixes=areas, now=now,
        expires_at=now + timedelta(days=days), session_sha256=came_by,
    )  # fmt: skip
    if made is None:
        raise SignInNeeded("会话已结束，请重新登录 / the session has ended: sign in again")
    return secret


def revoke_token(session: Session, login: str, token_id: int, *, now: datetime) -> None:
    """End a token at once; raises NotFound for one of another account or revoked before."""
    audit.note(session, event="token", target=f"revoke {login}", detail={"token": token_id})
    if not store.call(session, "revoke_token", login=login, token_id=token_id, now=now):
        raise NotFound("token", token_id)


def _areas(area_prefixes: Sequence[str], district: District) -> list[str]:
    """The prefixes as stored; raises BadInput for what is no code."""
    return sorted({one and district.prefix_of(one) for one in map(_coded, area_prefixes)})


def _coded(area: str) -> str:
    if not _CODE.fullmatch(area):
        raise BadInput(f"{area[:40]!r} 不是区划代码 / {area[:40]!r} is no area code")
    return area


def _place(session: Session, areas: Sequence[str], district: District) -> str:
    """The account's own place in the hierarchy: its one area, else where its maker works.

    Of several areas, and of none before it has a role, that is the maker's area which holds them
    all, and the district where none does: row rights refuse that to whoever works in a part.
    """
    if len(areas) == 1 and areas[0]:
        return areas[0]
    own = (one for one in session.info["user"].area_prefixes if one)
    return next((one for one in own if all(area.startswith(one) for area in areas)), district.code)


def _changed(done: object, login: str) -> None:
    if done is None:
        raise NotFound("account", login)
