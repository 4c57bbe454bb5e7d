"""Pieces of ground: what is left of an overlay once rounding is taken away, and how wide it is."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.arrays import Flags, Floats, Shapes


def polygons(geoms: Shapes) -> Shapes:
    """``geoms`` made valid where they are not, None made empty; lines and points dropped."""
    out: Shapes = np.array(geoms, dtype=object)
    out[shapely.is_missing(out)] = shapely.Polygon()
    broken = np.flatnonzero(~shapely.is_valid(out))
    mended = shapely.make_valid(out[broken], method="structure")
    out[broken] = [
        shapely.multipolygons([part for part in shapely.get_parts(geom) if _is_ground(part)])
        for geom in mended
    ]
    return out


def _is_ground(geom: Any) -> bool:
    return bool(shapely.get_dimensions(geom) == 2)


def split(
    ground: Shapes, *, min_m2: float, rounding_width_m: float
) -> tuple[Shapes, NDArray[np.intp]]:
    """The connected pieces of each of n geometries that are more than rounding.

    Each geometry is opened (shrunk, then grown by half of ``rounding_width_m``) with mitred
    corners: hairlines vanish, also those that hang on a true piece or tie two of them together,
    and a piece keeps its corners. Pieces below ``min_m2`` are left out.

    Returns
    -------
    pieces : (k,) polygons
    of : (k,) int
        Index of the geometry that each piece comes from.
    """
    half_m = rounding_width_m / 2.0
    filled = np.flatnonzero(shapely.area(ground) > 0)
    core = shapely.buffer(ground[filled], -half_m, join_style="mitre")
    parts, of = shapely.get_parts(core, return_index=True)
    parts, of = parts[~shapely.is_empty(parts)], of[~shapely.is_empty(parts)]
    grown = shapely.buffer(parts, half_m, join_style="mitre")
    large = shapely.area(grown) >= min_m2
    return grown[large], filled[of[large]]


def mean_width_m(ground: Shapes) -> Floats:
    """2·area / perimeter: the width of a long strip; at most the largest inscribed diameter."""
    perimeter_m = shapely.length(ground)
    return np.divide(
        2.0 * shapely.area(ground), perimeter_m,
        out=np.zeros(len(perimeter_m)), where=perimeter_m > 0,
    )  # fmt: skip


def is_narrow(ground: Shapes, *, width_m: float) -> Flags:
    """True where no circle of diameter ``width_m`` fits into the polygon."""
    narrow = mean_width_m(ground) < width_m  # never narrow otherwise, so only these are shrunk
    suspects = np.flatnonzero(narrow)
    narrow[suspects] = shapely.is_empty(shapely.buffer(ground[suspects], -width_m / 2.0))
    return narrow
