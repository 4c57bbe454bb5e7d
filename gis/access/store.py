"""Runs the statements of accounts; nothing else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping
from sqlalchemy.orm import Session

from gis.access.model import IssuedToken, Known, Secret, State
from gis.access.rights import Role
from gis.db import sql

_SQL = sql.load("gis.access")
_KNOWN = tuple(Known.__dataclass_fields__)


def by_login(session: Session, login: str) -> Known | None:
    """The account of a login name, whoever asks."""
    return _maybe(_row(session, "account_by_login", login=login))


def in_reach(session: Session, login: str) -> Known | None:
    """The account of a login name, if it lies in the areas of the session's user."""
    return _maybe(_row(session, "account_in_reach", login=login))


def by_subject(session: Session, issuer: str, subject: str) -> Known | None:
    """The account of somebody whom the sign-on service at ``issuer`` calls ``subject``."""
    return _maybe(_row(session, "account_by_subject", issuer=issuer, subject=subject))


def secret(session: Session, login: str) -> Secret:
    """What proves that somebody is the account; nothing does where it does not exist."""
    row = _row(session, "secret_by_login", login=login)
    return Secret(**row) if row else Secret(None, None)


def by_session(
    connection: Connection, secret_sha256: str, *, now: datetime, idle_s: float, used: bool = True
) -> tuple[Known, RowMapping] | None:
    """The account of a browser's session that has not ended, and the session's own columns.

    A session that is ``used`` stays open for ``idle_s`` from then on; a look at it changes nothing.
    """
    asked = _SQL["account_by_session" if used else "account_of_session"]
    params = {"secret_sha256": secret_sha256, "now": now, "idle_s": idle_s}
    row = connection.execute(asked, params).mappings().one_or_none()
    return (_known(row), row) if row else None


def by_token(
    connection: Connection, secret_sha256: str, *, now: datetime
) -> tuple[Known, RowMapping] | None:
    """The account of a token in force, and the token's own columns."""
    params = {"secret_sha256": secret_sha256, "now": now}
    row = connection.execute(_SQL["account_by_token"], params).mappings().one_or_none()
    return (_known(row), row) if row else None


def everybody(session: Session) -> list[Known]:
    """The accounts that the user may see, by login name."""
    return [_known(row) for row in session.execute(_SQL["accounts"]).mappings()]


def any_account(session: Session) -> bool:
    """Whether anybody can sign in at all."""
    return bool(session.execute(_SQL["are_there_accounts"]).scalar_one())


def no_security_admin_yet(session: Session) -> bool:
    """Whether no account ever gave rights, and the session's user may make the first that does."""
    return bool(session.execute(_SQL["no_security_admin_yet"]).scalar_one())


def former_passwords(session: Session, login: str, *, kept: int) -> Sequence[str]:
    """The hash of the present password and of ``kept`` passwords before it."""
    params = {"login": login, "kept": kept}
    return session.scalars(_SQL["former_passwords"], params).all()


def tokens(session: Session, login: str) -> list[IssuedToken]:
    """All tokens of an account, revoked and expired ones among them."""
    rows = session.execute(_SQL["tokens_of"], {"login": login}).mappings()
    return [
        IssuedToken(**{**row, "rights": tuple(row["rights"]),
                       "area_prefixes": tuple(row["area_prefixes"])})
        for row in rows
    ]  # fmt: skip


def call(session: Session, query: str, **params: Any) -> Any:
    """One statement that changes something; its one value, None where it changed nothing."""
    return session.execute(_SQL[query], params).scalar()


def _row(session: Session, query: str, **params: Any) -> RowMapping | None:
    return session.execute(_SQL[query], params).mappings().one_or_none()


def _maybe(row: RowMapping | None) -> Known | None:
    return _known(row) if row else None


def _known(row: RowMapping) -> Known:
    fields = {name: row[name] for name in _KNOWN}
    fields |= {
        "role": Role(row["role"]) if row["role"] else None,
        "area_prefixes": tuple(row["area_prefixes"]),
        "state": State(row["state"]),
    }
    return Known(**fields)
