"""Vector tiles as other programs read them: the specification's own examples, GDAL's geometry."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader, all_tiles
from pyogrio import read_dataframe
from shapely import from_wkt

from maps import cutting, mvt, tiles

UNIT_M = 40075016.685578488 / 2**tiles.MAX_ZOOM / mvt.EXTENT  # in Mercator metres


def _numbers(coded):
    """Varints read back one by one."""
    found, value, shift = [], 0, 0
    for byte in coded.tolist():
        value, shift = value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            found, value, shift = [*found, value], 0, 0
    return found


# Section 4.3.5 of the specification; a first move is the tile's own and not in the tail.
@pytest.mark.parametrize(
    ("kind", "paths", "commands"),
    [
        (mvt.LINE, [[(2, 2), (2, 10), (10, 10)]], [18, 0, 16, 16, 0]),
        (
            mvt.LINE,
            [[(2, 2), (2, 10), (10, 10)], [(1, 1), (3, 5)]],
            [18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8],
        ),
        (mvt.POLYGON, [[(3, 6), (8, 12), (20, 34)]], [18, 10, 12, 24, 44, 15]),
        (
            mvt.POLYGON,
            [
                [(0, 0), (10, 0), (10, 10), (0, 10)],
                [(11, 11), (20, 11), (20, 20), (11, 20)],
                [(13, 13), (13, 17), (17, 17), (17, 13)],
            ],
            [26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4, 13, 26, 0,
             8, 8, 0, 0, 7, 15],
        ),
    ],
)  # fmt: skip
def test_commands_are_those_of_the_specification(kind, paths, commands):
    made = mvt.features(
        mvt.Paths(
            of=np.zeros(len(paths), int), kind=np.full(len(paths), kind),
            corners=np.array([len(one) for one in paths]), xy=np.concatenate(paths),
        )
    )  # fmt: skip
    assert made.first.tolist() == [list(paths[0][0])]
    assert _numbers(made.tails[made.begins[0] : made.ends[0]]) == commands


def test_numbers_in_sevens_of_bits():
    coded, sizes = mvt.varints(np.array([1, 150, 16_384]))
    assert coded.tolist() == [0x01, 0x96, 0x01, 0x80, 0x80, 0x01]  # 150: protobuf's own example
    assert sizes.tolist() == [1, 2, 3]


SHAPES = {
    "point": "POINT (102.7 25.04)",
    "points": "MULTIPOINT (102.7 25.04, 102.75 25.1)",
    "lines": "MULTILINESTRING ((102.7 25.04, 102.701 25.0405), (102.702 25.04, 102.703 25.041))",
    "hole": "POLYGON ((102.7 25, 102.704 25, 102.704 25.004, 102.7 25.004, 102.7 25),"
    " (102.701 25.001, 102.701 25.003, 102.703 25.003, 102.703 25.001, 102.701 25.001))",
    "islands": "MULTIPOLYGON (((102.7 25, 102.701 25, 102.7 25.001, 102.7 25)),"
    " ((102.703 25, 102.704 25, 102.703 25.001, 102.703 25)))",
    "wide": "POLYGON ((102.6 24.9, 102.8 24.95, 102.75 25.1, 102.7 25, 102.6 24.9))",
    "long": "LINESTRING (102.6 24.9, 102.8 24.95, 102.75 25.1)",
}


@pytest.mark.parametrize("name", SHAPES)
def test_gdal_finds_every_shape_where_it_is(name, tmp_path):
    frame = gpd.GeoDataFrame(geometry=[from_wkt(SHAPES[name])], crs=4326)
    (tmp_path / "one.pmtiles").write_bytes(tiles.ground_archive(frame, "one"))
    read = read_dataframe(tmp_path / "one.pmtiles", layer="one", CLIP="NO")  # with the buffers
    found, expected = read.union_all(), frame.to_crs(3857).geometry.iloc[0]
    assert found.hausdorff_distance(expected) < UNIT_M
    assert found.area == pytest.approx(expected.area, rel=0.01)


def test_a_shape_below_a_unit_is_drawn_all_the_same(tmp_path):
    tiny = [
        from_wkt("POLYGON ((102.7 25, 102.700001 25, 102.7 25.000001, 102.7 25))"),
        from_wkt("LINESTRING (102.71 25, 102.710001 25)"),
    ]
    (tmp_path / "tiny.pmtiles").write_bytes(
        tiles.ground_archive(gpd.GeoDataFrame(geometry=tiny, crs=4326), "tiny")
    )
    read = read_dataframe(tmp_path / "tiny.pmtiles", layer="tiny").to_crs(4326)
    assert set(read.geom_type) <= {"Polygon", "MultiPolygon", "LineString", "MultiLineString"}
    for one in tiny:
        assert shapely.distance(read.geometry, one).min() < 2e-5


def test_a_ring_thinner_than_a_unit_is_an_area_and_ends_before_it_began_again():
    """Three units long and a third of one wide: its far corners fall onto the near ones."""
    thin = shapely.Polygon([(0, 0.1), (3, 0.1), (3, 0.4), (0, 0.4)])
    unit = shapely.transform(np.array([thin]), lambda xy: xy / mvt.EXTENT)
    found = cutting._on_grid(unit, 0)
    ring = found.xy.tolist()
    assert found.corners.tolist() == [len(ring)]
    assert ring[0] != ring[-1]
    assert shapely.Polygon(ring).area > 0


def test_a_wide_shape_is_clipped_to_each_of_its_tiles():
    corners = np.column_stack([np.linspace(102.6, 102.8, 4_000), np.full(4_000, 25.0)])
    wall = shapely.LineString(corners)
    packed = tiles.ground_archive(gpd.GeoDataFrame(geometry=[wall], crs=4326), "wall")
    held = [len(content) for _, content in all_tiles(MemorySource(packed))]
    assert len(held) >= 10  # 0.2° in tiles of 0.022°
    assert Reader(MemorySource(packed)).header()["max_zoom"] == tiles.MAX_ZOOM
    assert max(held) < 4_000
