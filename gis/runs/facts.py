"""Facts about the store itself: whose district it holds and whether it is a demonstration."""

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import BadInput
from gis.runs.model import Import, StoreFact

_DISTRICT, _DEMO = "district", "demo"


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
    if session.execute(select(exists(select(Import.id)))).scalar_one():
        raise BadInput(
            "this store holds imported rows, and invented ones are not mixed with them: "
            "set WANGGE_HOME to an empty folder"
        )
    _note(session, _DEMO, made_from, district)


def is_demo(session: Session) -> bool:
    """Whether pages and exports must say 演示数据."""
    return read(session, _DEMO) is not None


def read(session: Session, key: str) -> str | None:
    """The value of one fact; None where nothing was noted."""
    return session.execute(select(StoreFact.value).where(StoreFact.key == key)).scalar_one_or_none()


def _note(session: Session, key: str, value: str, district: District) -> None:
    fact = {"key": key, "value": value, "area_code": district.code}
    session.execute(insert(StoreFact).values(fact).on_conflict_do_nothing())
