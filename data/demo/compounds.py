"""The compounds' records: kind, names, households, dwellings, residents, entrances."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo import kinds, names
from data.demo.divisions import Divisions
from data.demo.lattice import Lattice
from data.demo.lots import Lots
from data.demo.sizes import AS_OF, PERSONS_PER_HOUSEHOLD
from gis.arrays import Flags, Floats, Ints, Words

IN_COMPOUNDS = 0.97  # of the households of a grid; the others live along the streets
SMALL_SHARE = 0.015  # compounds of one building and fewer than 50 households
STALE_SHARE = 0.03  # household figures older than a year
COUNTED_ON = date(2026, 6, 30)


@dataclass(frozen=True)
class Compounds:
    """c compounds in the order of their codes; all arrays (c,).

    ``kind`` indexes ``kinds.KINDS``; ``theta`` is the true relative risk among compounds of the
    kind, ``hot`` marks planted hot ones; ``small`` those too small to be rated alone.
    """

    code: Words
    name: list[str]
    kind: Ints
    households: Ints
    dwellings: Ints
    residents: Ints
    built_year: Ints
    gated: Flags
    managed: Flags
    counted_on: list[date]
    small: Flags
    theta: Floats
    hot: Flags
    entrances: NDArray[np.object_]
    road: list[str]

    def __len__(self) -> int:
        return len(self.code)

    @property
    def rate(self) -> Floats:
        """True rated incidents per household-year."""
        return np.asarray(kinds.column("rate")[self.kind] / 1000 * self.theta)


def describe(
    lattice: Lattice,
    divisions: Divisions,
    lots: Lots,
    grid_households: Ints,
    rng: np.random.Generator,
) -> Compounds:
    """Draw every record; households of a grid's compounds sum to 97 % of the grid's."""
    count = len(lots.grid)
    home = _first_lot(lots)
    kind = kinds.pick(divisions.ring[lots.block[home]], rng)
    households, small = _households(lots, grid_households, rng)
    gated = rng.random(count) < kinds.column("gated")[kind]
    managed = rng.random(count) < kinds.column("managed")[kind]
    built = np.array([kinds.TRAITS[k].built for k in kinds.KINDS])[kind]
    theta, hot = _true_risk(kind, households, rng)
    old = rng.permutation(count) < max(round(STALE_SHARE * count), 1)
    ages = np.where(old, rng.integers(400, 900, count), 0)
    return Compounds(
        code=_codes(divisions, lots),
        name=names.compounds(kind, rng),
        kind=kind,
        households=households,
        dwellings=np.ceil(households * rng.uniform(1.02, 1.12, count)).astype(np.int64),
        residents=np.rint(households * PERSONS_PER_HOUSEHOLD * rng.normal(1, 0.05, count)).astype(
            np.int64
        ),
        built_year=rng.integers(built[:, 0], built[:, 1] + 1),
        gated=gated,
        managed=managed,
        counted_on=[COUNTED_ON - timedelta(days=int(age)) for age in ages],
        small=small,
        theta=theta,
        hot=hot,
        entrances=_entrances(lots, rng),
        road=[names.road(int(row), along_x=True) for row in lattice.row[lots.block[home]]],
    )


def _first_lot(lots: Lots) -> Ints:
    """(c,) number of the first lot of every compound."""
    number, first = np.unique(lots.compound, return_index=True)
    return np.asarray(first[number >= 0])


def _codes(divisions: Divisions, lots: Lots) -> Words:
    """``XQ``, the community's code and a number in the order of the grids."""
    first = np.searchsorted(lots.community, lots.community, side="left")
    sequence = np.arange(len(first)) - first + 1
    numbers = np.char.zfill(sequence.astype(str), 3)
    return np.char.add(np.char.add("XQ", divisions.codes[lots.community]), numbers)


def _households(lots: Lots, grid_households: Ints, rng: np.random.Generator) -> tuple[Ints, Flags]:
    """(c,) households, and which compounds are planted small ones."""
    number = lots.compound[lots.compound >= 0]
    grid = lots.lot_grid[lots.compound >= 0]
    piece = rng.gamma(5.0, size=len(number))
    partners = np.bincount(grid)[grid]
    single = np.bincount(number)[number] == 1
    first = np.r_[True, grid[1:] != grid[:-1]]  # at most one in a grid
    fits = rng.permutation(np.flatnonzero(single & (partners > 1) & first))
    tiny = np.isin(np.arange(len(number)), fits[: max(round(SMALL_SHARE * len(lots.grid)), 1)])
    piece = np.where(tiny, piece * 0.02, piece)
    total = np.bincount(grid, weights=piece)[grid]
    share = np.maximum(np.rint(grid_households[grid] * IN_COMPOUNDS * piece / total), 8)
    share = np.where(tiny, np.minimum(share + rng.integers(8, 22, len(share)), 45), share)
    households = np.bincount(number, weights=share).astype(np.int64)
    return households, np.bincount(number, weights=tiny) > 0


def _true_risk(kind: Ints, households: Ints, rng: np.random.Generator) -> tuple[Floats, Flags]:
    """(c,) Gamma-distributed relative risk of mean 1; 1.5 % of the larger ones are made hot."""
    shape = kinds.column("shape")[kind]
    theta = rng.gamma(shape, 1 / shape)
    large = np.flatnonzero(households >= 150)
    wanted = max(round(0.015 * len(kind)), 2)
    chosen = rng.choice(large, size=min(wanted, len(large)), replace=False)
    hot = np.zeros(len(kind), dtype=bool)
    hot[chosen] = True
    return np.where(hot, rng.uniform(3.0, 5.0, len(kind)), theta), hot


def _entrances(lots: Lots, rng: np.random.Generator) -> NDArray[np.object_]:
    """(c,) MultiPoint, EPSG:4543: the middle of the southern side, of others on larger ones."""
    polygon = lots.polygon
    lines = shapely.get_exterior_ring(polygon)
    length = shapely.length(lines)
    places = rng.uniform(0.04, 0.08, len(polygon))
    more = np.where(length > 450, 3, np.where(length > 260, 2, 1))
    points = [shapely.line_interpolate_point(lines, (places + k / 3) * length) for k in range(3)]
    found = [shapely.multipoints([p[i] for p in points[: more[i]]]) for i in range(len(polygon))]
    return np.array(found, dtype=object)


def is_stale(counted_on: date) -> bool:
    """Whether a household figure is older than a year on the demo's day."""
    return (AS_OF - counted_on).days > 366
