"""A plaque held against what was published: genuine, replaced by a newer one, or unknown."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gis.audit.signing import Signer
from gis.errors import BadInput
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

    One read of an index; what is kept counts only as far as a known key has signed it. Of a quarter
    from before codes were kept, every plaque is signed again with this home's key then: 20,000 take
    three seconds.
    """
    wanted = label.strip().upper().replace("-", "").replace(" ", "")
    keys = {signer.public_key, *store.known_keys(session)}
    for kept in store.labelled(session, wanted, period=period):
        sealed = _genuine(kept, keys)
        if sealed is not None and sealed.period == period and _code(kept) == wanted:
            return sealed
    for row in store.unlabelled(session, period):
        sealed = Sealed(row["code"], period, row["colour"], row["revision"])
        if _code(seal.text(sealed, signer)) == wanted:
            return sealed
    return None


def _genuine(check_text: str, keys: set[str]) -> Sealed | None:
    try:
        return seal.read(check_text, keys)
    except BadInput:
        return None


def _code(check_text: str) -> str:
    return seal.label(check_text).replace("-", "")
