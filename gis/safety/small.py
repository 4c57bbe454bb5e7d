"""Small compounds are rated together with small neighbours, or not at all: never on one case."""

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.arrays import Flags, Floats, Ints, Words

ALONE = -1


def rated_together(
    *,
    small: Flags,
    households: Floats,
    peer_group: Words,
    neighbours: Ints,
    min_households: int,
) -> Ints:
    """Group of each small compound: the row of the group's first member, or ALONE.

    Parameters
    ----------
    small : (n,) bool
        Below the household and the building threshold; only these are grouped.
    households : (n,) float
        Households, known for every small compound.
    peer_group : (n,) str
        Small compounds join only neighbours of their own peer group (SAF-2).
    neighbours : (k, 2) int
        Pairs of rows that lie next to each other, in any order.
    min_households : int
        A group is complete once it has that many.

    Notes
    -----
    Rows are walked in order and neighbours in row order, breadth first, so the same input gives
    the same groups. A compound left over beside a complete group joins the first such group.
    """
    beside = _adjacency(small, peer_group, neighbours)
    group = np.full(len(small), ALONE, dtype=np.int64)
    for seed in beside:
        if group[seed] != ALONE:
            continue
        members, total = _grow(seed, beside, group, households, min_households)
        if total >= min_households:
            group[members] = seed
    changed = True
    while changed:
        changed = False
        for row in beside:
            near = [group[other] for other in beside[row] if group[other] != ALONE]
            if group[row] == ALONE and near:
                group[row] = min(near)
                changed = True
    return group


def neighbouring(rows: Ints, ground: NDArray[np.object_], *, distance_m: float) -> Ints:
    """Pairs of ``rows`` (k, 2) whose polygons ``ground``, in metres, lie within ``distance_m``."""
    left, right = shapely.STRtree(ground).query(ground, predicate="dwithin", distance=distance_m)
    once = left < right
    return np.column_stack([rows[left[once]], rows[right[once]]]).astype(np.int64)


def _adjacency(small: Flags, peer_group: Words, neighbours: Ints) -> dict[int, list[int]]:
    """Small compounds with a small neighbour of their peer group, in row order."""
    left, right = neighbours[:, 0], neighbours[:, 1]
    joined = small[left] & small[right] & (peer_group[left] == peer_group[right]) & (left != right)
    pairs = np.unique(np.sort(neighbours[joined], axis=1), axis=0)
    both = np.vstack([pairs, pairs[:, ::-1]])
    beside: dict[int, list[int]] = {}
    for row, other in both[np.lexsort((both[:, 1], both[:, 0]))].tolist():
        beside.setdefault(row, []).append(other)
    return beside


def _grow(
    seed: int,
    beside: dict[int, list[int]],
    group: Ints,
    households: Floats,
    enough: int,
) -> tuple[list[int], float]:
    """Free compounds reached from ``seed`` until they hold ``enough`` households together."""
    members, total = [seed], float(households[seed])
    for row in members:  # grows while it is walked
        for other in _free(beside[row], members, group):
            if total >= enough:
                return members, total
            members.append(other)
            total += float(households[other])
    return members, total


def _free(rows: Iterable[int], taken: list[int], group: Ints) -> list[int]:
    return [row for row in rows if group[row] == ALONE and row not in taken]
