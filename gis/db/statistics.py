"""Fresh statistics of a table after a bulk load, for the role that does not own it."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.db.base import Base


def refresh(session: Session, table: type[Base]) -> None:
    """Let the planner know what ``table`` holds now, before anybody asks.

    The server does the same by itself, but only every minute; a question in between is planned
    for an empty table. Half a second at a million incidents.
    """
    session.execute(select(func.wangge.analyze_table(table.__tablename__)))
