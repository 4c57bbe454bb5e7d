"""Code lists: what leaves the store is read back as the same word; the page shows every code."""

from pathlib import Path

import pytest

from data.ingest.fields import field, fold
from data.ingest.fields.video_words import DIRECTION_TYPES
from data.ingest.types import Kind
from gis.video import codelists
from gis.video.codelists import LISTS
from gis.video.model import Camera

PAGE = Path(__file__).resolve().parents[2] / "docs" / "video-codes.md"


@pytest.mark.parametrize("name", ["point_class", "kind", "status", "indoor", "light", "imaging",
                                  "capture_direction"])  # fmt: skip
def test_numbers_and_chinese_names_come_back_as_the_stored_word(name):
    (known,) = [one for one in LISTS if one.field == name]
    lookup = field(Kind.CAMERAS, name).lookup
    for code in known.codes:
        written = [text for text in (code.number, code.zh) if text]
        assert {lookup.get(fold(text)) for text in written} == {code.word}


def test_directions_look_towards_the_named_side():
    assert {code.number: code.word for code in codelists.DIRECTION.codes} == {
        names[0]: degrees for degrees, names in DIRECTION_TYPES.items()
    }


def test_every_list_is_of_a_stored_field_or_a_part_of_the_id():
    named = {one.field.split()[0] for one in LISTS}
    assert named - {c.name for c in Camera.__table__.c} <= {"direction_type"}


def test_the_page_is_what_the_code_says():
    assert codelists.page() == PAGE.read_text("utf-8")
