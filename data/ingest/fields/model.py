"""What a field of an importable file is: name, type, header synonyms, unit, bounds and words."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Type(StrEnum):
    """How a cell is read; ``values.py`` has one reader for each."""

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    NUMBER = "number"
    YEAR = "year"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"
    WORD = "word"
    CATEGORY = "category"
    DIRECTION = "direction"
    PIXELS = "pixels"
    LENS = "lens"
    SHARES = "shares"
    POINTS = "points"
    WKT = "wkt"
    LON = "lon"
    LAT = "lat"


class Shape(StrEnum):
    """Geometry that a kind stores; ``NONE`` for tables."""

    NONE = "none"
    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"
    POINT_OR_POLYGON = "point_or_polygon"


_BRACKETS = re.compile(r"[(\[{<【《].*?[)\]}>】》]")
_LONGEST = 500  # characters of a header or word that are compared; both regexes stay quick
# Marks that nobody sees: of the order of bytes or of writing, and joints of no width.
UNSEEN = "\\x{200b}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2060}\\x{2066}-\\x{2069}\\x{feff}"
_UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_IGNORED = re.compile(r"[\s_\-.*:/\\#'\"]+")


def seen(text: str) -> str:
    """The text without marks that nobody sees."""
    return _UNSEEN.sub("", text)


def fold(text: str) -> str:
    """Header or word in the form that synonyms are compared in.

    Full-width forms, case, spaces, punctuation and a bracketed remark do not count:
    "面积（平方米）" is "面积".
    """
    plain = unicodedata.normalize("NFKC", seen(text[:_LONGEST])).strip().lower()
    bare = _BRACKETS.sub("", plain)
    return _IGNORED.sub("", bare or plain)


@dataclass(frozen=True)
class Field:
    """One canonical field of a kind.

    ``zh`` and ``en`` are header synonyms (the first Chinese one names the field in reports);
    ``first`` are groups of them that go before the rest, each before the next: names that can mean
    nothing else. ``weak`` are taken only where no better column is there (``id``, ``x``).
    ``alike``: not even the canonical name goes before another (positions may be in two frames).
    ``low``/``high`` bound a number inclusively, ``open_low`` excludes the lower bound itself.
    ``words`` maps each stored word to the names it goes by; ``fallback`` is stored, and flagged,
    for a name that is not listed; ``default`` is stored where the file has no column for the field
    at all.
    """

    name: str
    type: Type = Type.TEXT
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    first: tuple[tuple[str, ...], ...] = ()
    weak: tuple[str, ...] = ()
    alike: bool = False
    required: bool = False
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    words: Mapping[str, tuple[str, ...]] | None = None
    fallback: str | None = None
    default: str | None = None
    remark: str = ""

    @property
    def label_zh(self) -> str:
        """The field's name for a Chinese reader."""
        return self.zh[0] if self.zh else self.name

    @property
    def label_en(self) -> str:
        """The field's name for an English reader: its words, and the unit where it has one."""
        words = re.sub(r"_(m2|m|deg|share)$", "", self.name).replace("_", " ").capitalize()
        return f"{words} ({self.unit})" if self.unit else words

    @cached_property
    def tiers(self) -> tuple[frozenset[str], ...]:
        """Folded headers, the best first: the canonical name, the groups of synonyms, the weak."""
        own = frozenset({fold(self.name)})
        strong = frozenset(fold(name) for name in (*self.zh, *self.en))
        groups = [frozenset(map(fold, group)) for group in self.first]
        rest = strong.difference(*groups)
        weak = frozenset(fold(name) for name in self.weak)
        return (own | rest, weak) if self.alike else (own, *groups, rest, weak)

    @cached_property
    def lookup(self) -> Mapping[str, str]:
        """Folded name → stored word."""
        found: dict[str, str] = {}
        for word, names in (self.words or {}).items():
            itself = () if self.type is Type.DIRECTION else (word,)  # degrees are read as numbers
            for name in (*itself, *names):
                found[fold(name)] = word
        return found
