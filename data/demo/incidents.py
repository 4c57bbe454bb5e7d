"""Twelve quarters of incidents: true risk per compound, seasons, hours, repeat places, streets."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo import streets
from data.demo.buildings import Buildings
from data.demo.compounds import Compounds
from data.demo.sizes import MONTHS, START, Scale
from gis.arrays import Flags, Floats, Ints, Words

YEARS = MONTHS / 12
GROWTH_PER_MONTH = 0.001  # households grew a little over the three years
TELECOM_PER_HOUSEHOLD_YEAR = 0.010  # reported fraud by telephone: the place does not cause it
REPEAT_SHARE = 0.12  # of a compound's incidents, at its one worst place
HOT_SPOT_SHARE = 0.25  # of street incidents, at a few places
TELECOM = "telecom_fraud"


@dataclass(frozen=True)
class Sort:
    """One category: its share in compounds and on streets (parts), when it happens, how grave.

    ``season`` 0 flat, 1 winter, 2 summer; ``night`` share at night; ``severe`` share.
    """

    home: float
    street: float
    season: int
    night: float
    severe: float = 0.0
    preventable: bool = False


SORTS: dict[str, Sort] = {
    "burglary": Sort(9, 0.5, 1, 0.55, preventable=True),
    "vehicle_theft": Sort(14, 7, 0, 0.65, preventable=True),
    "theft": Sort(10, 12, 1, 0.35, preventable=True),
    "robbery": Sort(0.35, 0.5, 1, 0.75, 0.6),
    "homicide": Sort(0.03, 0.02, 0, 0.6, 1.0),
    "assault": Sort(6, 5, 2, 0.6, 0.01),
    "vice": Sort(0.7, 0.4, 0, 0.75, 0.25),
    "drugs": Sort(0.5, 0.2, 0, 0.7, 0.25),
    "fraud": Sort(5, 3, 0, 0.15),
    "damage": Sort(4, 2, 0, 0.6),
    "public_order": Sort(4, 6, 2, 0.55),
    "noise": Sort(18, 8, 2, 0.8),
    "dispute": Sort(20, 9, 0, 0.3),
    "fire": Sort(3, 1, 1, 0.4, 0.02),
    "traffic": Sort(1, 34, 0, 0.3),
    "hazard": Sort(3, 7, 2, 0.2),
    "other": Sort(1.4, 4, 0, 0.3),
    TELECOM: Sort(0, 0, 0, 0.1),
}
WORDS = np.array(list(SORTS))
_SOURCES = np.array(["110", "12345", "网格上报"])


@dataclass(frozen=True)
class Incidents:
    """n incidents in order of time; ``place`` (n, 2) metres; ``compound`` -1 on the streets."""

    occurred_at: NDArray[np.datetime64]
    precision: Words
    category: Words
    severe: Flags
    preventable: Flags
    source: Words
    place: Floats
    compound: Ints

    def __len__(self) -> int:
        return len(self.category)


def happen(
    compounds: Compounds,
    buildings: Buildings,
    edges: streets.Edges,
    scale: Scale,
    rng: np.random.Generator,
) -> Incidents:
    """Draw all incidents; those not in compounds fill up to the size's total on the streets."""
    rated = rng.poisson(compounds.households * compounds.rate * YEARS)
    telecom = rng.poisson(compounds.households * TELECOM_PER_HOUSEHOLD_YEAR * YEARS)
    numbers = np.arange(len(compounds))
    compound = np.concatenate([np.repeat(numbers, rated), np.repeat(numbers, telecom)])
    outside = max(scale.incidents - len(compound), 0)
    category = np.concatenate(
        [
            _pick([sort.home for sort in SORTS.values()], int(rated.sum()), rng),
            np.full(int(telecom.sum()), len(WORDS) - 1),
            _pick([sort.street for sort in SORTS.values()], outside, rng),
        ]
    )
    place = np.concatenate(
        [_in_compounds(compound, buildings, rng), _on_streets(edges, outside, rng)]
    )
    where = np.concatenate([compound, np.full(outside, -1)])
    return _dated(category, np.round(place, 2), where, rng)


def _pick(parts: list[float], count: int, rng: np.random.Generator) -> Ints:
    """(count,) numbers drawn in proportion to ``parts``."""
    running = np.cumsum(parts)
    drawn = rng.random(count) * running[-1]
    return np.asarray(np.searchsorted(running, drawn, side="right"))


