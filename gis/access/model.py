"""Tables of accounts and what a look-up of one finds.

Only ``accounts`` is readable by the application. The other tables hold what proves an identity; the
application reaches them through functions of the owner, one account at a time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gis.access.rights import PERMISSIONS, Role
from gis.db.base import Base, Identified, one_of
from gis.db.session import User

LOGIN_PATTERN = r"^[a-z][a-z0-9._-]{1,31}$"


class State(StrEnum):
    """Whether the account may be used; a lock after failures is a time, not a state."""

    ACTIVE = "active"
    LOCKED = "locked"


class Account(Identified, Base):
    """Somebody who may enter. The login name is all that is kept of the person.

    ``area_code`` is the account's one area, or the district. An account of the district's
    sign-on service has ``issuer`` and ``subject`` and no password here.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("role", Role),
        one_of("state", State),
        CheckConstraint(f"login ~ '{LOGIN_PATTERN}'", name="login_form"),
        CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name="issued"),
        UniqueConstraint("issuer", "subject"),
    )

    area_code: Mapped[str] = mapped_column(index=True)
    login: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str | None]
    area_prefixes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[str] = mapped_column(server_default=State.ACTIVE.value)
    must_change: Mapped[bool] = mapped_column(server_default="false")
    second_factor: Mapped[bool] = mapped_column(server_default="false")
    was_security_admin: Mapped[bool] = mapped_column(server_default="false")  # a trigger keeps it
    failures: Mapped[int] = mapped_column(server_default="0")
    refused_since: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_login_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    password_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    issuer: Mapped[str | None]
    subject: Mapped[str | None]


class Owned:
    """A row that belongs to one account and ends with it."""

    area_code: Mapped[str] = mapped_column(index=True)
    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.accounts.id", ondelete="CASCADE"), index=True
    )


class AccountSecret(Identified, Owned, Base):
    """The password's hash (argon2id) and the second factor's secret of one account."""

    __tablename__ = "account_secrets"
    __table_args__ = (UniqueConstraint("account_id"),)

    password_hash: Mapped[str | None]
    totp_secret: Mapped[str | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default="0")


class FormerPassword(Identified, Owned, Base):
    """A hash that the account had before; the newest few are refused as a new password."""

    __tablename__ = "former_passwords"

    password_hash: Mapped[str]
    replaced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class WebSession(Identified, Owned, Base):
    """One signed-in browser; ``half`` until the second factor was given.

    ``last_login_at`` and ``refused_since`` are what the account said before this sign-in: the page
    shows both, so that somebody notices a sign-in of somebody else.
    """

    __tablename__ = "web_sessions"

    secret_sha256: Mapped[str] = mapped_column(unique=True)
    half: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_login_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    refused_since: Mapped[int]


class Token(Identified, Owned, Base):
    """A bearer token of an account: never more than the account's role and areas, mostly less."""

    __tablename__ = "tokens"

    secret_sha256: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    rights: Mapped[list[str]] = mapped_column(ARRAY(Text))
    area_prefixes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True, kw_only=True)
class Known:
    """An account as the store knows it, without anything secret."""

    id: int
    login: str
    role: Role | None
    area_prefixes: tuple[str, ...]
    state: State
    must_change: bool
    second_factor: bool
    locked_until: datetime | None
    last_login_at: datetime | None
    refused_since: int
    password_changed_at: datetime | None
    made_at: datetime
    issuer: str | None = None

    def user(self) -> User:
        """The user that the account is; without a role nothing may be done."""
        rights = PERMISSIONS[self.role] if self.role else frozenset()
        return User(self.login, self.area_prefixes, rights, self.role)


@dataclass(frozen=True)
class Secret:
    """What proves that somebody is the account."""

    password_hash: str | None
    totp_secret: str | None


@dataclass(frozen=True)
class Entered:
    """Somebody who has shown a session or a token, and what is still asked of them.

    ``missing`` is None for somebody who may work, else ``second_factor``, ``password_change`` or,
    of a token, ``sign_on``: its account has not come through the sign-on service for too long.
    """

    account: Known
    user: User
    by: str
    missing: str | None = None
    last_login_at: datetime | None = None
    refused_since: int = 0
    secret_sha256: str = field(default="", repr=False)


@dataclass(frozen=True)
class IssuedToken:
    """A token in the list of an account; the secret itself is shown once and never kept."""

    id: int
    label: str
    rights: tuple[str, ...]
    area_prefixes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
