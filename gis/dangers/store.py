"""Reads and writes dangers, steps and photos."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from gis.dangers.model import Danger, DangerPhoto
from gis.db import sql

_SQL = sql.load("gis.dangers")


def register(
    session: Session, *, area_prefix: str, now: datetime, id: int | None = None
) -> Sequence[RowMapping]:
    """Dangers with community, compound, position and whether they are overdue."""
    params = {"area_prefix": area_prefix, "now": now, "id": id}
    return session.execute(_SQL["register"], params).mappings().all()


def by_key(session: Session, key: str) -> Danger | None:
    """The danger that was sent with ``key``."""
    return session.scalar(select(Danger).where(Danger.key == key))


def locked(session: Session, id: int) -> Danger | None:
    """One danger, held until the end of the transaction."""
    return session.get(Danger, id, with_for_update=True)


def another_may(session: Session, *, area_code: str, roles: Sequence[str]) -> bool:
    """Whether an active account besides the user's, of one of ``roles``, works in the area."""
    user_id = session.info["user"].id
    asked = {"user_id": user_id, "area_code": area_code, "roles": list(roles)}
    return bool(session.execute(_SQL["another_may"], asked).scalar_one())


def steps(session: Session, id: int) -> Sequence[RowMapping]:
    """The moves of a danger in their order."""
    return session.execute(_SQL["steps"], {"id": id}).mappings().all()


def photos(session: Session, id: int, *, now: datetime) -> list[int]:
    """Ids of the photos that have not expired."""
    return list(session.execute(_SQL["photos"], {"id": id, "now": now}).scalars())


def photo(session: Session, id: int, *, now: datetime) -> bytes | None:
    """One photo's JPEG; None when there is none or its time has passed."""
    found = session.execute(_SQL["photo"], {"id": id, "now": now}).scalar_one_or_none()
    return None if found is None else bytes(found)


def add_photo(session: Session, photo: DangerPhoto) -> None:
    """Keep a photo."""
    session.add(photo)


def forget_expired(session: Session, *, now: datetime) -> int:
    """Delete the photos whose time has passed; how many there were."""
    return len(session.execute(_SQL["forget_expired"], {"now": now}).all())
