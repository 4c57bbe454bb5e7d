"""A plaque held against what was published: genuine, replaced by a newer one, or unknown."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gis.audit.signing import Signer
from gis.publication import seal, store
from gis.publication.seal import Sealed


@dataclass(frozen=True)
class Standing:
    """A published plaque, and what is published of its compound by now."""

    name: str
    period: str
    colour: str
    published_at: datetime


def standing(session: Session, sealed: Sealed) -> Standing | None:
    """What became of a plaque; None where nothing that the user sees was published like it.

    The plaque's own publication is looked up, not the newest: a correction replaces plaques, it
    does not make them forged.
    """
    row = store.publication_of(
        session, period=sealed.period, revision=sealed.revision, code=sealed.compound_code
    )
    if row is None or row["colour"] != sealed.colour:
        return None
    now = store.hanging(session, sealed.compound_code)
    assert now is not None, "at least the plaque's own publication"
    return Standing(row["name"], now["period"], now["colour"], now["published_at"])


def by_label(session: Session, signer: Signer, label: str, *, period: str) -> Sealed | None:
    """The plaque of a quarter with this short code, among those whose compounds the user sees.

    Signs every plaque of the quarter again with this home's key: 20,000 take three seconds.
    """
    wanted = label.strip().upper().replace("-", "").replace(" ", "")
    for row in store.publications(session, period):
        sealed = Sealed(row["code"], period, row["colour"], row["revision"])
        if seal.label(seal.text(sealed, signer)).replace("-", "") == wanted:
            return sealed
    return None
