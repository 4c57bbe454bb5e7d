"""Archives of large layers: every row is in them once, with its class, and they repeat exactly."""

import numpy as np
import pytest
from pmtiles.reader import MemorySource, Reader
from pyogrio import read_dataframe

from gis.layers.model import layer
from maps import records, tiles


@pytest.fixture(scope="module")
def many(samples):
    return records.of(layer("rating"), samples.rating(3_400), internal=False)


@pytest.fixture(scope="module")
def archive(many):
    return tiles.archive(many)


def test_more_than_the_canvas_can_take_are_tiles(samples, many):
    assert many.tiled
    assert not records.of(layer("rating"), samples.rating(3_000), internal=False).tiled


@pytest.mark.parametrize("zoom", [tiles.MIN_ZOOM, 11, tiles.MAX_ZOOM])
def test_every_row_is_in_the_tiles_of_every_zoom(many, archive, tmp_path, zoom):
    path = tmp_path / "layer.pmtiles"
    path.write_bytes(archive)
    shown = read_dataframe(path, layer="rating", ZOOM_LEVEL=str(zoom))  # GDAL is the reader
    classes = shown.drop_duplicates("row").set_index("row")["class"].sort_index()
    assert classes.index.tolist() == list(range(len(many)))
    assert np.array_equal(classes.to_numpy(), many.classes.of)


def test_tiles_hold_numbers_and_no_words(archive):
    fields = Reader(MemorySource(archive)).metadata()["vector_layers"][0]["fields"]
    assert set(fields) == {"row", "class"}


def test_the_same_rows_make_the_same_archive(samples, archive):
    again = records.of(layer("rating"), samples.rating(3_400), internal=False)
    assert tiles.archive(again) == archive
