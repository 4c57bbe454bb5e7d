"""Distances on foot along street lines, between places beside them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from gis.arrays import Floats, Shapes
from gis.progress import Say, unheard

Metres = Floats


@dataclass(frozen=True)
class Network:
    """Streets as a graph: ``xy`` (n, 2) m, the corners; ``lengths`` (n, n) m, sparse, one way."""

    xy: Metres
    lengths: csr_array

    @cached_property
    def tree(self) -> KDTree:
        """Finds the nearest corner."""
        return KDTree(self.xy)

    @cached_property
    def both_ways(self) -> csr_array:
        """(n, n) m: streets are walked in both directions."""
        return csr_array(self.lengths + self.lengths.T)


def network(lines: Shapes, *, grid_m: float = 0.1, say: Say = unheard) -> Network | None:
    """The graph of ``lines`` ((n,) lines in a metric CRS); None without any.

    Corners closer than ``grid_m`` are one: lines of one street map meet at equal corners.
    """
    parts = shapely.get_parts(lines)
    xy, of = shapely.get_coordinates(parts, return_index=True)
    if len(xy) == 0:
        return None
    say(0.1, f"{len(xy):,} 个街道点", f"{len(xy):,} points of streets")
    cell = np.round(xy / grid_m).astype(np.int64)
    west, south = cell.min(axis=0)
    _, first, at = np.unique(  # one number for both: rows take ten times as long
        (cell[:, 0] - west << 32) + cell[:, 1] - south, return_index=True, return_inverse=True
    )
    say(0.5, f"{len(first):,} 个路口和街道点", f"{len(first):,} corners of streets")
    along = (of[1:] == of[:-1]) & (at[1:] != at[:-1])
    begin, end = at[:-1][along], at[1:][along]
    corners = cell[first].astype(np.float64) * grid_m
    size = len(corners)
    pair = np.sort(np.minimum(begin, end) * size + np.maximum(begin, end))
    pair = pair[np.diff(pair, prepend=-1) > 0]  # np.unique hashes, which takes ten times as long
    say(0.9, f"{len(pair):,} 段街道", f"{len(pair):,} pieces of streets")
    begin, end = pair // size, pair % size
    length_m = np.linalg.norm(corners[begin] - corners[end], axis=1)
    return Network(corners, csr_array((length_m, (begin, end)), shape=(size, size)))


def between(places: Metres, streets: Network | None, *, reach_m: float) -> tuple[Metres, bool]:
    """Distances between ``places`` ((n, 2) m): (n, n) m, and whether all follow streets.

    From each place straight to its nearest corner, then along the streets. Where a place has no
    corner within ``reach_m`` or no way leads, the straight line counts.
    """
    straight = np.linalg.norm(places[:, None] - places[None], axis=2)
    if streets is None:
        return straight, False
    off_m, corner = streets.tree.query(places)
    along = dijkstra(streets.lengths, directed=False, indices=corner)[:, corner]
    total = off_m[:, None] + along + off_m[None]
    beside = off_m <= reach_m
    usable = np.isfinite(total) & beside[:, None] & beside[None]
    found = np.where(usable, np.maximum(total, straight), straight)
    np.fill_diagonal(found, 0)
    return found, bool(usable[~np.eye(len(places), dtype=bool)].all())
