"""Draws plaques: one page per entrance, fonts embedded, the same input the same bytes."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import segno

from gis import legend
from maps import typeset
from maps.plaque.model import Paper, Plaque

_HERE, _TEMPLATE = "maps.plaque", "plaque.typ"
_ADVICE_LINES = 5
_STEP = 25  # sheets set in one go: less than a second, then somebody may have stopped it
_INK = {"red": "#FFFFFF"}  # on yellow and green the dark outline colour is read best


def pdf(
    plaques: Sequence[Plaque], *, paper: Paper = Paper.A4, mark: typeset.Mark | None = None
) -> bytes:
    """One PDF with one page per plaque, in the order given; ``mark`` stands in its metadata.

    Raises
    ------
    ValueError
        No plaque, or one whose colour has none (an unrated compound).
    """
    data = _page(plaques, paper)
    return typeset.pdf(_HERE, _TEMPLATE, data, day=plaques[0].issued_on, mark=mark)


def book(
    plaques: Sequence[Plaque],
    *,
    paper: Paper = Paper.A4,
    mark: typeset.Mark | None = None,
    say: Callable[[int], None],
) -> bytes:
    """The same PDF of many, set some at a time; ``say`` hears how many are set and may raise."""
    parts = []
    for first in range(0, len(plaques), _STEP):
        say(first)
        parts.append(pdf(plaques[first : first + _STEP], paper=paper, mark=mark))
    say(len(plaques))
    return typeset.joined(parts)


def png(
    plaque: Plaque, *, paper: Paper = Paper.A4, dpi: float = 96, mark: typeset.Mark | None = None
) -> bytes:
    """One plaque as a picture, for a preview on a page; ``mark`` stands in its metadata."""
    return typeset.png(_HERE, _TEMPLATE, _page([plaque], paper), dpi=dpi, mark=mark)


def _page(plaques: Sequence[Plaque], paper: Paper) -> dict[str, Any]:
    if not plaques:
        raise ValueError("no plaques to print")
    return {"paper": paper, "plaques": [_words(one) for one in plaques]}


def _words(plaque: Plaque) -> dict[str, Any]:
    entry = next((one for one in legend.RATING.entries if one.value == plaque.colour), None)
    if entry is None or entry.value == "unrated":
        raise ValueError(f"a compound that is {plaque.colour} gets no plaque")
    plate, word = entry.zh.split()
    return {
        "name": plaque.compound_name,
        "word": word,
        "plate": plate,
        "english": entry.en,
        "fill": entry.fill,
        "ink": _INK.get(plaque.colour, legend.DARK),
        "shape": entry.shape,
        "period": plaque.period,
        "advice": list(plaque.advice[:_ADVICE_LINES]),
        "issuer": plaque.issuer,
        "issued_on": f"{plaque.issued_on:%Y-%m-%d}",
        "entrance": f"{plaque.entrance} / {plaque.entrances}",
        "qr": _qr(plaque.check),
        "check": plaque.check_label,
        "demo": plaque.demo,
    }


def _qr(text: str) -> str:
    """The QR code of ``text`` as SVG; level M stands 15 % damage, a plaque hangs outdoors."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", border=2, light="#ffffff", xmldecl=False)
    return out.getvalue().decode()
