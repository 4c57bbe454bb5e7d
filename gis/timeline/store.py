"""Asks which days and quarters the data have reached."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from gis.db import sql

_SQL = sql.load("gis.timeline")


def newest_day(session: Session, *, zone: str) -> date | None:
    """The newest day that any record states, in time zone ``zone``."""
    day: date | None = session.execute(_SQL["newest_day"], {"zone": zone}).scalar_one()
    return day


def newest_incident(session: Session) -> datetime | None:
    """When the newest incident was."""
    at: datetime | None = session.execute(_SQL["newest_incident"]).scalar_one()
    return at


def rated_periods(session: Session) -> list[str]:
    """Quarters and months that the rating was run for, newest first."""
    return list(session.execute(_SQL["rated_periods"]).scalars())
