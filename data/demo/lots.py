"""Lots inside the blocks: where compounds stand, set back from the streets so that none overlap."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.divisions import Divisions
from data.demo.lattice import Lattice
from gis.arrays import Floats, Ints, Shapes

HALF_STREET_M = 9.0
HALF_LANE_M = 3.0
LOT_MAX_M = 170.0  # in the wide blocks of the country a village stays small
MAX_PER_BLOCK = 4
JOINED_SHARE = 0.04  # compounds that reach over a former street into the next block


@dataclass(frozen=True)
class Lots:
    """m lots: block, compound (-1: no housing), corners (m, 4, 2) metres, and c compounds.

    ``lot_grid`` (m,) is the
    grid whose block the lot lies in; ``polygon`` (c,) EPSG:4543; ``grid`` and ``community`` (c,) of
    the compound's first block. ``crossed`` are the blocks whose eastern street a compound has
    swallowed.
    """

    block: Ints
    lot_grid: Ints
    compound: Ints
    corners: Floats
    polygon: Shapes
    grid: Ints
    community: Ints
    crossed: Ints


def at(corners: Floats, u: Floats, v: Floats) -> Floats:
    """(n, 2) points at fractions ``u`` (west to east) and ``v`` (south to north) of (n, 4, 2)."""
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=-1)
    return np.asarray(np.einsum("nk,nkd->nd", weights, corners))


def sides_m(corners: Floats) -> tuple[Floats, Floats]:
    """(n,) shorter of the two lengths west to east, and of the two south to north."""
    length = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    return np.minimum(length[:, 0], length[:, 2]), np.minimum(length[:, 1], length[:, 3])


def lay_out(
    lattice: Lattice, divisions: Divisions, compounds: int, rng: np.random.Generator
) -> Lots:
    """Place ``compounds`` compounds, one to four in each grid."""
    grid = _grid_of_each(len(divisions.grid_codes), compounds, rng)
    ranked, count = _ranked_blocks(lattice, divisions, rng)
    first = np.searchsorted(grid, grid, side="left")
    total = np.bincount(grid, minlength=len(count))
    rank = np.arange(len(grid)) - first
    used = np.minimum(count, total)[grid]
    start = np.cumsum(count) - count
    block = ranked[start[grid] + rank % used]
    slot = rank // used
    slots = -(-(total[grid] - rank % used) // used)
    corners = _corners(lattice.corners[block], slot, slots)
    east = _joined(lattice, divisions, block, slots, rng)
    polygon = np.asarray(shapely.polygons(corners))
    for a, b in east.items():
        polygon[a] = _bridged(lattice, corners, block[a], a, b)
    gone = np.isin(np.arange(len(grid)), list(east.values()))
    number = np.cumsum(~gone) - 1
    for a, b in east.items():
        number[b] = number[a]
    kept, crossed = grid[~gone], block[np.array(list(east), dtype=np.int64)]
    owner = divisions.community_of_grid[kept]
    housing = Lots(block, grid, number, corners, polygon[~gone], kept, owner, crossed)
    return _with_empty(lattice, divisions, housing)


def _grid_of_each(grids: int, compounds: int, rng: np.random.Generator) -> Ints:
    """(c,) grid of every compound, ascending: one each, the rest at random up to four."""
    aim = round(compounds * (1 + JOINED_SHARE / 2))
    extra = min(max(aim - grids, 0), grids * (MAX_PER_BLOCK - 1))
    slots = rng.choice(grids * (MAX_PER_BLOCK - 1), size=extra, replace=False)
    return np.sort(np.concatenate([np.arange(grids), slots // (MAX_PER_BLOCK - 1)]))


def _ranked_blocks(
    lattice: Lattice, divisions: Divisions, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Blocks by grid, nearest to the middle of their community first, and how many a grid has."""
    community = divisions.of_block
    size = np.bincount(community)
    middle = np.stack(
        [np.bincount(community, weights=lattice.centre[:, axis]) / size for axis in (0, 1)], axis=1
    )
    away = np.hypot(*(lattice.centre - middle[community]).T) * rng.uniform(0.7, 1.3, len(community))
    order = np.lexsort((away, divisions.grid_of_block))
    return order, np.bincount(divisions.grid_of_block)


