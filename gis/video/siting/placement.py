"""Where the next cameras belong: maximal covering, exact for a compound, greedy for a district.

Church & ReVelle (1974), Papers in Regional Science 32, 101-118; greedy bound: Nemhauser, Wolsey &
Fisher (1978), Mathematical Programming 14, 265-294. Every plan says how far from the best it may
be.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from gis.arrays import Floats, Ints
from gis.progress import Say, unheard
from gis.video.siting import solver


@dataclass(frozen=True)
class Plan:
    """Chosen poses, best first, and how good the choice is.

    ``gain`` is what each adds to those before it, ``cumulative_cost`` the line of cost. For a
    budget ``value`` is the weight covered and ``bound`` no plan covers more; for a target ``value``
    is the number of cameras and ``bound`` no plan needs fewer. ``gap`` is their distance as a share
    of the larger. ``status``: "optimal", "time_limit", "greedy", or "unreachable" (even all poses
    together miss the target).
    """

    chosen: Ints
    gain: Floats
    cumulative_cost: Floats
    value: float
    bound: float
    status: str

    @property
    def gap(self) -> float:
        """0: proven best."""
        most = max(self.value, self.bound)
        return 0.0 if most <= 0 else abs(self.bound - self.value) / most


def for_budget(
    sight: sparse.csr_array, weight: Floats, *, budget: int, unit_cost: float = 1.0,
    exact: bool = True, time_limit_s: float = 10.0, say: Say = unheard,
) -> Plan:  # fmt: skip
    """At most ``budget`` of the poses (rows) so that the weight of the samples seen is largest.

    ``exact`` solves the integer programme, for a compound; otherwise greedy, with the bound
    f(S) + the ``budget`` largest gains after S, the smallest over all prefixes S. With ``say`` the
    programme is solved in a process of its own, which ends when ``say`` raises.
    """
    order, gains, tops = _greedy(sight, weight, most=budget)
    value, bound = (
        float(gains.sum()),
        min(_covering_bound(gains, tops, budget), _total(sight, weight)),
    )
    if not exact or bound <= value:
        status = "greedy" if bound > value * (1 + 1e-9) else "optimal"
        return _plan(sight, weight, order, unit_cost, value, max(bound, value), status)
    found = solver.most_weight(sight, weight, budget=budget, time_limit_s=time_limit_s, say=say)
    other = _total(sight[found.chosen], weight)
    better, value = (found.chosen, other) if other > value else (order, value)
    bound = max(min(found.bound, bound), value)
    return _plan(sight, weight, better, unit_cost, value, bound, found.status)


def for_target(
    sight: sparse.csr_array, weight: Floats, *, target_share: float, unit_cost: float = 1.0,
    exact: bool = True, time_limit_s: float = 10.0, say: Say = unheard,
) -> Plan:  # fmt: skip
    """The fewest poses that see ``target_share`` of the weight (existing views have none left)."""
    needed = target_share * float(weight.sum())
    if _total(sight, weight) < needed * (1 - 1e-9):
        order, gains, _ = _greedy(sight, weight, most=sight.shape[0])
        return _plan(sight, weight, order, unit_cost, len(order), np.inf, "unreachable")
    order, gains, tops = _greedy(sight, weight, most=sight.shape[0], enough=needed)
    fewest = _counting_bound(gains, tops, needed)
    if not exact or fewest == len(order):
        status = "optimal" if fewest == len(order) else "greedy"
        return _plan(sight, weight, order, unit_cost, len(order), fewest, status)
    found = solver.fewest_poses(sight, weight, needed=needed, time_limit_s=time_limit_s, say=say)
    if found.chosen.size and found.value < len(order):
        order = found.chosen
    bound = min(max(fewest, np.ceil(found.bound - 1e-6)), len(order))
    return _plan(sight, weight, order, unit_cost, len(order), bound, found.status)


def _greedy(
    sight: sparse.csr_array, weight: Floats, *, most: int, enough: float = np.inf
) -> tuple[Ints, Floats, list[Floats]]:
    """Poses by gain, the gains, and before each step the gains of all poses, largest first."""
    left = weight.astype(float).copy()
    order: list[int] = []
    gains: list[float] = []
    tops: list[Floats] = []
    while True:
        gain = sight @ left
        tops.append(np.sort(gain)[::-1][: max(most, 1)])
        if len(order) >= most or sum(gains) >= enough * (1 - 1e-9) or not len(gain):
            break
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        order.append(best)
        gains.append(float(gain[best]))
        left[sight.indices[sight.indptr[best] : sight.indptr[best + 1]]] = 0.0
    return np.array(order, np.int64), np.array(gains), tops


def _covering_bound(gains: Floats, tops: list[Floats], budget: int) -> float:
    before = np.concatenate([[0.0], np.cumsum(gains)])
    return min(float(seen + top[:budget].sum()) for seen, top in zip(before, tops, strict=True))


def _counting_bound(gains: Floats, tops: list[Floats], needed: float) -> int:
    """No set of k poses reaches the target if f(S) + the k largest gains after S does not."""
    before = np.concatenate([[0.0], np.cumsum(gains)])
    counts = []
    for seen, top in zip(before, tops, strict=True):
        reached = seen + np.concatenate([[0.0], np.cumsum(top)]) >= needed * (1 - 1e-9)
        counts.append(int(np.argmax(reached)) if reached.any() else len(top) + 1)
    return max(counts)


def _total(sight: sparse.csr_array, weight: Floats) -> float:
    """Weight that all poses (rows) together see."""
    return float(weight[np.unique(sight.indices)].sum())


def _plan(
    sight: sparse.csr_array, weight: Floats, chosen: Ints, unit_cost: float,
    value: float, bound: float, status: str,
) -> Plan:  # fmt: skip
    """Rank the chosen poses by what each adds."""
    rank, gain, _ = _greedy(sight[chosen], weight, most=len(chosen))
    cost = unit_cost * np.arange(1, len(rank) + 1)
    return Plan(
        chosen[rank],
        gain,
        cost.astype(np.float64),
        float(value),
        float(bound),
        status,
    )
