"""The same fields by plain means: a sweep in Python, and the visibility libraries of PyPI.

Every function takes the place of a camera, the footprints within its reach and the reach, and
returns the polygon it sees before the range cuts it; `clipped` cuts it.
"""

import importlib.util
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[np.object_]
Seer = Callable[[float, float, Shapes, float], shapely.Geometry]

_BOX = 1.5  # half the side of the frame that libraries need, in reaches


def clipped(field: shapely.Geometry, x_m: float, y_m: float, reach_m: float) -> shapely.Geometry:
    """Within the circle of the range, drawn with chords of two degrees."""
    disc = shapely.Point(x_m, y_m).buffer(reach_m, quad_segs=45)
    return shapely.make_valid(field).intersection(disc)


def sweep(x_m: float, y_m: float, footprints: Shapes, reach_m: float) -> shapely.Geometry:
    """The textbook way: sort the angles of all wall ends; between two of them the nearest wall.

    The inner loop over the walls is numpy's, the outer over the angles Python's.
    """
    xy, ring = shapely.get_coordinates(footprints, return_index=True)
    xy = xy - (x_m, y_m)
    joined = ring[1:] == ring[:-1]
    a, b = xy[:-1][joined], xy[1:][joined]
    d = b - a
    cross_ab = a[:, 0] * d[:, 1] - a[:, 1] * d[:, 0]
    angles = np.arctan2(a[:, 1], a[:, 0])
    angles = np.unique(np.concatenate([angles, np.linspace(-np.pi, np.pi, 37)]))
    corners = []
    for low, high in pairwise(angles):
        middle = (low + high) / 2
        ux, uy = np.cos(middle), np.sin(middle)
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = ux * d[:, 1] - uy * d[:, 0]
            along = cross_ab / turn
            share = (a[:, 0] * uy - a[:, 1] * ux) / turn
        hit = (along > 0) & (share >= 0) & (share <= 1)
        nearest = int(np.argmin(np.where(hit, along, np.inf)))
        for angle in (low, high):
            ux, uy = np.cos(angle), np.sin(angle)
            r = 2 * reach_m
            if hit[nearest]:
                r = cross_ab[nearest] / (ux * d[nearest, 1] - uy * d[nearest, 0])
            corners.append((x_m + r * ux, y_m + r * uy))
    return shapely.Polygon(corners)


def libraries() -> dict[str, Seer]:
    """Those of the visibility libraries that are installed."""
    known = {"pysovist": _pysovist, "pyvispoly": _pyvispoly, "visilibity": _visilibity}
    return {name: seer for name, seer in known.items() if importlib.util.find_spec(name)}


def _frame(x_m: float, y_m: float, reach_m: float) -> list[tuple[float, float]]:
    half = _BOX * reach_m
    west, south, east, north = x_m - half, y_m - half, x_m + half, y_m + half
    return [(west, south), (east, south), (east, north), (west, north)]


def _clockwise(footprint: shapely.Polygon) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in shapely.get_coordinates(footprint)[-2::-1]]


def _pysovist(x_m: float, y_m: float, footprints: Shapes, reach_m: float) -> shapely.Geometry:
    import pysovist

    xy, ring = shapely.get_coordinates(footprints, return_index=True)
    walls = np.stack([xy[:-1], xy[1:]], axis=1)[ring[1:] == ring[:-1]]
    found = pysovist.isovist(walls, (x_m, y_m), max_distance=reach_m)
    return shapely.Polygon(found.polygon())


def _pyvispoly(x_m: float, y_m: float, footprints: Shapes, reach_m: float) -> shapely.Geometry:
    """CGAL's triangular expansion."""
    import pyvispoly

    def points(ring: list[tuple[float, float]]) -> list[object]:
        return [pyvispoly.Point(float(x), float(y)) for x, y in ring]

    holes = [points(_clockwise(one)) for one in footprints]
    world = pyvispoly.PolygonWithHoles(points(_frame(x_m, y_m, reach_m)), holes)
    seer = pyvispoly.VisibilityPolygonCalculator(world)
    found = seer.compute_visibility_polygon(pyvispoly.Point(float(x_m), float(y_m)))
    return shapely.Polygon([(float(one.x()), float(one.y())) for one in found.boundary()])


def _visilibity(x_m: float, y_m: float, footprints: Shapes, reach_m: float) -> shapely.Geometry:
    import visilibity

    def polygon(ring: list[tuple[float, float]]) -> object:
        return visilibity.Polygon([visilibity.Point(x, y) for x, y in ring])

    rings = [_frame(x_m, y_m, reach_m), *(_clockwise(one) for one in footprints)]
    world = visilibity.Environment([polygon(ring) for ring in rings])
    found = visilibity.Visibility_Polygon(visilibity.Point(x_m, y_m), world, 1e-7)
    return shapely.Polygon([(found[i].x(), found[i].y()) for i in range(found.n())])
