"""Accounts as administrators see them: one makes and locks them, another gives rights."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParam
from pydantic import BaseModel, Field

from api.deps import At, Caller, Db, needs, said, signed_in
from api.house import transaction
from gis.access import administration, places, store
from gis.access.model import State
from gis.access.rights import PERMISSIONS, Action, Capability, Role, spelled

router = APIRouter(prefix="/api/v1", tags=["accounts"])
READ = [needs(Capability.ACCOUNTS)]
MAKE = [needs(Capability.ACCOUNTS, Action.WRITE)]
GIVE = [needs(Capability.ACCOUNTS, Action.PUBLISH)]
Login = Annotated[str, PathParam(max_length=32, examples=["lin"])]
Prefix = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{0,20}$", examples=["530102001"])]


class AccountIn(BaseModel, extra="forbid"):
    """A new account; it may nothing until a security administrator gives it a role."""

    login: str = Field(max_length=32, examples=["lin"])


class RoleIn(BaseModel, extra="forbid"):
    """The one role and the areas, by code or its beginning; an empty one is the whole district."""

    role: Role
    area_prefixes: list[Prefix] = Field(min_length=1, max_length=50)


class AccountOut(BaseModel):
    """An account; there is nothing of the person but the login name."""

    login: str = Field(examples=["lin"])
    role: Role | None = Field(examples=["planner"])
    area_prefixes: list[str] = Field(examples=[["530102001"]])
    state: State
    must_change: bool = Field(examples=[False])
    second_factor: bool = Field(examples=[True])
    locked_until: datetime | None = Field(examples=[None])
    last_login_at: datetime | None = Field(examples=["2026-09-30T00:00:00Z"])


class AccountsOut(BaseModel):
    """All accounts, by login name."""

    accounts: list[AccountOut]


class OneTimeOut(BaseModel):
    """A one-time password, shown this once."""

    login: str = Field(examples=["lin"])
    password: str = Field(examples=["(16 characters in groups of four)"])


@router.get(
    "/rights",
    dependencies=[Depends(signed_in)],
    responses=said({"viewer": ["areas:read", "rating:read"]}),
)
def read_rights() -> dict[Role, list[str]]:
    """The table of permissions: what each role may, as capability:action."""
    return {role: sorted(spelled(one) for one in rights) for role, rights in PERMISSIONS.items()}


@router.get("/accounts", dependencies=READ)
def read_accounts(db: Db) -> AccountsOut:
    """The accounts in the caller's areas."""
    found = store.everybody(db)
    return AccountsOut(
        accounts=[AccountOut.model_validate(one, from_attributes=True) for one in found]
    )


@router.post("/accounts", status_code=201, dependencies=MAKE)
def add_account(db: Db, at: At, asked: AccountIn) -> OneTimeOut:
    """Make an account without a role and hand out its one-time password."""
    administration.note(db, "add", asked.login)
    password = administration.add(db, asked.login, district=at.district, now=datetime.now(UTC))
    return OneTimeOut(login=asked.login, password=password)


@router.post("/accounts/first-security-admin", status_code=201, dependencies=MAKE)
def add_first_security_admin(db: Db, at: At, asked: AccountIn) -> OneTimeOut:
    """Make the account that gives roles, where the store never had one; 403 from then on.

    For who makes accounts in the whole district. It is the only role that they ever give.
    """
    password = administration.first_security_admin(
        db, asked.login, district=at.district, now=datetime.now(UTC)
    )
    return OneTimeOut(login=asked.login, password=password)


@router.post("/accounts/{login}/password", dependencies=MAKE)
def reset_password(db: Db, login: Login, user: Caller) -> OneTimeOut:
    """A new one-time password; the account's sessions end.

    That of a security administrator or an auditor is given on the machine alone (403).
    """
    administration.note(db, "password", login)
    administration.not_oneself(user, login)
    given = administration.reset_password(db, login, now=datetime.now(UTC))
    return OneTimeOut(login=login, password=given)


@router.post("/accounts/{login}/lock", status_code=204, dependencies=MAKE)
def lock(db: Db, login: Login, user: Caller) -> None:
    """Lock an account; its sessions and tokens end at once."""
    administration.note(db, "lock", login)
    administration.not_oneself(user, login)
    administration.set_state(db, login, State.LOCKED)


@router.post("/accounts/{login}/unlock", status_code=204, dependencies=MAKE)
def unlock(db: Db, login: Login) -> None:
    """Open a locked account again."""
    administration.note(db, "unlock", login)
    administration.set_state(db, login, State.ACTIVE)


@router.put("/accounts/{login}/role", status_code=204, dependencies=GIVE)
def set_role(request: Request, db: Db, at: At, login: Login, user: Caller, asked: RoleIn) -> None:
    """Give an account its role and areas; its sessions end. Nobody gives oneself another role."""
    administration.note(db, "role", login, role=asked.role)
    administration.not_oneself(user, login)
    with transaction(request.app.state.engine) as reading:
        places.there(reading, asked.area_prefixes, at.district)
    administration.set_role(db, login, asked.role, asked.area_prefixes, district=at.district)


@router.delete("/accounts/{login}/second-factor", status_code=204, dependencies=GIVE)
def reset_second_factor(db: Db, login: Login, user: Caller) -> None:
    """Take away the second factor of somebody who lost the device."""
    administration.note(db, "second_factor", login)
    administration.not_oneself(user, login)
    administration.reset_second_factor(db, login)
