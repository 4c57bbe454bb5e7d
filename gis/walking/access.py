"""How far it is on foot to the nearest of some places, along streets (FAC-7); pure arrays."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from gis.arrays import Flags, Floats, Ints
from gis.policy import Policy
from gis.progress import Say, unheard
from gis.walking.analysis import Metres, Network

_BEYOND = 0.5  # share of the work that walks across all streets are


@dataclass(frozen=True)
class WalkRules:
    """FAC-7: how far a walk may be, and how far from a street a place may lie."""

    minutes: float
    walking_m_per_s: float
    beside_street_m: float

    @classmethod
    def of(cls, policy: Policy) -> Self:
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


class Walks:
    """Walks from origins to the nearest of some targets, both joined to the streets once.

    Parameters
    ----------
    origins, targets : (n, 2), (k, 2) float
        Metres in the CRS of ``streets``.
    reach_m : float
        Longest walk looked for, inclusive.
    beside_m : float
        A place farther from every corner of a street is not on the network.

    Notes
    -----
    A walk goes straight to the nearest corner, along streets, and straight to the target.
    """

    def __init__(
        self, origins: Metres, targets: Metres, streets: Network, *, reach_m: float, beside_m: float
    ) -> None:
        self._reach_m, self._streets = reach_m, streets
        self._from_m, self._from = streets.tree.query(origins.reshape(-1, 2))
        self._to_m, self._to = streets.tree.query(targets.reshape(-1, 2))
        self.beside: Flags = self._from_m <= beside_m  # origins on the network
        self._usable = self._to_m <= beside_m
        self._parts: dict[bytes, _Part] = {}

    def nearest_m(self, wanted: Flags | None = None) -> Metres:
        """(n,) m to the nearest target, of those that ``wanted`` (k,) names or of all.

        Infinite where none is within the reach or no way leads there.
        """
        usable = self._usable if wanted is None else self._usable & wanted
        return self._along(self._everywhere, self.beside, usable)

    def nearest_in_own_m(
        self,
        wanted: Flags,
        *,
        origin_area: NDArray[np.object_],
        target_area: NDArray[np.object_],
        say: Say = unheard,
    ) -> Metres:
        """As `nearest_m`, to targets in the area of the origin only; (n,) and (k,) area codes.

        An origin in no area (None) reaches nothing. The way itself may lead through other areas.
        """
        found = np.full(len(self._from), np.inf)
        usable = self._usable & wanted
        areas = sorted({one for one in target_area[usable].tolist() if one is not None})
        for done, area in enumerate(areas):
            counted = f"{done + 1} / {len(areas)}"
            share = _BEYOND + (1 - _BEYOND) * done / len(areas)
            say(share, f"本街道内步行 {counted}", f"walks within the own street {counted}")
            here = self.beside & (origin_area == area)
            if here.any():
                near = self._near(here)
                found[here] = self._along(near, here, usable & (target_area == area))[here]
        return found

    @cached_property
    def _everywhere(self) -> "_Part":
        return _Part(self._streets.both_ways, np.arange(len(self._streets.xy)))

    def _near(self, here: Flags) -> "_Part":
        """The streets that walks from ``here`` can use: none leaves their box by the reach."""
        who = here.tobytes()  # the same origins for every function
        if who not in self._parts:
            x_m, y_m = self._streets.xy.T
            (west, south), (east, north) = _box(self._streets.xy[self._from[here]], self._reach_m)
            inside = (x_m >= west) & (x_m <= east) & (y_m >= south) & (y_m <= north)
            kept = np.flatnonzero(inside)
            self._parts[who] = _Part(self._streets.both_ways[kept][:, kept], kept)
        return self._parts[who]

    def _along(self, part: "_Part", origins: Flags, targets: Flags) -> Metres:
        """(n,) m along the streets of ``part`` from ``origins`` (n,) to any of ``targets`` (k,)."""
        found = np.full(len(self._from), np.inf)
        goal, there = part.numbers(self._to)
        targets = targets & there
        if not targets.any():
            return found
        graph, first = part.with_targets(goal[targets], self._to_m[targets])
        along = dijkstra(
            graph, indices=np.arange(first, graph.shape[0]), min_only=True, limit=self._reach_m
        )
        total = self._from_m[origins] + along[part.numbers(self._from[origins])[0]]
        found[origins] = np.where(total <= self._reach_m, total, np.inf)
        return found


@dataclass(frozen=True)
class _Part:
    """Some corners of the streets: their numbers there, in order, and the lengths both ways."""

    lengths: csr_array
    kept: Ints

    def numbers(self, corners: Ints) -> tuple[Ints, Flags]:
        """The numbers here of ``corners`` of the streets, and whether they are here at all."""
        number = np.searchsorted(self.kept, corners)
        number[number == len(self.kept)] = 0
        return number, self.kept[number] == corners

    def with_targets(self, corner: Ints, off_m: Metres) -> tuple[csr_array, int]:
        """The graph with one more node per target, from which a way leads to its corner alone.

        Returns the first such node, too: walks are looked for from the targets.
        """
        known, size, more = self.lengths, self.lengths.shape[0], len(corner)
        # A stored zero is no edge in some of scipy's graph routines: a millimetre is one in all.
        data = np.concatenate([known.data, np.maximum(off_m, 1e-3)])
        indices = np.concatenate([known.indices, corner])
        indptr = np.concatenate([known.indptr, known.nnz + np.arange(1, more + 1)])
        total = size + more
        return csr_array((data, indices, indptr), shape=(total, total)), size


def _box(places: Metres, margin_m: float) -> tuple[Metres, Metres]:
    """South-west and north-east corner of a box round ``places`` (n, 2), n > 0."""
    return places.min(axis=0) - margin_m, places.max(axis=0) + margin_m


def reached_share(distance_m: Metres, weights: Floats) -> float | None:
    """Share of ``weights`` (n,) whose distance is finite; unknown weights count nothing."""
    known = np.nan_to_num(weights)
    total = float(known.sum())
    return float(known[np.isfinite(distance_m)].sum()) / total if total > 0 else None


def best_of(
    places: Metres, weights: Floats, streets: Network | None, *, reach_m: float,
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
    off_m, corner = streets.tree.query(places) if streets else (np.full(len(places), np.inf), 0)
    near = off_m <= beside_m
    if streets and near.any():
        along = dijkstra(streets.lengths, directed=False, indices=corner, limit=reach_m)[:, corner]
        usable = near[:, None] & near[None]
        walk_m = np.where(usable, off_m[:, None] + along + off_m[None], np.inf)
    reached = walk_m <= reach_m
    total_m = np.where(reached, walk_m, 0.0) @ weigh
    return int(np.lexsort((total_m, -(reached @ weigh)))[0])
