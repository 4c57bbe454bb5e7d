"""Where people pass: pieces of streets, the ground in front of key places; pure arrays, metres."""

import numpy as np
import shapely
from shapely import STRtree

from gis.arrays import Ints, Shapes
from gis.video.ground.coverage import union_by
from gis.video.kernels.obstacles import Obstacles

_CRUMB_M = 0.01  # what rounding leaves of a line at a border


def cut(lines: Shapes, cells: Shapes) -> tuple[Shapes, Ints, Ints, Shapes]:
    """Pieces of lines (s,) in cells (c,): piece, line and cell of each, and what lies in none (s,).

    A stretch that several cells share, as along their common border, counts for the first of them,
    so the pieces and the rest are as long as the lines.
    """
    line, cell = STRtree(cells).query(lines, predicate="intersects")
    order = np.lexsort((cell, line))
    line, cell = line[order], cell[order]
    turn = np.arange(len(line)) - np.searchsorted(line, line)  # the nth cell of its line
    rest, piece = lines.copy(), np.empty(len(line), dtype=object)
    for nth in range(turn.max(initial=-1) + 1):
        at = np.flatnonzero(turn == nth)
        piece[at] = _only_lines(shapely.intersection(rest[line[at]], cells[cell[at]]))
        rest[line[at]] = _only_lines(shapely.difference(rest[line[at]], cells[cell[at]]))
    some = shapely.length(piece) > _CRUMB_M
    return piece[some], line[some], cell[some], rest


def fronts(places: Shapes, obstacles: Obstacles, *, margin_m: float) -> Shapes:
    """The open ground of each place (p,): its own and ``margin_m`` round it, less footprints.

    A place in a building is the whole building: no camera outside shows more than its front. Empty
    where buildings leave nothing free.
    """
    place, building = obstacles.tree.query(places, predicate="intersects")
    housed = union_by(obstacles.polygons[building], place, len(places))
    around = shapely.buffer(shapely.union(places, housed), margin_m)
    place, building = obstacles.tree.query(around, predicate="intersects")
    return np.asarray(
        shapely.difference(around, union_by(obstacles.polygons[building], place, len(places)))
    )


def _only_lines(shapes: Shapes) -> Shapes:
    """The lines of each shape as MultiLineStrings; points where a line touches a cell go."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    straight = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    out = np.full(len(shapes), shapely.MultiLineString(), dtype=object)
    if straight.any():
        shapely.multilinestrings(parts[straight], indices=owner[straight], out=out)
    return out
