"""Reads what a monthly page is made of, and keeps the pages."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from gis.bulletins.model import Bulletin
from gis.db import sql

_SQL = sql.load("gis.bulletins")


def incidents(
    session: Session, area_code: str, *, start: datetime, end: datetime
) -> dict[str, int]:
    """Incidents of the community in [start, end) by category."""
    asked = {"area_code": area_code, "start": start, "end": end}
    return _counts(session, "incidents", asked)


def colours(session: Session, area_code: str, *, cycle_id: int) -> dict[str, int]:
    """Published colours of the community's compounds."""
    return _counts(session, "colours", {"area_code": area_code, "cycle_id": cycle_id})


def facilities(session: Session, area_code: str, *, as_of: date) -> dict[str, int]:
    """Open facilities of the community by function."""
    return _counts(session, "facilities", {"area_code": area_code, "as_of": as_of})


def _counts(session: Session, query: str, asked: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(times) for name, times in session.execute(_SQL[query], asked).all()}


def coverage(session: Session, area_code: str, *, run_id: int) -> dict[str, Any] | None:
    """The community's verdict on service facilities in a run; None where it has none."""
    asked = {"area_code": area_code, "run_id": run_id}
    found = session.execute(_SQL["coverage"], asked).mappings().one_or_none()
    return None if found is None else dict(found)


def add(session: Session, *, area_code: str, month: str, content: dict[str, Any]) -> Bulletin:
    """Keep a page as the month's next revision."""
    asked = {"area_code": area_code, "month": month}
    revision = session.execute(_SQL["next_revision"], asked).scalar_one()
    made = Bulletin(
        **asked, revision=revision, content=content, published_by=session.info["user"].id
    )
    session.add(made)
    session.flush()
    return made


def newest(session: Session, area_code: str, month: str | None) -> Bulletin | None:
    """The newest published page of a community, of a month or of its last one."""
    asked = {"area_code": area_code, "month": month}
    found = session.execute(_SQL["newest"], asked).scalar_one_or_none()
    return None if found is None else session.get_one(Bulletin, found)


def months(session: Session, area_code: str) -> list[str]:
    """Months with a published page, newest first."""
    return list(session.execute(_SQL["months"], {"area_code": area_code}).scalars())
