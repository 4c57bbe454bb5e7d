"""Sets a comparison in type: title, sums, changes, one line per community."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from maps import typeset


@dataclass(frozen=True)
class Comparison:
    """What the page says, every text ready to be read; ``rows`` are cells under ``heads``."""

    title: str
    lead: str
    sums: Sequence[tuple[str, str]]
    changes_title: str
    changes: Sequence[str]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: str
    day: date
    demo: bool = False
    taken: typeset.Mark | None = None


def pdf(page: Comparison) -> bytes:
    """The comparison on A4; the same values give the same bytes. Raises FontsMissing."""
    data = {
        "title": page.title, "lead": page.lead, "sums": [list(one) for one in page.sums],
        "changes_title": page.changes_title, "changes": list(page.changes),
        "heads": list(page.heads), "rows": [list(row) for row in page.rows], "foot": page.foot,
        "demo": page.demo,
    }  # fmt: skip
    return typeset.pdf("maps.comparison", "comparison.typ", data, day=page.day, mark=page.taken)
