"""Texts that somebody brings: found by their digest, few, and for some days."""

import os
import time

import pytest

from api.kept import Kept


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path / "texts", ".txt", days=7, most=3)


def brought(kept, text, *, days_ago):
    """The text as somebody has brought it some days ago."""
    key = kept.keep(text)
    when_s = time.time() - days_ago * 86_400
    os.utime(kept.folder / f"{key}.txt", (when_s, when_s))
    return key


def test_a_text_is_found_by_what_it_says_and_is_the_services_alone(kept):
    key = kept.keep("网格")
    assert kept.keep("网格") == key != kept.keep("other")
    assert kept.text(key) == "网格"
    assert kept.text("0" * 32) is None
    assert {path.stat().st_mode & 0o777 for path in kept.folder.iterdir()} == {0o600}
    assert len(list(kept.folder.iterdir())) == 2, "nothing half written stays beside them"


def test_the_oldest_leaves_where_there_are_too_many(kept):
    keys = [brought(kept, f"{n}", days_ago=5 - n) for n in range(4)]
    assert [kept.text(key) for key in keys] == [None, "1", "2", "3"]


def test_what_nobody_brings_again_leaves_after_some_days(kept):
    old, again = (brought(kept, text, days_ago=8) for text in ("old", "again"))
    assert kept.keep("again") == again
    assert (kept.text(old), kept.text(again)) == (None, "again")
