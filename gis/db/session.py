"""Who works in the store: one session class that says so in every transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    Connection,
    Engine,
    Text,
    bindparam,
    event,
    func,
    select,
)
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from gis.access.rights import EVERYTHING, PERMISSIONS, Action, Capability, Right, Role, spelled
from gis.audit import service as audit
from gis.audit import store as trail
from gis.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works in the store, and where.

    ``area_prefixes`` are prefixes of area codes: ``"530102001"`` is a street with all it holds,
    the empty prefix is the whole district, no prefix at all is nothing. ``rights`` are those of
    the role in `gis.access.rights.PERMISSIONS`; without any, nothing may be done.
    """

    id: str
    area_prefixes: tuple[str, ...]
    rights: frozenset[Right] = frozenset()
    role: Role | None = None

    @classmethod
    def command(cls) -> Self:
        """The ``wangge`` command: whoever may start it and read the home sees the district."""
        return cls(id="command", area_prefixes=("",), rights=EVERYTHING)

    @classmethod
    def of(cls, role: Role, *, id: str, area_prefixes: tuple[str, ...]) -> Self:
        """Somebody with one role in some areas."""
        return cls(id=id, area_prefixes=area_prefixes, rights=PERMISSIONS[role], role=role)

    @classmethod
    def anonymous(cls) -> Self:
        """Whoever has not signed in: sees and does nothing."""
        return cls(id="anonymous", area_prefixes=())

    def place(self, district_code: str) -> str:
        """Where belongs what the user asks for or sends: the one area, else the district.

        What may hold rows of several areas is not shown to those who work in one of them.
        """
        return (len(self.area_prefixes) == 1 and self.area_prefixes[0]) or district_code

    def reaches(self, area_code: str) -> bool:
        """Whether an area, with all that it holds, lies in the user's own.

        >>> User("u", ("530102001",)).reaches("530102001003"), User("u", ()).reaches("530102001003")
        (True, False)
        """
        return area_code.startswith(self.area_prefixes)

    def may(self, capability: Capability, action: Action = Action.READ) -> bool:
        """Whether the role gives that right; where, the area prefixes say."""
        return (capability, action) in self.rights


class NoUser(RuntimeError):
    """A session was opened without ``info={"user": User(...)}``; nothing was read or written."""


class WanggeSession(Session):
    """The one session class; every transaction of it belongs to a `User`."""


_ENTER = select(
    func.wangge.enter(
        bindparam("user_id", type_=Text),
        bindparam("area_prefixes", type_=ARRAY(Text)),
        bindparam("rights", type_=ARRAY(Text)),
    )
)  # made once: every transaction begins with it


@event.listens_for(WanggeSession, "after_begin")
def _enter(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Tell PostgreSQL who works, until the end of the transaction and no longer."""
    user = session.info.get("user")
    if not isinstance(user, User):
        raise NoUser("open the session with info={'user': User(...)}")
    if transaction.nested:  # a savepoint belongs to the user of its transaction
        return
    rights = sorted(spelled(one) for one in user.rights)
    told = {"user_id": user.id, "area_prefixes": list(user.area_prefixes), "rights": rights}
    connection.execute(_ENTER, told)


@event.listens_for(WanggeSession, "before_commit")
def _write_audit(session: Session) -> None:
    """What the transaction noted becomes part of it, last; a savepoint writes nothing."""
    if not session.in_nested_transaction():
        audit.write_pending(session)


@event.listens_for(WanggeSession, "after_commit")
def _forget_audit(session: Session) -> None:
    if not session.in_nested_transaction():
        audit.forget_pending(session)


class Sessions(sessionmaker[WanggeSession]):
    """Makes sessions: ``with sessions(engine).begin(info={"user": user}) as session:``."""

    @contextmanager
    def begin(self, **options: Any) -> Iterator[WanggeSession]:
        """One session, one transaction: commit on return, roll back on raise.

        What a transaction noted for the audit trail is kept when it is rolled back.
        """
        session = self(**options)
        try:
            with session, session.begin():
                yield session
        except BaseException as exc:
            lines = audit.lost(session.info, exc)
            if lines and not isinstance(exc, StoreUnavailable):
                with self(**options) as again, again.begin():
                    trail.append(again, lines)
            raise


@lru_cache(maxsize=4)  # making it makes a class, and every request asks for it
def sessions(engine: Engine) -> Sessions:
    """Sessions on ``engine``; objects stay readable after the commit."""
    return Sessions(engine, class_=WanggeSession, expire_on_commit=False)
