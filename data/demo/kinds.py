"""What a compound of each kind is like: invented but plausible figures, one row per kind."""

from dataclasses import dataclass

import numpy as np

from gis.arrays import Floats, Ints
from gis.compounds.model import CompoundKind


@dataclass(frozen=True)
class KindTraits:
    """Traits of one kind of compound.

    ``mix`` is the share among compounds in the old centre, the middle, the edge of town and the
    country; ``storeys`` lowest and highest; ``dwellings`` wanted in one building; ``gross_m2``
    per dwelling; ``rate`` true rated incidents per 1,000 household-years; ``shape`` of the Gamma
    distribution (mean 1) of the true relative risk; ``let_share`` of its dwellings let.
    """

    mix: tuple[float, float, float, float]
    storeys: tuple[int, int]
    dwellings: float
    gross_m2: float
    footprint_m: tuple[float, float]
    built: tuple[int, int]
    gated: float
    managed: float
    rate: float
    shape: float
    let_share: float


TRAITS: dict[CompoundKind, KindTraits] = {
    CompoundKind.COMMODITY: KindTraits(
        (0.22, 0.40, 0.34, 0.05),
        (9, 33), 70, 112, (32, 17), (1999, 2023), 0.95, 0.97, 4.0, 3.0, 0.11
    ),
    CompoundKind.OLD: KindTraits(
        (0.46, 0.22, 0.07, 0.02),
        (5, 7), 36, 74, (52, 12), (1978, 1999), 0.45, 0.35, 7.5, 3.0, 0.15
    ),
    CompoundKind.URBAN_VILLAGE: KindTraits(
        (0.04, 0.12, 0.26, 0.68),
        (3, 8), 9, 60, (12, 10), (1988, 2012), 0.08, 0.05, 11.0, 2.5, 0.30
    ),
    CompoundKind.RESETTLEMENT: KindTraits(
        (0.03, 0.07, 0.18, 0.22),
        (6, 18), 48, 98, (46, 13), (2004, 2021), 0.75, 0.70, 6.0, 3.0, 0.13
    ),
    CompoundKind.UNIT_HOUSING: KindTraits(
        (0.22, 0.12, 0.05, 0.01),
        (5, 7), 38, 80, (54, 12), (1972, 1998), 0.60, 0.45, 5.0, 3.0, 0.09
    ),
    CompoundKind.AFFORDABLE: KindTraits(
        (0.03, 0.07, 0.10, 0.02),
        (11, 27), 84, 64, (38, 15), (2009, 2022), 0.85, 0.90, 6.5, 3.0, 0.08
    ),
}  # fmt: skip
KINDS: tuple[CompoundKind, ...] = tuple(TRAITS)
RINGS = (0.35, 0.75, 1.05)  # where the middle, the edge of town and the country begin


def column(name: str) -> Floats:
    """(6,) one trait of every kind, in the order of ``KINDS``."""
    return np.array([getattr(TRAITS[kind], name) for kind in KINDS], dtype=float)


def pick(ring: Floats, rng: np.random.Generator) -> Ints:
    """(n,) kind number of each compound, from where it lies."""
    mix = np.array([TRAITS[kind].mix for kind in KINDS]).T
    running = np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)
    zone = np.digitize(ring, RINGS)
    found = np.minimum((rng.random(len(ring))[:, None] > running[zone]).sum(axis=1), len(KINDS) - 1)
    return np.asarray(found)
