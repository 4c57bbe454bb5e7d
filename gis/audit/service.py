"""Notes what happens, in the transaction in which it happens, and proves that nothing was changed.

A line is written at the end of its transaction, so that the chain's lock is held for that moment
only. When the transaction is rolled back its lines are written all the same, in one of their own,
with the reason. Reads of public figures are not noted; writes, exports, imports, sign-ins,
refusals and reads of sensitive layers are.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from gis.audit import analysis, store
from gis.audit.analysis import Verdict
from gis.audit.entry import Anchor, Line
from gis.errors import GisError

_PENDING = "audit_lines"  # of a session's info: lines that its transaction has not written yet


def note(
    session: Session,
    *,
    event: str,
    target: str,
    area_code: str | None = None,
    rows: int | None = None,
    result: str = "done",
    purpose: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Line:
    """Let the transaction leave one line; note before acting, and fill in ``rows`` when known.

    User, address and request come from the session. ``area_code`` None is all that the user may
    see. ``detail`` takes names, counts and digests, never a secret or anything of a person.
    """
    if area_code is None:
        own = session.info["user"].area_prefixes
        area_code = own[0] if len(own) == 1 else ""
    line = Line(event, target, area_code, rows, result, purpose, dict(detail or {}))
    session.info.setdefault(_PENDING, []).append(line)
    return line


def write_pending(session: Session) -> None:
    """Write what the transaction noted; the session does so right before it commits."""
    lines = session.info.get(_PENDING)
    if lines:
        session.flush()  # afterwards nothing but the commit keeps the chain's lock
        store.append(session, lines)


def forget_pending(session: Session) -> None:
    """What was noted stands now; the session's next transaction begins without lines."""
    session.info.pop(_PENDING, None)


def lost(info: dict[Any, Any], reason: BaseException) -> list[Line]:
    """The lines of a transaction that was rolled back for ``reason``, taken out of its session."""
    refused = isinstance(reason, GisError)
    why = reason.code if isinstance(reason, GisError) else type(reason).__name__
    lines: list[Line] = info.pop(_PENDING, [])
    return [line.failed("refused" if refused else "failed", {"reason": why}) for line in lines]


def verify(session: Session, *, heads: Mapping[int, bytes]) -> Verdict:
    """Walk the whole chain; ``heads`` are signed heads kept outside the store, by line number."""
    begin = store.start(session)
    kept = {number: digest for number, digest in heads.items() if number >= begin.number}
    return analysis.follow(store.chain(session), start=begin, anchors=kept)


def head(session: Session) -> Anchor:
    """The newest line's number and hash."""
    return store.head(session)


def prune(session: Session, *, months: int) -> int:
    """Drop lines older than ``months`` months (at least six) and note it; how many lines."""
    return store.prune(session, months=months)