def _in_compounds(compound: Ints, buildings: Buildings, rng: np.random.Generator) -> Floats:
    """(n, 2) metres: at buildings of the compound, the first more often, its middle repeatedly."""
    order = np.argsort(buildings.compound, kind="stable")
    owner = buildings.compound[order]
    first = np.searchsorted(owner, compound, side="left")
    count = np.searchsorted(owner, compound, side="right") - first
    repeat = rng.random(len(compound)) < REPEAT_SHARE
    rank = np.where(repeat, 0, np.floor(rng.random(len(compound)) ** 1.5 * count)).astype(np.int64)
    shift = rng.uniform(-0.95, 0.95, (2, len(compound))) * ~repeat
    return buildings.point(order[first + rank], shift[0], shift[1])


def _on_streets(edges: streets.Edges, count: int, rng: np.random.Generator) -> Floats:
    """(count, 2) metres: along the streets, a quarter of them at a few hot places."""
    spots = streets.places(edges, rng.integers(len(edges.ends), size=max(count // 250, 5)), rng)
    popular = _pick((1 / np.arange(1, len(spots) + 1)).tolist(), count, rng)
    anywhere = streets.places(edges, rng.integers(len(edges.ends), size=count), rng)
    hot = rng.random(count) < HOT_SPOT_SHARE
    return np.where(hot[:, None], spots[popular], anywhere)


def _dated(category: Ints, place: Floats, compound: Ints, rng: np.random.Generator) -> Incidents:
    """Times by season and hour, in order; what is known only to the day or month begins it."""
    occurred = _times(category, rng)
    order = np.argsort(occurred, kind="stable")
    occurred, category = occurred[order], category[order]
    draw = rng.random(len(order))
    precision = np.select([draw < 0.005, draw < 0.025], ["month", "day"], "minute")
    occurred = np.where(precision == "month", occurred.astype("M8[M]").astype("M8[s]"), occurred)
    occurred = np.where(precision == "day", occurred.astype("M8[D]").astype("M8[s]"), occurred)
    severe = np.array([sort.severe for sort in SORTS.values()])[category]
    preventable = np.array([sort.preventable for sort in SORTS.values()])[category]
    source = _SOURCES[_pick([0.8, 0.13, 0.07], len(order), rng)]
    return Incidents(
        occurred, precision, WORDS[category], rng.random(len(order)) < severe, preventable, source,
        place[order], compound[order],
    )  # fmt: skip


def _times(category: Ints, rng: np.random.Generator) -> NDArray[np.datetime64]:
    """(n,) local times to the minute, in one of three seasons and with a share at night."""
    seasons = np.array([sort.season for sort in SORTS.values()])[category]
    month = np.zeros(len(category), dtype=np.int64)
    for season in range(3):
        chosen = seasons == season
        month[chosen] = _pick(_season(season), int(chosen.sum()), rng)
    begin = np.datetime64(START.strftime("%Y-%m"), "M") + month
    days = (begin + 1).astype("M8[D]") - begin.astype("M8[D]")
    day = np.floor(rng.random(len(month)) * days.astype(int)).astype(np.int64)
    night = rng.random(len(month)) < np.array([s.night for s in SORTS.values()])[category]
    minute = np.where(
        night, (20 * 60 + rng.integers(0, 600, len(month))) % 1440,
        rng.integers(360, 1200, len(month)),
    )  # fmt: skip
    midnight = (begin.astype("M8[D]") + day).astype("M8[s]")
    return np.asarray(midnight + minute * np.timedelta64(60, "s"))


def _season(season: int) -> list[float]:
    """Weight of every month from START on: days, households, and a wave with its peak."""
    numbers = np.arange(MONTHS)
    of_year = (START.month - 1 + numbers) % 12
    peak = {0: 0, 1: 0, 2: 6}[season]
    depth = {0: 0.05, 1: 0.28, 2: 0.30}[season]
    wave = 1 + depth * np.cos((of_year - peak) / 12 * 2 * np.pi)
    days = np.diff(
        np.arange(np.datetime64(START, "M"), np.datetime64(START, "M") + MONTHS + 1).astype("M8[D]")
    )
    return list(wave * days.astype(int) * (1 + GROWTH_PER_MONTH * numbers))


def frame(incidents: Incidents) -> pd.DataFrame:
    """Rows as a file states them, with ``x``, ``y`` in metres and without the true compound."""
    return pd.DataFrame(
        {
            "key": [f"AJ{number:08d}" for number in range(1, len(incidents) + 1)],
            "occurred_at": incidents.occurred_at,
            "occurred_precision": incidents.precision,
            "category": incidents.category,
            "severe": incidents.severe,
            "preventable": incidents.preventable,
            "source": incidents.source,
            "x": incidents.place[:, 0],
            "y": incidents.place[:, 1],
        }
    )
