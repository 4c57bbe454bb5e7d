"""Reads the register of compounds."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.compounds.model import Compound


def addresses(session: Session) -> dict[str, str]:
    """Addresses of the compounds in force that have one, by code."""
    asked = select(Compound.code, Compound.address).where(
        Compound.valid_to.is_(None), Compound.address.is_not(None)
    )
    return {code: address for code, address in session.execute(asked) if address}


def count(session: Session) -> int:
    """How many compounds are in force."""
    asked = select(func.count()).select_from(Compound).where(Compound.valid_to.is_(None))
    return session.execute(asked).scalar_one()
