"""H3 cells of many points: indices, parents, outlines and ground areas."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from h3.api.basic_int import (
    average_hexagon_edge_length,
    cell_to_boundary,
    geo_to_cells,
    latlng_to_cell,
)
from numpy.typing import NDArray

from gis.arrays import Floats, Ints, Shapes

Cells = NDArray[np.uint64]

# An H3 index holds its resolution in bits 52-55 and one digit of three bits per resolution, from
# resolution 15 in the lowest bits upwards; unused digits are 7. Source: H3 documentation, "Index
# bit layout" (h3geo.org/docs/core-library/h3Indexing).
_RESOLUTION_SHIFT, _RESOLUTION_MASK, _FINEST = 52, 0xF, 15
# No edge is twice as long as the average one (H3 documentation, "Tables of cell statistics").
_WIDEST, _M_PER_DEG = 2.0, 110_000.0


def cells_at(*, lon: Floats, lat: Floats, resolution: int) -> Cells:
    """The cell of each point (degrees, EPSG:4326); (n,) uint64, 0 where a coordinate is NaN."""
    known = np.isfinite(lon) & np.isfinite(lat)
    cells = np.zeros(len(lon), dtype=np.uint64)
    pairs = zip(lat[known].tolist(), lon[known].tolist(), strict=True)
    cells[known] = [latlng_to_cell(y, x, resolution) for y, x in pairs]
    return cells


def parents(cells: Cells, *, resolution: int) -> Cells:
    """The cell of ``resolution`` that holds each finer cell; 0 stays 0."""
    unused = sum(7 << 3 * (_FINEST - finer) for finer in range(resolution + 1, _FINEST + 1))
    kept = cells & np.uint64(2**64 - 1 - (_RESOLUTION_MASK << _RESOLUTION_SHIFT))
    raised = kept | np.uint64(resolution << _RESOLUTION_SHIFT) | np.uint64(unused)
    return np.where(cells == 0, np.uint64(0), raised)


def reaching(shapes: Shapes, *, resolution: int) -> tuple[Ints, Cells]:
    """Every cell that a shape (degrees, EPSG:4326) reaches into, and some beside it.

    Returns the number of the shape and the cell, one row per pair. The library names the cells
    whose centres lie in a shape, so it is asked for a shape wider by more than a cell's radius.
    """
    if not len(shapes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)
    radius_m = _WIDEST * average_hexagon_edge_length(resolution, unit="m")
    north = np.abs(shapely.bounds(shapes)[:, [1, 3]]).max(axis=1)
    radius_deg = radius_m / (_M_PER_DEG * np.cos(np.radians(np.minimum(north, 89.0))))
    found = [geo_to_cells(wide, resolution) for wide in shapely.buffer(shapes, radius_deg)]
    of = np.repeat(np.arange(len(shapes)), [len(cells) for cells in found])
    return of, np.array([cell for cells in found for cell in cells], dtype=np.uint64)


def outlines(cells: Cells) -> gpd.GeoSeries:
    """The outline of each cell, EPSG:4326."""
    rings = [[(lon, lat) for lat, lon in cell_to_boundary(cell)] for cell in cells.tolist()]
    return gpd.GeoSeries(polygons(rings), crs=4326)


def polygons(rings: Sequence[Sequence[tuple[float, float]]]) -> Shapes:
    """Polygons of open rings, all at once."""
    if not rings:
        return np.empty(0, dtype=object)
    sizes = [len(ring) for ring in rings]
    corners = np.array([corner for ring in rings for corner in (*ring, ring[0])])
    owner = np.repeat(np.arange(len(rings)), np.array(sizes) + 1)
    return np.asarray(shapely.polygons(shapely.linearrings(corners, indices=owner)), dtype=object)


def names(cells: Cells) -> list[str]:
    """The usual hexadecimal text of each cell."""
    return [f"{cell:x}" for cell in cells.tolist()]
