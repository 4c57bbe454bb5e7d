"""How big each demo is, its dates, and the random streams that make it repeatable."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

Size = Literal["small", "district", "city"]

START = date(2023, 10, 1)  # 12 quarters: 2023Q4 to 2026Q3
AS_OF = date(2026, 9, 30)
MONTHS = 36
QUARTERS = 12
PERSONS_PER_HOUSEHOLD = 2.41  # Kunming, census of 2020
HOUSEHOLDS_PER_GRID = 400  # middle of GRD-2's 300-500


@dataclass(frozen=True)
class Scale:
    """Targets of one size. ``box`` is west, south, east, north in metres (EPSG:4543).

    ``pitch_m`` is the side of a built-up block, ``coarse_m`` that of the farthest rural one;
    ``urban_km2`` the ground of the built-up part round ``centre``, ``rural_share`` the part of the
    households outside it, ``core_m`` the half-widths (x, y) of the fine part of the lattice.
    """

    top: str
    box: tuple[float, float, float, float]
    centre: tuple[float, float]
    core_m: tuple[float, float]
    pitch_m: float
    coarse_m: float
    urban_km2: float
    rural_share: float
    households: int
    compounds: int
    buildings: int
    incidents: int
    dwellings: int
    cameras: int
    faults: Mapping[str, int]


GRID_FAULTS = ("gap", "overlap", "sliver", "outside_community")
_FEW = {"gap": 1, "overlap": 1, "sliver": 1, "outside_community": 1, "no_worker": 1,
        "households_low": 1, "households_high": 1, "households_unknown": 1}  # fmt: skip
_SOME = {"gap": 5, "overlap": 5, "sliver": 4, "outside_community": 3, "no_worker": 12,
         "households_low": 18, "households_high": 24, "households_unknown": 2}  # fmt: skip
_MANY = {"gap": 20, "overlap": 20, "sliver": 16, "outside_community": 8, "no_worker": 80,
         "households_low": 120, "households_high": 160, "households_unknown": 10}  # fmt: skip

SIZES: Mapping[Size, Scale] = {
    "small": Scale(
        "530102", (569600.0, 2770700.0, 571700.0, 2772700.0), (570638.0, 2771776.0),
        (4000.0, 4000.0), 165.0, 165.0, 9.0, 0.0, 14_400, 60, 600, 2_400, 1_800, 360, _FEW,
    ),
    "district": Scale(
        "530102", (556300.0, 2769550.0, 575400.0, 2812750.0), (570638.0, 2771776.0),
        (20000.0, 9000.0), 150.0, 600.0, 45.0, 0.07, 474_000, 2_000, 20_000, 72_000, 60_000, 12_000,
        _SOME,
    ),
    "city": Scale(
        "530100", (517000.0, 2699000.0, 668000.0, 2938000.0), (572500.0, 2768500.0),
        (11000.0, 11000.0), 160.0, 2000.0, 300.0, 0.45, 3_510_000, 20_000, 300_000, 1_000_000,
        500_000, 100_000, _MANY,
    ),
}  # fmt: skip


def stream(seed: int, name: str) -> "np.random.Generator":
    """The random numbers of one part; parts do not disturb each other's."""
    import numpy as np  # noqa: PLC0415 - the command asks for the sizes alone

    return np.random.default_rng([seed, zlib.crc32(name.encode())])
