"""Distances on foot along street lines, between places beside them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

Metres = NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """Streets as a graph: ``xy`` (n, 2) m, the corners; ``lengths`` (n, n) m, sparse, both ways."""

    xy: Metres
    lengths: csr_array

    @cached_property
    def tree(self) -> KDTree:
        """Finds the nearest corner."""
        return KDTree(self.xy)


def network(lines: NDArray[np.object_], *, grid_m: float = 0.1) -> Network | None:
    """The graph of ``lines`` ((n,) lines in a metric CRS); None without any.

    Corners closer than ``grid_m`` are one: lines of one street map meet at equal corners.
    """
    parts = shapely.get_parts(lines)
    xy, of = shapely.get_coordinates(parts, return_index=True)
    if len(xy) == 0:
        return None
    rounded, at = np.unique(np.round(xy / grid_m).astype(np.int64), axis=0, return_inverse=True)
    at = at.reshape(-1)
    along = (of[1:] == of[:-1]) & (at[1:] != at[:-1])
    begin, end = at[:-1][along], at[1:][along]
    corners: Metres = rounded.astype(np.float64) * grid_m
    length_m = np.linalg.norm(corners[begin] - corners[end], axis=1)
    pairs, first = np.unique(np.sort(np.stack([begin, end]), axis=0), axis=1, return_index=True)
    size = (len(corners), len(corners))
    return Network(corners, csr_array((length_m[first], (pairs[0], pairs[1])), shape=size))


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
