"""H3 cells against the h3 library's own text API."""

import h3
import numpy as np
import shapely

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


def test_every_cell_that_a_shape_reaches_is_found():
    """Against cells of points all over the shape, corners and edges included."""
    rng = np.random.default_rng(11)
    shapes = np.array([
        shapely.box(102.7, 25.0, 102.7101, 25.0003),  # a street, narrower than a cell
        shapely.Point(102.8, 25.1).buffer(0.004),
        shapely.Polygon([(25, 70), (25.02, 70), (25.01, 70.01)]),  # far in the north
    ])  # fmt: skip
    of, cells = hexagons.reaching(shapes, resolution=10)
    for number, shape in enumerate(shapes):
        west, south, east, north = shape.bounds
        spots = shapely.points(rng.uniform(west, east, 4000), rng.uniform(south, north, 4000))
        spots = np.concatenate([
            spots[shapely.contains(shape, spots)], shapely.points(shape.exterior.coords)
        ])  # fmt: skip
        inside = hexagons.cells_at(
            lon=shapely.get_x(spots), lat=shapely.get_y(spots), resolution=10
        )
        assert set(inside) <= set(cells[of == number])
    assert hexagons.reaching(shapes[:0], resolution=10)[1].size == 0


def test_outlines_are_those_of_the_library():
    cells = hexagons.cells_at(
        lon=np.array([102.7, 102.8]), lat=np.array([25.0, 25.1]), resolution=9
    )
    for name, outline in zip(hexagons.names(cells), hexagons.outlines(cells), strict=True):
        corners = [(lon, lat) for lat, lon in h3.cell_to_boundary(name)]
        assert list(outline.exterior.coords)[:-1] == corners
    assert hexagons.outlines(np.empty(0, dtype=np.uint64)).empty
