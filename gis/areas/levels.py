"""Levels of the division hierarchy and what results speak of; no tables, quick to import."""

from enum import StrEnum


class Level(StrEnum):
    """Levels of the division hierarchy, from wide to narrow."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"


class SubjectKind(StrEnum):
    """What a household count or a result speaks of."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    COMPOUND = "compound"
