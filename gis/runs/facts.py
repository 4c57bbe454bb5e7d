"""Facts about the store itself: whose district it holds and whether it is a demonstration."""

from sqlalchemy import TableClause, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import column, table

from gis.db import SCHEMA, sql
from gis.district import District
from gis.errors import BadInput

_DISTRICT, _DEMO = "district", "demo"
_SQL = sql.load("gis.runs")
# By name, not by model: every command asks, and the models take half a second to import.
_FACTS = table("store_facts", column("key"), column("value"), column("area_code"), schema=SCHEMA)
# Who may sign in, what was done and asked for: of the house, not of the places it looks after.
_NO_PLACES = {
    "accounts", "audit_entries", "import_profiles", "jobs", "uploads", _FACTS.name,
}  # fmt: skip


def claim(session: Session, district: District) -> None:
    """Note on the first import which district the store serves; refuse any other one later.

    Raises BadInput when the store already serves another district.
    """
    _note(session, _DISTRICT, district.code, district)
    confirm(session, district)


def confirm(session: Session, district: District) -> None:
    """Raises BadInput when the store serves another district; an empty store serves any."""
    held = read(session, _DISTRICT)
    if held not in (None, district.code):
        raise BadInput(
            f"this store serves district {held}, the district file says {district.code}: "
            "set WANGGE_DISTRICT_FILE to that district's file, or WANGGE_HOME to another folder"
        )


def claim_demo(session: Session, district: District, made_from: str) -> None:
    """Mark an empty store as demonstration data made from ``made_from`` (size and seed).

    Raises BadInput when the store holds other rows, or demonstration data made otherwise.
    """
    held = read(session, _DEMO)
    if held == made_from:
        return
    if held is not None:
        raise BadInput(
            f"this store holds the demo {held}: set WANGGE_HOME to another folder for {made_from}"
        )
    if filled := _filled(session):
        raise BadInput(
            f"this store holds rows of {', '.join(filled)}, and invented ones are not mixed with "
            "them: set WANGGE_HOME to an empty folder"
        )
    _note(session, _DEMO, made_from, district)


def is_demo(session: Session) -> bool:
    """Whether pages and exports must say 演示数据."""
    return read(session, _DEMO) is not None


def row_counts(session: Session) -> dict[str, int]:
    """Rows of every table that the application may read; the audit trail's months are one."""
    counted = {name: select(func.count()).select_from(one) for name, one in _tables(session)}
    return {name: session.execute(query).scalar_one() for name, query in counted.items()}


def _filled(session: Session) -> list[str]:
    """Tables with a row about a place, whether it came in a file or was written by hand."""
    asked = {
        name: select(exists(select(literal(1)).select_from(one)))
        for name, one in _tables(session)
        if name not in _NO_PLACES
    }
    return [name for name, query in asked.items() if session.execute(query).scalar_one()]


def _tables(session: Session) -> list[tuple[str, TableClause]]:
    names = session.scalars(_SQL["readable_tables"])
    return [(name, table(name, schema=SCHEMA)) for name in names]


def read(session: Session, key: str) -> str | None:
    """The value of one fact; None where nothing was noted."""
    value = select(_FACTS.c.value).where(_FACTS.c.key == key)
    return session.execute(value).scalar_one_or_none()


def _note(session: Session, key: str, value: str, district: District) -> None:
    fact = {"key": key, "value": value, "area_code": district.code}
    session.execute(insert(_FACTS).values(fact).on_conflict_do_nothing())
