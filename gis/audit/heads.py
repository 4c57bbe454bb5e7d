"""Signed heads of the audit trail, kept in a file outside the store: they show a cut tail."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gis.audit.analysis import Finding
from gis.audit.entry import Anchor
from gis.audit.signing import Signer
from gis.errors import BadInput

HEADS_FILE = "audit-heads.jsonl"


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of one file by line number, and what is wrong with the file itself."""

    anchors: dict[int, bytes]
    findings: tuple[Finding, ...]


def append(
    file: Path, head: Anchor, signer: Signer, *, at: datetime, restored_from: str | None = None
) -> dict[str, Any]:
    """Add the signed head to ``file``; raises BadInput where it cannot be written."""
    said = {"number": head.number, "hash": head.hash.hex(), "signed_at": at.isoformat()}
    line = signer.signed(said | ({"restored_from": restored_from} if restored_from else {}))
    try:
        with file.open("a", encoding="utf-8") as heads:
            heads.write(json.dumps(line) + "\n")
    except OSError as exc:
        raise BadInput.at(
            str(file), f"无法写入（{exc.strerror}）", f"cannot be written ({exc.strerror})"
        ) from exc
    return line


def read(file: Path, signer: Signer) -> Heads:
    """The heads of ``file``; none where there is no such file.

    Two lines that give one number different hashes, and a line that this home did not sign, are
    findings. A head that was signed after a restore replaces those before it.
    """
    if not file.exists():
        return Heads({}, ())
    anchors: dict[int, bytes] = {}
    findings: list[Finding] = []
    for at, head in enumerate(_documents(file), start=1):
        if head is None or not signer.holds(head):
            findings.append(Finding("unsigned", at, f"line {at} of {file.name} has no valid mark"))
            continue
        number, digest = int(head["number"]), bytes.fromhex(head["hash"])
        if "restored_from" in head:  # those before spoke of a trail that was replaced
            anchors.clear()
        if anchors.setdefault(number, digest) != digest:
            findings.append(Finding("replaced", number, "two signed heads contradict each other"))
    return Heads(anchors, tuple(findings))


def last_signed_at(home: Path) -> datetime | None:
    """When the home's last head was signed; None where the last line is none of this home's."""
    file = home / HEADS_FILE
    lines = [*_documents(file)] if file.exists() else []
    if not lines or lines[-1] is None or not Signer(home).holds(lines[-1]):
        return None
    return datetime.fromisoformat(lines[-1]["signed_at"])


def _documents(file: Path) -> Iterator[dict[str, Any] | None]:
    """The file's lines as objects; None for one that is none."""
    for line in file.read_text("utf-8").splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        yield found if isinstance(found, dict) else None
