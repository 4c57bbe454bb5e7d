"""What a device sends twice is stored once: the key it made, held by the account that sends it."""

from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def own_key(session: Session, key: str) -> str:
    """``key`` as the store keeps it: unique for the session's account, and telling nobody whose.

    Held to the end of the transaction: the same thing sent once more, while the first is still
    being written, waits for it and then finds what was stored.
    """
    stored = sha256(f"{session.info['user'].id}\n{key}".encode()).hexdigest()
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(stored, 0))))
    return stored
