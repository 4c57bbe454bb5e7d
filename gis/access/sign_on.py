"""The account of somebody whom the district's sign-on service vouches for."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gis.access import administration, service, store
from gis.access.model import LOGIN_PATTERN
from gis.access.rights import Action, Capability, Role
from gis.access.rules import AccountRules
from gis.access.service import Opened
from gis.db.session import User
from gis.district import District
from gis.errors import SignOnFailed

# Makes and changes accounts as the sign-on service says; it may do nothing else.
SIGN_ON = User(
    id="sign-on", area_prefixes=("",),
    rights=frozenset((Capability.ACCOUNTS, one)
                     for one in (Action.READ, Action.WRITE, Action.PUBLISH)),
)  # fmt: skip
_PREFIX = re.compile(r"[0-9A-Za-z-]{1,20}")  # an empty claim is no area, never the whole district


def place_of(
    claims: Mapping[str, Any], *, roles: Mapping[str, Role], role_claim: str, area_claim: str
) -> tuple[Role, list[str]]:
    """Role and areas that the claims give; raises SignOnFailed where they give none, or several.

    ``roles`` translates a value of ``role_claim`` (a dot leads inside: ``realm_access.roles``).
    """
    found = {roles[one] for one in _texts(claims, role_claim) if one in roles}
    areas = [one for one in _texts(claims, area_claim) if _PREFIX.fullmatch(one)]
    if len(found) != 1 or not areas:
        raise SignOnFailed(
            "统一登录没有给出唯一的角色，或没有辖区 / "
            "the sign-on service gives no single role, or no area"
        )
    return found.pop(), areas


def enter(
    session: Session,
    claims: Mapping[str, Any],
    place: tuple[Role, list[str]],
    *,
    district: District,
    rules: AccountRules,
    now: datetime,
) -> Opened | None:
    """Open a session of the account of ``claims``, which is made or changed first.

    None where the account is locked. The second factor is the sign-on service's.
    """
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    role, areas = place[0], sorted({district.prefix_of(area) for area in place[1]})
    account = store.by_subject(session, issuer, subject)
    if account is None:
        account = administration.add_without_password(
            session, _login(session, claims), district=district, role=role, area_prefixes=areas,
            now=now, issuer=issuer, subject=subject,
        )  # fmt: skip
        administration.note(session, "add", account.login, role=role, by="sso")
    elif (account.role, sorted(account.area_prefixes)) != (role, areas):
        administration.note(session, "role", account.login, role=role, by="sso")
        administration.set_role(session, account.login, role, areas, district=district)
        account = administration.known(session, account.login)
    if service.is_locked(session, account, now=now):
        return None
    return service.open_session(session, account, half=False, rules=rules, now=now)


def drop(session: Session, claims: Mapping[str, Any], *, now: datetime) -> None:
    """Somebody came back whom the sign-on service gives no place here: whatever was open ends."""
    account = store.by_subject(session, str(claims["iss"]), str(claims["sub"]))
    if account is not None:
        administration.note(session, "drop", account.login, by="sso")
        administration.end_all(session, account.login, now=now)


def _login(session: Session, claims: Mapping[str, Any]) -> str:
    """The name over there, where it is free here; else one made of the identity."""
    name = str(claims.get("preferred_username", "")).lower()
    if re.fullmatch(LOGIN_PATTERN, name) and store.by_login(session, name) is None:
        return name
    identity = f"{claims['iss']} {claims['sub']}"
    return f"sso-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def _texts(claims: Mapping[str, Any], path: str) -> list[str]:
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]
