"""Pieces of streets and the ground in front of key places, on squares one can count."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from gis.video.ground.places import cut, fronts
from gis.video.kernels.obstacles import Obstacles


def shapes(*some):
    return np.array(some, dtype=object)


def houses(*footprints):
    return Obstacles.of(shapes(*footprints), np.full(len(footprints), np.nan))


def test_a_street_is_cut_at_the_borders_of_cells_and_the_rest_is_kept():
    lines = shapes(LineString([(-10, 5), (25, 5)]), LineString([(0, 50), (9, 50)]))
    piece, line, cell, rest = cut(lines, shapes(box(0, 0, 10, 10), box(10, 0, 20, 10)))
    assert (line.tolist(), cell.tolist()) == ([0, 0], [0, 1])
    assert shapely.length(piece).tolist() == [10, 10]
    assert shapely.length(rest).tolist() == [10 + 5, 9]


def test_a_street_on_the_border_of_two_cells_counts_once():
    street = shapes(LineString([(10, 0), (10, 10)]))
    piece, _, cell, rest = cut(street, shapes(box(0, 0, 10, 10), box(10, 0, 20, 10)))
    assert (cell.tolist(), shapely.length(piece).tolist()) == ([0], [10])
    assert shapely.length(rest).tolist() == [0]


def test_cells_that_overlap_share_nothing_and_touching_is_no_piece():
    lines = shapes(LineString([(0, 5), (30, 5)]), LineString([(-5, 10), (0, 10)]))
    piece, line, cell, _ = cut(lines, shapes(box(0, 0, 20, 10), box(10, 0, 30, 10)))
    assert (line.tolist(), cell.tolist()) == ([0, 0], [0, 1])
    assert shapely.length(piece).tolist() == [20, 10]


def test_a_key_place_in_a_building_is_seen_by_the_ground_round_the_whole_building():
    """A house of 10 by 20 m with 5 m round it, and round corners: 2·5·30 + π·25, less a neighbour
    5 m wide that takes 10 m of one side."""
    ground = fronts(
        shapes(Point(3, 3)), houses(box(0, 0, 10, 20), box(10, 5, 15, 15)), margin_m=5.0
    )
    assert shapely.area(ground)[0] == pytest.approx(300 + 25 * np.pi - 50, rel=0.01)


def test_an_open_place_counts_itself_and_a_walled_in_one_has_no_ground():
    field, hole = box(0, 0, 40, 30), Point(100, 100)
    ground = fronts(shapes(field, hole), houses(box(90, 90, 110, 110).buffer(6)), margin_m=5.0)
    assert shapely.area(ground)[0] == pytest.approx(1200 + 2 * 5 * 70 + 25 * np.pi, rel=0.01)
    around = fronts(
        shapes(hole), houses(Point(100, 100).buffer(2), box(50, 50, 150, 150)), margin_m=0.0
    )
    assert shapely.area(around)[0] == 0
