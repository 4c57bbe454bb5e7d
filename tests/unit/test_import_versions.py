"""Fitting versions of a code into its timeline: no day has two, whatever comes in."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from data.ingest.versions import Version, fit

DAY = date(2020, 1, 1)


def day(number: int) -> date:
    return DAY + timedelta(days=number)


@st.composite
def timelines(draw):
    """Versions in a store, one after another, and rows of a file that know nothing of them."""
    cuts = draw(st.lists(st.integers(0, 20), unique=True, max_size=5).map(sorted))
    stored = []
    for number, (start, following) in enumerate(zip(cuts, [*cuts, None][1:], strict=True)):
        end = draw(st.integers(start + 1, following or 30)) if following else None
        stored.append(Version("C", day(start), None if end is None else day(end), id=number))
    starts = draw(st.lists(st.integers(0, 20), unique=True, max_size=5))
    incoming = []
    for row, start in enumerate(starts, start=1):
        length = draw(st.none() | st.integers(1, 10))
        end = None if length is None else day(start + length)
        incoming.append(Version("C", day(start), end, row=row))
    return stored, incoming


def resulting(stored, incoming):
    """The timeline after what `fit` says is written, by plain rules."""
    found = fit([*stored, *incoming])
    kept = {v.start: (v.start, found.closed.get(v.id, v.end)) for v in stored}
    kept |= {
        v.start: (v.start, found.ends.get(v.row, v.end))
        for v in incoming
        if v.row not in found.refused
    }
    return found, sorted(kept.values())


@given(timelines())
def test_no_day_has_two_versions(timeline):
    _, kept = resulting(*timeline)
    for (_, end), (following, _) in pairwise(kept):
        assert end is not None
        assert end <= following


@given(timelines())
def test_only_new_ends_are_written_and_a_second_time_changes_nothing(timeline):
    stored, incoming = timeline
    found, kept = resulting(stored, incoming)
    given_ends = {v.row: v.end for v in incoming}
    assert all(given_ends[row] != end for row, end in found.ends.items())
    assert not found.ends.keys() & found.refused.keys()
    accepted = [v for v in incoming if v.row not in found.refused]
    again = [Version("C", start, end, id=number) for number, (start, end) in enumerate(kept)]
    second, after = resulting(again, accepted)
    assert (second.closed, second.refused, after) == ({}, {}, kept)


def test_codes_are_fitted_one_by_one():
    """A has an open version that a newer one ends; B, of the same days, has nothing before it."""
    old = Version("A", day(0), None, id=7)
    newer, other = Version("A", day(5), None, row=1), Version("B", day(5), None, row=2)
    found = fit([old, newer, other])
    assert (found.closed, found.ends, found.refused) == ({7: day(5)}, {}, {})
