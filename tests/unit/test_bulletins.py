"""Small counts on an open page: by hand, and by an attacker who knows the rule."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from gis.bulletins.analysis import published_counts


def test_small_kinds_are_summed():
    found = published_counts({"theft": 12, "noise": 7, "fire": 3, "fraud": 4}, listed=18, below=5)
    assert (found.kinds, found.rest, found.total) == ({"theft": 12, "noise": 7}, 7, 26)


def test_a_small_rest_takes_the_total_along():
    found = published_counts({"theft": 12, "fire": 3}, listed=3, below=5)
    assert (found.kinds, found.rest, found.total) == ({"theft": 12}, None, None)


def test_the_most_that_small_kinds_can_have_would_tell_each_of_them():
    found = published_counts({"fire": 4, "fraud": 4}, listed=2, below=5)
    assert (found.kinds, found.rest, found.total) == ({}, None, None)


def test_a_month_without_incidents_says_so():
    found = published_counts({}, listed=3, below=5)
    assert (found.kinds, found.rest, found.total) == ({}, 0, 0)


@given(st.lists(st.integers(0, 12), min_size=3, max_size=3))
def test_no_small_count_follows_from_what_is_shown(counts):
    """Of all months that would look the same, no kind has one possible small count only."""
    names = ("a", "b", "c")
    shown = published_counts(dict(zip(names, counts, strict=True)), listed=3, below=5)
    alike = [
        other for other in product(range(13), repeat=len(names))
        if published_counts(dict(zip(names, other, strict=True)), listed=3, below=5) == shown
    ]  # fmt: skip
    for at, times in enumerate(counts):
        if 0 < times < 5:
            assert len({other[at] for other in alike}) > 1
