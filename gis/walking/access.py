"""How far it is on foot to the nearest of some places, along streets (FAC-7); pure arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from gis.policy import Policy
from gis.walking.analysis import Metres, Network


@dataclass(frozen=True)
class WalkRules:
    """FAC-7: how far a walk may be, and how far from a street a place may lie."""

    minutes: float
    walking_m_per_s: float
    beside_street_m: float

    @classmethod
    def of(cls, policy: Policy) -> "WalkRules":
        """Read the terms of FAC-7."""
        terms = policy.rule("FAC-7")
        return cls(
            float(terms["minutes"]), float(terms["walking_m_per_s"]),
            float(terms["beside_street_m"]),
        )  # fmt: skip

    @property
    def reach_m(self) -> float:
        """15 minutes at 1.1 m/s are 990 m."""
        return self.minutes * 60 * self.walking_m_per_s


def on_network(places: Metres, streets: Network, *, beside_m: float) -> NDArray[np.bool_]:
    """Whether each of ``places`` ((n, 2) m) has a corner of a street within ``beside_m``."""
    off_m, _ = streets.tree.query(places)
    return np.asarray(off_m <= beside_m)


def nearest_m(
    origins: Metres, targets: Metres, streets: Network, *, reach_m: float, beside_m: float
) -> Metres:
    """Walk from each origin to its nearest target, never longer than ``reach_m``.

    Parameters
    ----------
    origins, targets : (n, 2), (k, 2) float
        Metres in the CRS of ``streets``.
    reach_m : float
        Longest walk looked for, inclusive.
    beside_m : float
        A place farther from every corner of a street is not on the network.

    Returns
    -------
    (n,) float
        Metres: straight to the nearest corner, along streets, straight to the target; infinite
        where no target is that near or no way leads there.
    """
    found = np.full(len(origins), np.inf)
    tree = streets.tree
    goal_off_m, goal = tree.query(targets) if len(targets) else (np.empty(0), np.empty(0, int))
    usable = goal_off_m <= beside_m
    if not usable.any() or not len(origins):
        return found
    graph, first = _with_targets(streets, goal[usable], goal_off_m[usable])
    along = dijkstra(
        graph, directed=False, indices=np.arange(first, graph.shape[0]), min_only=True,
        limit=reach_m,
    )  # fmt: skip
    off_m, corner = tree.query(origins)
    total = off_m + along[corner]
    near = (off_m <= beside_m) & (total <= reach_m)
    found[near] = total[near]
    return found


def nearest_in_own_m(
    origins: Metres, targets: Metres, streets: Network, *,
    origin_area: NDArray[np.object_], target_area: NDArray[np.object_],
    reach_m: float, beside_m: float,
) -> Metres:  # fmt: skip
    """As `nearest_m`, to targets in the area of the origin only; (n,) and (k,) area codes.

    An origin in no area (None) reaches nothing. The way itself may lead through other areas.
    """
    found = np.full(len(origins), np.inf)
    for area in {one for one in target_area.tolist() if one is not None}:
        here = origin_area == area
        found[here] = nearest_m(
            origins[here], targets[target_area == area], streets, reach_m=reach_m,
            beside_m=beside_m,
        )  # fmt: skip
    return found


def _with_targets(
    streets: Network, corner: NDArray[np.intp], off_m: Metres
) -> tuple[csr_array, int]:
    """The graph with one more node per target, joined to its corner; and the first such node."""
    size, count = len(streets.xy), len(corner)
    known = streets.lengths.tocoo()
    rows = np.concatenate([known.row, corner])
    columns = np.concatenate([known.col, size + np.arange(count)])
    # A stored zero is no edge in some of scipy's graph routines: a millimetre is one in all.
    lengths = np.concatenate([known.data, np.maximum(off_m, 1e-3)])
    total = size + count
    return csr_array((lengths, (rows, columns)), shape=(total, total)), size


def reached_share(distance_m: Metres, weights: NDArray[np.float64]) -> float | None:
    """Share of ``weights`` (n,) whose distance is finite; unknown weights count nothing."""
    known = np.nan_to_num(weights)
    total = float(known.sum())
    return float(known[np.isfinite(distance_m)].sum()) / total if total > 0 else None


def best_of(
    places: Metres, weights: NDArray[np.float64], streets: Network | None, *, reach_m: float,
    beside_m: float,
) -> int:  # fmt: skip
    """At which of ``places`` ((n, 2) m, n > 0) a facility for all of them stands best.

    Where most ``weights`` ((n,), households) reach it within ``reach_m``, of equals where the walks
    of those are shortest, of equals the first: the maximal covering location of Church and ReVelle
    (1974), Papers of the Regional Science Association 32, 101-118, for one facility. Unknown
    weights (NaN) count as the known ones do on average. Where no place is beside a street, straight
    lines stand for walks.
    """
    known = weights[~np.isnan(weights)]
    usual = float(known.mean()) if known.sum() > 0 else 1.0
    weigh = np.where(np.isnan(weights), usual, weights)
    walk_m = np.linalg.norm(places[:, None] - places[None], axis=2)
    if streets is not None and (near := on_network(places, streets, beside_m=beside_m)).any():
        off_m, corner = streets.tree.query(places)
        along = dijkstra(streets.lengths, directed=False, indices=corner, limit=reach_m)[:, corner]
        usable = near[:, None] & near[None]
        walk_m = np.where(usable, off_m[:, None] + along + off_m[None], np.inf)
    reached = walk_m <= reach_m
    total_m = np.where(reached, walk_m, 0.0) @ weigh
    return int(np.lexsort((total_m, -(reached @ weigh)))[0])
