"""H3 cells against the h3 library's own text API."""

import h3
import numpy as np

from gis.rental import hexagons


def test_cells_and_parents_are_those_of_the_library():
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(-180, 180, 500), rng.uniform(-89, 89, 500)
    cells = hexagons.cells_at(lon=lon, lat=lat, resolution=10)
    expected = [h3.latlng_to_cell(y, x, 10) for x, y in zip(lon, lat, strict=True)]
    assert hexagons.names(cells) == expected
    for resolution in (8, 9, 10):
        parents = hexagons.names(hexagons.parents(cells, resolution=resolution))
        assert parents == [h3.cell_to_parent(cell, resolution) for cell in expected]


def test_a_point_without_position_has_no_cell():
    cells = hexagons.cells_at(
        lon=np.array([np.nan, 102.7]), lat=np.array([25.0, 25.0]), resolution=10
    )
    assert cells[0] == 0
    assert cells[1] > 0
    assert hexagons.parents(cells, resolution=8)[0] == 0


def test_outlines_are_those_of_the_library():
    cells = hexagons.cells_at(
        lon=np.array([102.7, 102.8]), lat=np.array([25.0, 25.1]), resolution=9
    )
    for name, outline in zip(hexagons.names(cells), hexagons.outlines(cells), strict=True):
        corners = [(lon, lat) for lat, lon in h3.cell_to_boundary(name)]
        assert list(outline.exterior.coords)[:-1] == corners
    assert hexagons.outlines(np.empty(0, dtype=np.uint64)).empty
