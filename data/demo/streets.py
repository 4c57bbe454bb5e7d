"""Street lines along the edges of the blocks, and places on them for what happens outdoors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from data.demo import names
from data.demo.divisions import Divisions
from data.demo.lattice import Lattice
from data.demo.lots import Lots
from gis.arrays import Floats, Ints

EAST, NORTH = 1, 2
ARTERIAL_EVERY = 6
_ENDS = {EAST: (1, 2), NORTH: (3, 2)}  # corner pairs, from south to north and from west to east
_MIDDLE_SHARE = 0.8  # places keep this part of an edge, away from the crossings
_VERGE_M = (1.5, 5.0)  # a place lies beside the middle of the street, clear of any boundary


@dataclass(frozen=True)
class Edges:
    """e street edges between two blocks in built-up ground: ends (e, 2, 2) metres, community."""

    ends: Floats
    community: Ints


def edges(lattice: Lattice, divisions: Divisions, lots: Lots) -> Edges:
    """Edges with a block on both sides, one of which is built upon; swallowed streets left out."""
    built = np.zeros(len(lattice.row), dtype=bool)
    built[lots.block] = True
    swallowed = np.zeros(len(lattice.row), dtype=bool)
    swallowed[lots.crossed] = True
    found = []
    for side, (a, b) in _ENDS.items():
        other = lattice.near[:, side]
        keep = (other >= 0) & (built | built[other])
        if side == EAST:
            keep &= ~swallowed
        found.append((lattice.corners[keep][:, [a, b]], divisions.of_block[keep]))
    return Edges(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def places(on: Edges, edge: Ints, rng: np.random.Generator) -> Floats:
    """(n, 2) metres: one place on each edge, a few metres off its middle line."""
    start, end = on.ends[edge, 0], on.ends[edge, 1]
    along = (1 - _MIDDLE_SHARE) / 2 + _MIDDLE_SHARE * rng.random(len(edge))
    step = end - start
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) / np.hypot(*step.T)[:, None]
    off = rng.uniform(*_VERGE_M, len(edge)) * rng.choice([-1.0, 1.0], len(edge))
    return np.asarray(start + step * along[:, None] + normal * off[:, None])


def frame(lattice: Lattice, lots: Lots) -> pd.DataFrame:
    """Lines from crossing to crossing joined along each lattice line, ``geometry`` in EPSG:4543."""
    rows = [*_lines(lattice, lots, along_x=True), *_lines(lattice, lots, along_x=False)]
    table = pd.DataFrame(rows, columns=["name", "kind", "walkable", "geometry"])
    table.insert(0, "key", [f"DL{number + 1:06d}" for number in range(len(table))])
    return table


def _lines(
    lattice: Lattice, lots: Lots, *, along_x: bool
) -> list[tuple[str, str, str, shapely.LineString]]:
    """The runs of kept edges on every row (or column) line of the lattice."""
    kept = _kept(lattice, lots, along_x=along_x)
    nodes = lattice.nodes if along_x else lattice.nodes.swapaxes(0, 1)
    found = []
    for line in range(kept.shape[0]):
        edge = np.r_[0, kept[line].astype(int), 0]
        starts, ends = np.flatnonzero(np.diff(edge) == 1), np.flatnonzero(np.diff(edge) == -1)
        arterial = line % ARTERIAL_EVERY == 0
        kind = "primary" if line % (2 * ARTERIAL_EVERY) == 0 else "secondary"
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
            course = shapely.LineString(nodes[line, first : last + 1])
            name = names.road(line, along_x=along_x)
            found.append((name, kind if arterial else "residential", "是", course))
    return found


def _kept(
    lattice: Lattice, lots: Lots, *, along_x: bool
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which edges of the lattice lines are streets: (lines, edges along them)."""
    there = np.pad(lattice.block_at >= 0, 1)
    built = np.zeros(len(lattice.row) + 1, dtype=bool)
    built[lots.block] = True
    town = np.pad(built[lattice.block_at], 1)
    gone = np.zeros(len(lattice.row) + 1, dtype=bool)
    gone[lots.crossed] = True
    swallowed = np.pad(gone[lattice.block_at], 1)
    if along_x:
        both, near = there[:-1, 1:-1] | there[1:, 1:-1], town[:-1, 1:-1] | town[1:, 1:-1]
        hidden = np.zeros_like(both)
    else:
        both, near = (there[1:-1, :-1] | there[1:-1, 1:]).T, (town[1:-1, :-1] | town[1:-1, 1:]).T
        hidden = swallowed[1:-1, :-1].T
    country = (np.arange(both.shape[0]) % ARTERIAL_EVERY == 0)[:, None] & both
    return np.asarray((near | country) & ~hidden)
