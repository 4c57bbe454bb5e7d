"""Archives of large layers: every row is in them once, with its class, and they repeat exactly."""

import numpy as np
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader
from pyogrio import read_dataframe

from gis.layers.model import layer
from maps import records, tiles


@pytest.fixture(scope="module")
def many(samples):
    return records.of(layer("rating"), samples.rating(3_400))


@pytest.fixture(scope="module")
def archive(many):
    return tiles.archive(many)


def test_more_than_the_canvas_can_take_are_tiles(samples, many):
    assert many.tiled
    assert not records.of(layer("rating"), samples.rating(3_000)).tiled


@pytest.mark.parametrize("zoom", [tiles.MIN_ZOOM, 11, tiles.MAX_ZOOM])
def test_every_row_is_in_the_tiles_of_every_zoom(many, archive, tmp_path, zoom):
    path = tmp_path / "layer.pmtiles"
    path.write_bytes(archive)
    shown = read_dataframe(path, layer="rating", ZOOM_LEVEL=str(zoom))  # GDAL is the reader
    classes = shown.drop_duplicates("row").set_index("row")["class"].sort_index()
    assert classes.index.tolist() == list(range(len(many)))
    assert np.array_equal(classes.to_numpy(), many.classes.of)


def squares(width_deg, count=9):
    """That many squares with sides of ``width_deg`` side by side."""
    west = 102.0 + np.arange(count) * width_deg
    return shapely.box(west, 25.0, west + width_deg, 25.0 + width_deg)


def test_a_crowd_is_drawn_from_where_its_larger_shapes_are_a_pixel_wide(monkeypatch):
    monkeypatch.setattr(tiles, "_CROWD", 5)
    pixel_deg = 360 / 256 / 2**12  # of a tile of 256 pixels at zoom 12
    for width_deg, zoom in ((pixel_deg * 1.01, 12), (pixel_deg * 0.99, 13),
                            (1.0, tiles.MIN_ZOOM), (1e-9, tiles.MAX_ZOOM)):  # fmt: skip
        assert tiles._first_zoom(squares(width_deg)) == zoom
    assert tiles._first_zoom(squares(pixel_deg, count=5)) == tiles.MIN_ZOOM, "no crowd"
    mostly_points = np.concatenate([shapely.points([[102, 25]] * 6), squares(pixel_deg, count=5)])
    assert tiles._first_zoom(mostly_points) == tiles.MIN_ZOOM, "points are seen from anywhere"


def test_tiles_hold_numbers_and_no_words(archive):
    fields = Reader(MemorySource(archive)).metadata()["vector_layers"][0]["fields"]
    assert set(fields) == {"row", "class"}


def test_the_same_rows_make_the_same_archive(samples, archive):
    again = records.of(layer("rating"), samples.rating(3_400))
    assert tiles.archive(again) == archive
