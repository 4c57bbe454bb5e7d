"""The audit trail as the command and the service use it: verify, sign the head, hand out lines."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.house import House
from data.export import manifest
from gis.audit import heads, service, store
from gis.audit.analysis import Finding
from gis.audit.signing import Signer
from gis.db.session import sessions

COLUMNS = (
    "number", "at", "user_id", "role", "address", "request_id", "event", "target", "area_code",
    "rows", "result", "purpose", "detail",
)  # fmt: skip
_PAGE = 5_000


@dataclass(frozen=True)
class Verified:
    """What a verification saw; it holds when there are no findings."""

    lines: int
    last: int
    signed_heads: int
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """As the command prints it."""
        told = [{"code": f.code, "line": f.number, "words": f.words} for f in self.findings]
        return {
            "whole": not told, "lines": self.lines, "last": self.last,
            "signed_heads": self.signed_heads, "findings": told,
        }  # fmt: skip


def verify(session: Session, house: House, *, heads_file: Path | None = None) -> Verified:
    """Walk the chain and hold it to the home's signed heads, or to a copy of them."""
    file = heads_file or house.settings.home / heads.HEADS_FILE
    signed = heads.read(file, Signer(house.settings.home))
    verdict = service.verify(session, heads=signed.anchors)
    findings = (*signed.findings, *verdict.findings)
    return Verified(verdict.lines, verdict.last.number, len(signed.anchors), findings)


def sign_head(
    session: Session, house: House, *, restored_from: str | None = None
) -> dict[str, Any]:
    """Add the trail's signed head to the home's file; wanted daily.

    After a restore ``restored_from`` is the backup's digest: later heads of the trail that was
    replaced no longer bind.
    """
    home = house.settings.home
    return heads.append(
        home / heads.HEADS_FILE, service.head(session), Signer(home), at=datetime.now(UTC),
        restored_from=restored_from,
    )  # fmt: skip


def keep_replaced(session: Session, house: House) -> None:
    """Write the trail that a restore is about to replace beside the signed heads.

    The name holds the last line's number and the beginning of its hash: another trail that came as
    far takes nobody's place.
    """
    newest = service.head(session)
    if newest.number:
        name = f"audit-replaced-{newest.number}-{newest.hash.hex()[:8]}.csv"
        file = house.settings.home / name
        file.touch(mode=0o600)
        with file.open("w", encoding="utf-8", newline="") as out:
            rows = sum(1 for row in as_csv(session, store.Asked()) if out.write(row)) - 1
        manifest.write(file, {"rows": rows}, Signer(house.settings.home).signed)


def as_csv(session: Session, asked: store.Asked) -> Iterator[str]:
    """Lines as ``asked`` as CSV text, newest first, without anything a spreadsheet would run."""
    for rows in _pages(lambda one: store.page(session, one, limit=_PAGE), asked):
        yield from rows


def streamed(engine: Engine, info: dict[str, Any], asked: store.Asked) -> Iterator[str]:
    """The same page by page, each read in a transaction of its own (``info``: whose).

    However slowly it is fetched, it keeps neither the trail in memory nor a connection.
    """

    def read(one: store.Asked) -> list[dict[str, Any]]:
        with sessions(engine).begin(info=info) as session:
            return store.page(session, one, limit=_PAGE)

    return map("".join, _pages(read, asked))


def _pages(
    read: Callable[[store.Asked], list[dict[str, Any]]], asked: store.Asked
) -> Iterator[list[str]]:
    from data.export.columns import harmless  # noqa: PLC0415 - with pandas; a check does without

    yield ["\ufeff" + _row(COLUMNS)]
    while lines := read(asked):
        yield [_row([harmless(_text(line[name])) for name in COLUMNS]) for line in lines]
        asked = replace(asked, before_number=lines[-1]["number"])


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _row(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
