"""Runs the audit trail's SQL; knows nothing of models, so that every command may load it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gis.audit.entry import BEGINNING, Anchor, Line, Origin, Stored
from gis.db import sql

_SQL = sql.load("gis.audit")
_BATCH = 5_000
_MOST_BYTES = 16_384  # as the table checks


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are asked for; None asks for all."""

    user_id: str | None = None
    event: str | None = None
    target: str | None = None
    result: str | None = None
    area_prefix: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_number: int | None = None


def append(session: Session, lines: Sequence[Line]) -> int:
    """Write ``lines`` as the last statement of a transaction; the number of the last one."""
    text = _json([_signed(session, line) for line in lines])
    return int(session.execute(_SQL["append"], {"lines": text}).scalar_one())


def _signed(session: Session, line: Line) -> dict[str, Any]:
    """The line with who and from where."""
    user, origin = session.info["user"], session.info.get("request") or Origin("", "")
    who = {"user_id": user.id, "role": user.role}
    told = {**asdict(line), "detail": _fitting(line.detail)}
    return {**who, "address": origin.address, "request_id": origin.request_id, **told}


def _fitting(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail; of one that no line holds the number of entries and the beginning of texts.

    What it tells of is not undone for its length.
    """
    if len(_json(detail).encode()) <= _MOST_BYTES:
        return detail
    return {name: _short(one) for name, one in detail.items()}


def _short(one: Any) -> Any:
    if isinstance(one, list | dict):
        return len(one)
    return one[:200] if isinstance(one, str) else one


def _json(lines: object) -> str:
    return json.dumps(lines, ensure_ascii=False, allow_nan=False, default=str)


def chain(session: Session) -> Iterator[Stored]:
    """All lines in the order of their numbers, read in batches."""
    rows = session.execute(_SQL["chain"], execution_options={"yield_per": _BATCH})
    for number, *fields, digest in rows:
        yield Stored(number, tuple(fields), bytes(digest))


def start(session: Session) -> Anchor:
    """Where the stored chain begins: after the last line that retention dropped."""
    found = session.execute(_SQL["dropped"]).one_or_none()
    return Anchor(0, BEGINNING) if found is None else Anchor(found[0], bytes.fromhex(found[1]))


def head(session: Session) -> Anchor:
    """The newest line; number 0 of an empty trail."""
    found = session.execute(_SQL["head"]).one_or_none()
    return start(session) if found is None else Anchor(found.number, bytes(found.hash))


def prune(session: Session, *, months: int) -> int:
    """Drop the partitions that ended more than ``months`` months ago; how many lines they held."""
    line = _json(_signed(session, Line("audit_retention", "audit")))
    return int(session.execute(_SQL["prune"], {"months": months, "line": line}).scalar_one())


def policy_was_set(session: Session, file: str) -> bool:
    """Whether the setting of the policy file that is kept as ``file`` was committed."""
    return bool(session.execute(_SQL["policy_was_set"], {"file": file}).scalar_one())


def standing(session: Session, asked: Asked) -> tuple[Asked, int]:
    """``asked`` without what is written from now on, and how many lines that is."""
    newest = head(session).number + 1
    now = replace(asked, before_number=min(asked.before_number or newest, newest))
    return now, sql.counted(session, _SQL["lines"], asdict(now))


def page(session: Session, asked: Asked, *, limit: int) -> list[dict[str, Any]]:
    """Lines as ``asked``, newest first."""
    which = {**asdict(asked), "limit": limit, "offset": 0}
    rows = session.execute(sql.paged(_SQL["lines"]), which)
    return [dict(row) for row in rows.mappings()]
