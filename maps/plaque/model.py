"""What one plaque says."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Paper(StrEnum):
    """Sizes a plaque is printed in."""

    A4 = "a4"
    A3 = "a3"


@dataclass(frozen=True)
class Plaque:
    """The plaque of one entrance.

    ``colour`` is red, yellow or green: an unrated compound gets no plaque. ``check`` is the text of
    the QR code (see `gis.safety.seal`); ``check_label`` what is printed beside it, short enough to
    be read out. ``advice`` are sentences in the page's language, at most five are printed.
    """

    compound_name: str
    colour: str
    period: str
    advice: tuple[str, ...]
    issuer: str
    issued_on: date
    check: str
    check_label: str
    entrance: int = 1
    entrances: int = 1
    demo: bool = False
