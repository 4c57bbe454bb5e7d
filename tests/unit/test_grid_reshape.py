"""Grids split, merged and carved on squares whose areas one can work out by hand."""

import pytest
import shapely

from gis.errors import BadInput
from gis.grids.reshape import Drawn, carved, merged, split

WEST = Drawn("001", shapely.box(0, 0, 2, 1), "西", 300)
EAST = Drawn("002", shapely.box(2, 0, 3, 1), "东", 200)
FAR = Drawn("003", shapely.box(9, 9, 10, 10))


def areas(drawn):
    return [(one.code, one.geom.area) for one in drawn]


def test_a_line_across_leaves_the_code_with_the_larger_part():
    line = shapely.LineString([(0.5, 0), (0.5, 1)])  # ends on the boundary, as snapping leaves it
    kept, made, east = split([WEST, EAST], 0, line)
    assert areas([kept, made, east]) == [("001", 1.5), (None, 0.5), ("002", 1.0)]
    assert (kept.name, kept.households, made.households) == ("西", None, None)


def test_a_bent_line_cuts_twice_and_parts_it_misses_stay():
    """Down at x = 0.5 and up at 1.4 in a 2 × 1 box: 0.9 + 0.6 + 0.5; the island stays."""
    both = Drawn("001", shapely.union_all([WEST.geom, FAR.geom]))
    line = shapely.LineString([(0.5, 2), (0.5, -1), (1.4, -1), (1.4, 2)])
    found = split([both], 0, line)
    assert [round(one.geom.area, 9) for one in found] == [1.9, 0.6, 0.5]
    assert sum(one.geom.area for one in found) == pytest.approx(both.geom.area)


@pytest.mark.parametrize("line", [[(0.5, 0.2), (0.5, 0.8)], [(5, 0), (5, 1)], [(1, 1), (1, 1)]])
def test_a_line_that_does_not_cross_is_refused(line):
    with pytest.raises(BadInput):
        split([WEST], 0, shapely.LineString(line))


def test_neighbours_become_one_with_the_first_code_and_all_households():
    (whole,) = merged([WEST, EAST], [1, 0])
    assert (whole.code, whole.geom.area, whole.households) == ("002", 3.0, 500)
    assert whole.geom.geom_type == "Polygon"


def test_grids_apart_are_not_merged():
    with pytest.raises(BadInput, match="touch"):
        merged([WEST, FAR], [0, 1])
    with pytest.raises(BadInput, match="two grids"):
        merged([WEST, EAST], [0, 0])


def test_a_new_grid_takes_its_ground_from_those_under_it_and_stays_inside():
    outline = shapely.box(0, 0, 3, 1)
    found = carved([WEST, EAST], shapely.box(1, 0, 5, 1), outline)
    assert areas(found) == [("001", 1.0), (None, 2.0)]  # the eastern grid lost all
    with pytest.raises(BadInput, match="outside"):
        carved([WEST], FAR.geom, outline)
