"""What a page says besides its features: district, day, language, marks, rules, addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from gis.crs import Box
from gis.policy import Document, Policy
from maps import words

ASSETS_URL, TILES_URL, API_URL = "/assets", "/tiles", "/api/v1"
"""Where the service has a page's files, tiles and details."""


@dataclass(frozen=True)
class Threshold:
    """One value of a rule as a page shows it."""

    zh: str
    en: str
    value_zh: str
    value_en: str


@dataclass(frozen=True)
class RuleText:
    """One rule: id, words, the thresholds a reader needs, and the document it stands in."""

    rule: str
    zh: str
    en: str
    thresholds: tuple[Threshold, ...]
    source_zh: str
    source_en: str


@dataclass(frozen=True)
class Basemap:
    """A base map on the own network: a local PMTiles archive or a raster tile URL."""

    pmtiles: Path | None = None
    url: str | None = None
    attribution: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port of the tile URL, as a Content-Security-Policy names it."""
        if not self.url or "://" not in self.url:
            return ""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.partition('/')[0].replace('{s}', '*')}"


@dataclass(frozen=True)
class MapContext:
    """Everything a page shows or needs that is not a feature.

    ``mode`` ``file``: all assets, tiles and attributes are inside the page, and the page's own
    policy forbids every request. ``server``: assets, tiles and details come from the service, and
    ``nonce`` is the one of the response's Content-Security-Policy header.
    ``buildings_tiled``: there are so many buildings that they come as tiles.
    ``query`` is appended to tile and detail addresses (``period=2026Q3``). ``bounds`` (west, south,
    east, north in degrees) is shown where nothing is drawn: the district's place, else China's.
    """

    district_zh: str
    district_en: str
    as_of: date
    period: str | None = None
    language: Literal["zh", "en"] = "zh"
    demo: bool = False
    internal: bool = False
    mode: Literal["file", "server"] = "file"
    nonce: str | None = None
    policy_version: str = ""
    rules: Mapping[str, RuleText] = field(default_factory=dict)
    basemap: Basemap | None = None
    buildings_tiled: bool = False
    query: str = ""
    bounds: Box = (73.0, 18.0, 135.0, 54.0)


def rule_texts(policy: Policy) -> dict[str, RuleText]:
    """The rules of ``policy`` as pages show them, by rule id; only thresholds with words."""
    found: dict[str, RuleText] = {}
    for rule in dict.fromkeys(rule for rule, _ in policy.terms):
        zh, en = words.RULES.get(rule, (rule, rule))
        thresholds = tuple(
            Threshold(*words.TERMS[rule, term.name], *_value(term.value, term.unit))
            for (of, _), term in policy.terms.items()
            if of == rule and (rule, term.name) in words.TERMS
        )
        found[rule] = RuleText(rule, zh, en, thresholds, *_source(policy, rule))
    return found


def _value(value: Any, unit: str) -> tuple[str, str]:
    if unit in {"probability", "share"} or unit.startswith("share of"):
        return f"{100 * value:g} %", f"{100 * value:g} %"
    zh, en = words.UNITS.get(unit, ("", ""))
    return f"{value:g} {zh}".strip(), f"{value:g} {en}".strip()


def _source(policy: Policy, rule: str) -> tuple[str, str]:
    """The places a rule stands at in both languages, each document letter with its title."""
    places = policy.source(rule).split(";")
    zh, en = zip(*(_titled(policy.documents, place.strip()) for place in places), strict=True)
    return "；".join(zh), "; ".join(en)


def _titled(documents: Mapping[str, Document], place: str) -> tuple[str, str]:
    """``S0 四(二)27`` with the title; a remark in the words of `maps.words`."""
    if place in words.REMARKS:
        return words.REMARKS[place]
    letter, _, rest = place.partition(" ")
    if letter not in documents:
        return place, place
    title = documents[letter]
    zh, en = words.REMARKS.get(rest, (rest, rest))
    return f"{title.zh} {zh}".strip(), f"{title.en} {en}".strip()
