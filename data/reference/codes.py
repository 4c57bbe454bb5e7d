"""The official division codes and names of Kunming (``kunming_codes.md`` names the source)."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from gis.areas.levels import Level

_LEVELS = {6: Level.DISTRICT, 9: Level.STREET, 12: Level.COMMUNITY}


@dataclass(frozen=True)
class Division:
    """One division; ``parent_code`` is the code one level up, the city's for a district."""

    code: str
    name: str
    level: Level

    @property
    def parent_code(self) -> str:
        """Code of the division one level up."""
        return f"{self.code[:4]}00" if self.level is Level.DISTRICT else self.code[:-3]


@cache
def kunming() -> tuple[Division, ...]:
    """All divisions of Kunming below the city itself, sorted by code."""
    text = resources.files(__package__).joinpath("kunming_codes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(Division(row["code"], row["name"], _LEVELS[len(row["code"])]) for row in rows)


def communities(prefix: str) -> tuple[Division, ...]:
    """The communities whose code begins with ``prefix`` (``5301``, ``530102``, ``530102001``)."""
    return tuple(
        division
        for division in kunming()
        if division.level is Level.COMMUNITY and division.code.startswith(prefix)
    )


def names() -> dict[str, str]:
    """Name by code, for every division of Kunming and the city."""
    return {"530100": "昆明市"} | {division.code: division.name for division in kunming()}
