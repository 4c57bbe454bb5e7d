"""Pages saved one after the other: what the next ones do not need is let go, and none changes."""

import pytest

from api.files import outputs
from api.files.frames import Frames, page_layers
from gis.layers.service import Scope
from maps import records


@pytest.fixture
def crowded(monkeypatch):
    """The small demo's layers are as many features as a city's: they are drawn from tiles."""
    monkeypatch.setattr(records, "CANVAS_LIMIT", 20)


def test_what_a_page_has_shown_is_let_go_and_the_next_pages_are_the_same(demo_store, crowded):
    pages = ("rental", "cameras", "view_fields", "video_places", "combined")
    scope = Scope(internal=True)
    with demo_store.begin() as session:
        alone = {
            name: outputs.build_page(Frames(session, demo_store.house, scope), name)
            for name in pages
        }
        frames = Frames(session, demo_store.house, scope)
        for name in pages:
            assert outputs.build_page(frames, name) == alone[name], name
            frames.settle()
            assert outputs.build_page(frames, name) == alone[name], name
        read = {one for name in pages for one in page_layers(name, scope)}
        assert len(read) > 10
        assert {len(frames.layer(name).features) for name in read} == {0}


def test_a_page_whose_layers_are_few_is_the_same_after_it(demo_store):
    with demo_store.begin() as session:
        frames = Frames(session, demo_store.house, Scope())
        first = outputs.build_page(frames, "coverage")
        frames.settle()
        assert outputs.build_page(frames, "coverage") == first
        assert '"households"' in first
        assert frames.layer("coverage").features.empty
