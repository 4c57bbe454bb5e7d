"""What makes a chain of lines whole: pure checks on what was stored."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gis.audit.entry import Anchor, Stored


@dataclass(frozen=True, slots=True)
class Finding:
    """Where the chain is broken; ``code``: changed, removed, disordered, replaced or cut."""

    code: str
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification saw: the first and last line, their count, and every fault."""

    first: int | None
    last: Anchor
    lines: int
    findings: tuple[Finding, ...]


def canonical(number: int, fields: Iterable[str | None]) -> str:
    """The text that is hashed: a JSON array of texts and nulls, written as PostgreSQL's jsonb.

    The order is number, at (UTC, microseconds), user_id, role, address, request_id, event, target,
    area_code, rows, result, purpose, detail.
    """
    return json.dumps([str(number), *fields], ensure_ascii=False)


def linked(previous: bytes, number: int, fields: Iterable[str | None]) -> bytes:
    """The hash of a line that follows one whose hash is ``previous``."""
    return hashlib.sha256(previous + canonical(number, fields).encode()).digest()


def follow(lines: Iterable[Stored], *, start: Anchor, anchors: Mapping[int, bytes]) -> Verdict:
    """Walk the stored ``lines`` in the order of their numbers and name every break.

    Parameters
    ----------
    lines : iterable of Stored
        Ordered by number.
    start : Anchor
        The last line that was dropped by retention; number 0 where none was.
    anchors : mapping of int to bytes
        Heads kept outside the store: number of a line and the hash it had.
    """
    findings: list[Finding] = []
    last, first, count, moment = start, None, 0, ""
    for line in lines:
        first, count = first or line.number, count + 1
        findings += _breaks(line, last, moment)
        if line.number in anchors and anchors[line.number] != line.hash:
            findings.append(
                Finding("replaced", line.number, "its hash is not the one of the signed head")
            )
        last, moment = Anchor(line.number, line.hash), line.fields[0] or ""
    newest = max(anchors, default=0)
    if newest > last.number:
        findings.append(
            Finding("cut", last.number, f"a signed head knows line {newest}; the tail is missing")
        )
    return Verdict(first, last, count, tuple(findings))


def _breaks(line: Stored, last: Anchor, moment: str) -> Iterator[Finding]:
    """How ``line`` fails to follow ``last``, which was written at ``moment``."""
    if line.number > last.number + 1:
        words = f"lines {last.number + 1} to {line.number - 1} are missing"
        yield Finding("removed", line.number, words)
    elif line.number <= last.number:
        yield Finding("disordered", line.number, "the number appears twice")
    elif linked(last.hash, line.number, line.fields) != line.hash:
        words = "what it says, or the line before, is not what was written"
        yield Finding("changed", line.number, words)
    if (line.fields[0] or "") < moment:
        yield Finding("disordered", line.number, "it is older than the line before it")
