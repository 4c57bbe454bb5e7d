"""Geometry repaired where that is safe and refused where it is a guess, on shapes drawn by hand."""

import numpy as np
import pytest
import shapely

from data.ingest import geometry
from data.ingest.fields import Shape
from data.ingest.geometry import Shaped

SQUARE = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"


def shaped(wkt, shape=Shape.POLYGON):
    return geometry.shape_up(geometry.from_wkt(np.array([wkt], dtype=object)), shape)


def marks(result) -> set[str]:
    return {code for code, mask in result.marks.items() if mask[0]}


@pytest.mark.parametrize(
    ("wkt", "shape", "expected"),
    [
        (SQUARE, Shape.POLYGON, set()),
        ("POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0))", Shape.POLYGON, set()),  # turned silently
        ("POLYGON ((0 0, 4 0, 4 4, 0 4))", Shape.POLYGON, {"ring_closed"}),
        ("POLYGON ((0 0, 4 0, 4 0, 4 4, 0 4, 0 0))", Shape.POLYGON, {"duplicate_points"}),
        ("POLYGON Z ((0 0 9, 4 0 9, 4 4 9, 0 4 9, 0 0 9))", Shape.POLYGON, {"z_dropped"}),
        ("POLYGON M ((0 0 9, 4 0 9, 4 4 9, 0 4 9, 0 0 9))", Shape.POLYGON, {"m_dropped"}),
        ("LINESTRING (0 0, 4 0, 4 4, 0 0)", Shape.POLYGON, {"line_closed"}),
        ("MULTIPOINT ((1 2))", Shape.POINT, set()),
        ("LINESTRING (0 0, 1 1)", Shape.LINE, set()),
        ("POINT (1 2)", Shape.POINT_OR_POLYGON, set()),
        ("GEOMETRYCOLLECTION (POLYGON ((0 0, 4 0, 4 4, 0 0)))", Shape.POLYGON, set()),
        # a spike of no width: repaired, the area stays
        ("POLYGON ((0 0, 4 0, 4 4, 4 9, 4 4, 0 4, 0 0))", Shape.POLYGON, {"repaired"}),
        # the same part twice: the ground is the same
        ("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), ((0 0, 4 0, 4 4, 0 0)))", Shape.POLYGON,
         {"repaired"}),
    ],
)  # fmt: skip
def test_kept(wkt, shape, expected):
    result = shaped(wkt, shape)
    assert marks(result) == expected
    assert shapely.is_valid(result.geom[0])
    assert not shapely.has_z(result.geom[0])


def test_closed_lines_of_unlike_lengths_become_each_its_own_outline():
    lines = ["LINESTRING (0 0, 4 0, 4 4, 0 0)", "LINESTRING (0 0, 4 0, 4 4, 0 4, 0 0)",
             "LINESTRING (0 0, 1 1)", "LINESTRING (9 9, 12 9, 12 12, 9 9)"]  # fmt: skip
    result = geometry.shape_up(geometry.from_wkt(np.array(lines, dtype=object)), Shape.POLYGON)
    assert result.marks["line_closed"].tolist() == [True, True, False, True]
    assert result.marks["geometry_type"].tolist() == [False, False, True, False]
    assert [shapely.area(one) for one in result.geom if one is not None] == [8, 16, 4.5]


@pytest.mark.parametrize(
    ("wkt", "shape", "code"),
    [
        ("POLYGON EMPTY", Shape.POLYGON, "geometry_empty"),
        ("POINT (1 2)", Shape.POLYGON, "geometry_type"),
        ("MULTIPOINT ((1 2), (3 4))", Shape.POINT, "geometry_type"),
        ("LINESTRING (0 0, 4 0, 4 4)", Shape.POLYGON, "geometry_type"),
        ("POLYGON ((1 1, 1 1, 1 1, 1 1))", Shape.POLYGON, "geometry_collapsed"),
        ("POLYGON ((0 0, 1 1, 2 2, 0 0))", Shape.POLYGON, "geometry_collapsed"),
        ("LINESTRING (1 1, 1 1)", Shape.LINE, "geometry_collapsed"),
        ("POLYGON ((0 0, 4 4, 4 0, 0 4, 0 0))", Shape.POLYGON, "geometry_collapsed"),
        ("POLYGON ((0 0, 6 6, 6 0, 0 5, 0 0))", Shape.POLYGON, "geometry_area_changed"),
        ("hello", Shape.POLYGON, "geometry_unreadable"),
        ("POINT (nan 1)", Shape.POINT, "coordinate_invalid"),
        ("POLYGON ((0 0, nan 4, 4 4, 4 0, 0 0))", Shape.POLYGON, "coordinate_invalid"),
        ("LINESTRING (0 0, inf 1, 2 2)", Shape.LINE, "coordinate_invalid"),
    ],
)
def test_refused(wkt, shape, code):
    result = shaped(wkt, shape)
    assert code in marks(result)
    assert result.geom[0] is None


def test_parts_are_promoted():
    assert shaped(SQUARE).geom[0].geom_type == "MultiPolygon"
    assert shaped("LINESTRING (0 0, 1 1)", Shape.LINE).geom[0].geom_type == "MultiLineString"
    assert shaped(SQUARE, Shape.POINT_OR_POLYGON).geom[0].geom_type == "Polygon"


def test_outlines_run_counterclockwise():
    turned = shaped("POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0))").geom[0]
    assert shapely.is_ccw(shapely.get_exterior_ring(turned.geoms[0]))


def test_missing_geometry_is_no_mark():
    result = geometry.shape_up(Shaped(np.array([None], dtype=object)), Shape.POINT)
    assert result.marks == {}
    assert result.geom[0] is None


def test_one_bad_row_leaves_the_others():
    texts = np.array([SQUARE, "POLYGON ((1 1, 1 1, 1 1, 1 1))", None, SQUARE], dtype=object)
    result = geometry.shape_up(geometry.from_wkt(texts), Shape.POLYGON)
    assert [g is not None for g in result.geom] == [True, False, False, True]
    assert result.marks["geometry_collapsed"].tolist() == [False, True, False, False]


def test_unclosed_rings_in_wkb():
    closed = shapely.to_wkb(shapely.from_wkt(SQUARE))
    opened = bytearray(closed[:-16])
    opened[9:13] = (4).to_bytes(4, "little")
    result = geometry.from_wkb(np.array([closed, bytes(opened), None, b"\x01junk"], dtype=object))
    assert [g is not None for g in result.geom] == [True, True, False, False]
    assert result.marks["ring_closed"].tolist() == [False, True, False, False]
    assert result.marks["geometry_unreadable"].tolist() == [False, False, False, True]
    assert result.geom[1].area == 16


def test_a_hole_with_two_points_does_not_stop_the_batch():
    """GEOS raises on such a ring when it drops repeated points; the row is refused, no other."""
    ring = shapely.linearrings([[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]])
    hole = shapely.linearrings([[1, 1], [1, 1], [2, 2], [1, 1]])
    good = shapely.from_wkt(SQUARE)
    rows = np.array([shapely.polygons(ring, holes=[hole]), good], dtype=object)
    result = geometry.shape_up(Shaped(rows), Shape.POLYGON)
    assert result.geom[1] is not None