def _corners(block: Floats, slot: Ints, slots: Ints) -> Floats:
    """(n, 4, 2) corners of lot ``slot`` of ``slots`` in each block (n, 4, 2)."""
    width, height = sides_m(block)
    wide = width >= height
    across = np.where(slots == 4, 2, np.where(wide, slots, 1))
    up = np.where(slots == 4, 2, np.where(wide, 1, slots))
    column, row = slot % across, slot // across
    low_u, high_u = _range(width, column, across)
    low_v, high_v = _range(height, row, up)
    spots = ((low_u, low_v), (high_u, low_v), (high_u, high_v), (low_u, high_v))
    return np.asarray(np.round(np.stack([at(block, u, v) for u, v in spots], axis=1), 3))


def _range(length_m: Floats, number: Ints, count: Ints) -> tuple[Floats, Floats]:
    """Fractions of the side at which lot ``number`` of ``count`` begins and ends."""
    span = np.minimum(length_m - 2 * HALF_STREET_M, LOT_MAX_M * count)
    start = (length_m - span) / 2 + span * number / count
    inner = np.where(count > 1, HALF_LANE_M, 0.0)
    return (start + inner) / length_m, (start + span / count - inner) / length_m


def _joined(
    lattice: Lattice, divisions: Divisions, block: Ints, slots: Ints, rng: np.random.Generator
) -> dict[int, int]:
    """Pairs (lot, lot to its east) that become one compound; no lot is in two pairs."""
    alone = np.full(len(lattice.row) + 1, -1)
    alone[block[slots == 1]] = np.flatnonzero(slots == 1)
    width, height = sides_m(lattice.corners[block])
    fits = (slots == 1) & (np.maximum(width, height) < LOT_MAX_M + 2 * HALF_STREET_M)
    neighbour = lattice.near[block, 1]
    other = np.where(neighbour >= 0, alone[neighbour], -1)
    same = divisions.of_block[block] == divisions.of_block[np.maximum(neighbour, 0)]
    fine = np.flatnonzero(fits & (other >= 0) & fits[other] & same)
    wanted = rng.permutation(fine)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for a in wanted.tolist():
        b = int(other[a])
        if len(pairs) < JOINED_SHARE / 2 * len(block) and not {a, b} & taken:
            pairs[a] = b
            taken |= {a, b}
    return pairs


def _bridged(lattice: Lattice, corners: Floats, block: int, a: int, b: int) -> shapely.Polygon:
    """Lots ``a`` and ``b`` with the strip between them, bent where the two blocks meet."""
    _, south_east, north_east, _ = lattice.corners[block]
    length = float(np.hypot(*(north_east - south_east)))
    step = (north_east - south_east) / length * HALF_STREET_M
    ring = [corners[a, 0], south_east + step, corners[b, 1], corners[b, 2], north_east - step]
    return shapely.Polygon(np.round([*ring, corners[a, 3]], 3))


def _with_empty(lattice: Lattice, divisions: Divisions, housing: Lots) -> Lots:
    """The same with one lot without housing in every built-up block that has no compound."""
    used = np.isin(np.arange(len(lattice.row)), housing.block)
    empty = np.flatnonzero(~used & (divisions.ring < 1.2))
    zero = np.zeros(len(empty), dtype=np.int64)
    corners = _corners(lattice.corners[empty], zero, zero + 1)
    return Lots(
        np.concatenate([housing.block, empty]),
        np.concatenate([housing.lot_grid, divisions.grid_of_block[empty]]),
        np.concatenate([housing.compound, zero - 1]),
        np.concatenate([housing.corners, corners]),
        housing.polygon,
        housing.grid,
        housing.community,
        housing.crossed,
    )
