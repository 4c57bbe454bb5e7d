"""Reads the register of compounds."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.compounds.model import Compound


def addresses(session: Session) -> dict[str, str]:
    """Addresses of the compounds in force that have one, by code."""
    asked = select(Compound.code, Compound.address).where(
        Compound.valid_to.is_(None), Compound.address.is_not(None)
    )
    return {code: address for code, address in session.execute(asked) if address}
