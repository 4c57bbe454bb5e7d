"""Sets a report in type: title, sections, each with figures, a table and its sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from maps import typeset

_HERE, _TEMPLATE = "maps.report", "report.typ"


@dataclass(frozen=True)
class Section:
    """One part: ``figures`` are label and value, ``head`` and ``rows`` a table (may be empty).

    ``source`` names rule, document and version the figures rest on.
    """

    title: str
    lead: str = ""
    figures: Sequence[tuple[str, str]] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    source: str = ""


@dataclass(frozen=True)
class Report:
    """What a report says; all texts are in its reader's language."""

    title: str
    subtitle: str
    maker: str
    day: date
    sections: Sequence[Section]
    foot: str = ""
    demo: bool = False
    taken: typeset.Mark | None = None


def pdf(report: Report) -> bytes:
    """The report as a PDF (A4), fonts embedded; the same report gives the same bytes.

    Raises FontsMissing.
    """
    data = {
        "title": report.title, "subtitle": report.subtitle, "maker": report.maker,
        "day": f"{report.day:%Y-%m-%d}", "foot": report.foot, "demo": report.demo,
        "sections": [
            {"title": one.title, "lead": one.lead, "figures": list(map(list, one.figures)),
             "head": list(one.head), "rows": list(map(list, one.rows)), "source": one.source}
            for one in report.sections
        ],
    }  # fmt: skip
    return typeset.pdf(_HERE, _TEMPLATE, data, day=report.day, mark=report.taken)
