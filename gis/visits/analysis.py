"""The order of a walk: nearest place next, then improved by exchanging ways until none is shorter.

Two-opt: Croes (1958), A method for solving traveling-salesman problems, Operations Research 6,
791-812. The walk is open: it begins at the first place and ends wherever it is shortest.
"""

from gis.arrays import Floats


def order(distance_m: Floats) -> list[int]:
    """Indices of the places in walking order, beginning with 0.

    Parameters
    ----------
    distance_m : (n, n) float
        Metres between each two places, the same both ways.
    """
    return _exchanged(_nearest_next(distance_m), distance_m)


def length_m(walk: list[int], distance_m: Floats) -> float:
    """Metres of a walk."""
    return float(distance_m[walk[:-1], walk[1:]].sum())


def _nearest_next(distance_m: Floats) -> list[int]:
    walk, left = [0], set(range(1, len(distance_m)))
    while left:
        here = walk[-1]
        nearest = min(left, key=lambda place: (distance_m[here, place], place))
        walk.append(nearest)
        left.remove(nearest)
    return walk


def _exchanged(walk: list[int], distance_m: Floats) -> list[int]:
    """Turn a stretch round as long as that makes the walk shorter (by more than a millimetre)."""
    better = True
    while better:
        better = False
        for begin in range(1, len(walk) - 1):
            for end in range(begin + 1, len(walk)):
                turned = walk[:begin] + walk[begin : end + 1][::-1] + walk[end + 1 :]
                if length_m(turned, distance_m) < length_m(walk, distance_m) - 1e-3:
                    walk, better = turned, True
    return walk
