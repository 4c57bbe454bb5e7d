"""Reads what a monthly page is made of, and keeps the pages."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from gis.areas import former
from gis.areas import store as areas
from gis.bulletins.model import Bulletin
from gis.db import sql

_SQL = sql.load("gis.bulletins")
_CARRIED = "area_code"


def incidents(
    session: Session, area_code: str, *, start: datetime, end: datetime, as_of: date
) -> dict[str, int]:
    """Incidents in [start, end) on the ground that the community had on ``as_of``, by category."""
    return _on_its_ground(session, "incidents", area_code, {"start": start, "end": end}, as_of)


def colours(session: Session, area_code: str, *, cycle_id: int) -> dict[str, int]:
    """Published colours of the community's compounds."""
    asked = {"area_code": area_code, "cycle_id": cycle_id}
    found = session.execute(_SQL["colours"], asked).all()
    return {str(name): int(times) for name, times in found}


def facilities(session: Session, area_code: str, *, as_of: date) -> dict[str, int]:
    """Open facilities of the community by function."""
    return _on_its_ground(session, "facilities", area_code, {"as_of": as_of}, as_of)


def _on_its_ground(
    session: Session, query: str, area_code: str, asked: Mapping[str, Any], as_of: date
) -> dict[str, int]:
    """How many of each name; what carries the code of a later day counts where it lay then."""
    later = areas.codes_of_later_days(session, _CARRIED, as_of=as_of)
    rows = sql.table(session, _SQL[query], {**asked, "codes": [area_code, *later]})
    rows = former.of_the_day(session, rows, as_of=as_of, columns=[_CARRIED])
    times = rows[rows[_CARRIED] == area_code].groupby("name")["times"].sum()
    return {str(name): int(count) for name, count in times.items()}


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
