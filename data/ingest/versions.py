"""Fits new versions of codes between those in the store, so that no day has two (pure)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from operator import attrgetter


@dataclass(frozen=True)
class Version:
    """One version: valid from ``start`` (inclusive) to ``end`` (exclusive, None: open).

    ``row`` is its row in the file, ``id`` its record in the store; one of them is None.
    """

    key: str
    start: date
    end: date | None
    row: int | None = None
    id: int | None = None


@dataclass
class Fit:
    """What to write: new ends of the file's rows and of stored versions, rows that do not fit.

    ``older`` are rows that a newer version in the store follows; ``refused`` says per row which
    version stands in its way, as ``start/end``.
    """

    ends: dict[int, date] = field(default_factory=dict)
    closed: dict[int, date] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    older: set[int] = field(default_factory=set)


def fit(versions: Iterable[Version]) -> Fit:
    """Place the versions of a file into the store's timelines, code by code, in order of start.

    ``versions`` are those of the store and of the file, all of one key after one another. A
    version with the start of a stored one takes its place and keeps its end if it names none. A
    newer one ends the open version before it. One without end in front of others ends where the
    next begins. Whatever would still share a day with another version is refused.
    """
    result = Fit()
    for _, line in groupby(versions, key=attrgetter("key")):
        _fit_line(list(line), result)
    return result


def _fit_line(versions: list[Version], result: Fit) -> None:
    """The same for one key."""
    line = sorted((v for v in versions if v.row is None), key=lambda v: v.start)
    given = {v.row: v for v in versions if v.row is not None}
    for version in sorted(given.values(), key=lambda v: (v.start, v.row or 0)):
        _insert(line, version, result)
    for fitted in line:
        if fitted.row is not None and fitted.end not in (None, given[fitted.row].end):
            result.ends[fitted.row] = fitted.end


def _insert(line: list[Version], new: Version, result: Fit) -> None:
    assert new.row is not None
    starts = [v.start for v in line]
    at, after = bisect_left(starts, new.start), bisect_right(starts, new.start)
    before = line[at - 1] if at else None
    following = line[after] if after < len(line) else None
    if new.end is None and after > at:
        new = replace(new, end=line[at].end)
    if new.end is None and following is not None:
        new = replace(new, end=following.start)
    for other in _clashes(before, new, following):
        result.refused[new.row or 0] = f"{other.start}/{other.end or ''}"
        return
    if before is not None and before.end is None:
        line[at - 1] = replace(before, end=new.start)
        if before.id is not None:
            result.closed[before.id] = new.start
    if following is not None and following.id is not None and after == at:
        result.older.add(new.row or 0)
    line[at:after] = [new]


def _clashes(before: Version | None, new: Version, following: Version | None) -> list[Version]:
    clashes = []
    if before is not None and before.end is not None and before.end > new.start:
        clashes.append(before)
    if following is not None and new.end is not None and new.end > following.start:
        clashes.append(following)
    return clashes
