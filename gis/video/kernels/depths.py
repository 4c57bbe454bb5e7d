"""How much ground is seen by at least 1, 2, 3 ... of many fields, without drawing any of it."""

import numpy as np
import shapely

from gis.arrays import Floats, Ints, Shapes
from gis.video.kernels.compiled import compiled

# Fields are metres wide: at 0.2 m 500 scenes of a dozen fields stay within 0.1 % of their ground.
_SPACING_M = 0.2


def deeper_m2(
    pieces: Shapes, owner: Ints, once_m2: Floats, twice_m2: Floats, *, deepest: int
) -> Floats:
    """Square metres that 3, 4 ... ``deepest`` or more pieces of an owner cover, (c, deepest − 2).

    ``pieces`` (n,) polygons with the ``owner`` of each; ``once_m2``, ``twice_m2`` (c,) what one or
    more and two or more of them cover, by exact overlay. What all depths beyond two hold together
    is exact as well: the pieces' areas less those two. How it parts is measured on parallel lines.
    """
    edges, begin = _edges(pieces, owner, len(once_m2))
    on_lines = _on_lines(edges, begin, _SPACING_M, deepest)
    beyond_m2 = np.bincount(owner, shapely.area(pieces), len(once_m2)) - once_m2 - twice_m2
    drawn_m2 = on_lines[:, -1] - on_lines[:, 0] - on_lines[:, 1]
    scale = np.maximum(beyond_m2, 0.0) / np.where(drawn_m2 > 0, drawn_m2, np.inf)
    return np.asarray(np.minimum(on_lines[:, 2:-1] * scale[:, None], twice_m2[:, None]))


def _edges(pieces: Shapes, owner: Ints, owners: int) -> tuple[Floats, Ints]:
    """Edges (x, y, x, y) with their polygon on the left, and where those of each owner begin."""
    parts, at = shapely.get_parts(pieces, return_index=True)
    flat = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    order = np.argsort(owner[at[flat]], kind="stable")
    rings, of = shapely.get_rings(
        shapely.orient_polygons(parts[flat][order]), return_index=True
    )  # fmt: skip
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    edges = np.hstack([corners[:-1], corners[1:]])[same]
    whose = owner[at[flat]][order][of][ring[:-1][same]]
    return np.ascontiguousarray(edges), np.searchsorted(whose, np.arange(owners + 1))


@compiled
def _on_lines(edges: Floats, begin: Ints, spacing_m: float, deepest: int) -> Floats:
    """Per owner the square metres at least 1 … ``deepest`` deep, and those of all pieces summed.

    Walking a line from the west, an edge that comes down enters a polygon, one that goes up leaves
    it: the sum is how many cover the ground. The lines stand half a spacing off the multiples.
    """
    out = np.zeros((len(begin) - 1, deepest + 1))
    for one in range(len(begin) - 1):
        mine = edges[begin[one] : begin[one + 1]]
        if len(mine) == 0:
            continue
        base = np.floor(mine[:, 1].min() / spacing_m)
        first = np.ceil(np.minimum(mine[:, 1], mine[:, 3]) / spacing_m - base - 0.5)
        last = np.ceil(np.maximum(mine[:, 1], mine[:, 3]) / spacing_m - base - 0.5)
        at = np.zeros(int(last.max()) + 2, np.int64)
        for edge in range(len(mine)):
            for line in range(int(first[edge]), int(last[edge])):
                at[line + 2] += 1
        at = np.cumsum(at)
        x, turn = np.empty(at[-1]), np.empty(at[-1], np.int64)
        for edge in range(len(mine)):
            x1, y1, x2, y2 = mine[edge]
            for line in range(int(first[edge]), int(last[edge])):
                y = (base + line + 0.5) * spacing_m
                x[at[line + 1]] = x1 + (x2 - x1) * (y - y1) / (y2 - y1)
                turn[at[line + 1]] = 1 if y2 < y1 else -1
                at[line + 1] += 1
        for line in range(len(at) - 1):
            _walk(x[at[line] : at[line + 1]], turn[at[line] : at[line + 1]], out[one])
    for one in range(len(out)):
        for depth in range(deepest - 1, 0, -1):
            out[one, depth - 1] += out[one, depth]
    return out * spacing_m


@compiled
def _walk(x: Floats, turn: Ints, lengths: Floats) -> None:
    """Add the lengths that are exactly 1, 2 ... deep (the last but one: that or deeper), and the
    sum of all depths times their length, to ``lengths``.
    """
    order, depth, deepest = np.argsort(x), 0, len(lengths) - 1
    for nth in range(len(x) - 1):
        depth += turn[order[nth]]
        if depth > 0:
            long = x[order[nth + 1]] - x[order[nth]]
            lengths[min(depth, deepest) - 1] += long
            lengths[deepest] += depth * long
