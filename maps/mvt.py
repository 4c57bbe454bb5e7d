"""Writes Mapbox vector tiles (specification 2.1): commands, features, layers as protobuf."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from gis.arrays import Ints

EXTENT = 4096  # units of a tile
POINT, LINE, POLYGON = 1, 2, 3  # geometry types, 4.3.4
_MOVE_TO, _LINE_TO, _CLOSE = 9, 2, 15  # one move; lines, their number comes in front; end of a ring
_LENGTHS = tuple(1 << bits for bits in (7, 14, 21, 28, 35))
_HEAD = 3  # numbers of a feature's first move, which differs from tile to tile

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Paths:
    """Points, lines and rings in order: piece that each belongs to, kind, number of corners.

    ``xy`` are the corners of all in units of the zoom; a ring does not repeat its first.
    """

    of: Ints
    kind: Ints
    corners: Ints
    xy: Ints


@dataclass(frozen=True)
class Written:
    """Features and the values of their rows: bytes, and where each one begins."""

    features: Bytes
    begins: Ints
    values: Bytes
    value_begins: Ints


@dataclass
class Tile:
    """What a tile holds so far."""

    features: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    count: int = 0

    def take(self, written: Written, begin: int, end: int) -> None:
        """Add the features from ``begin`` to ``end``."""
        inside = slice(written.begins[begin], written.begins[end])
        self.features.append(written.features[inside].tobytes())
        inside = slice(written.value_begins[begin], written.value_begins[end])
        self.values.append(written.values[inside].tobytes())
        self.count += end - begin


@dataclass(frozen=True)
class Features:
    """Geometry of features: ``tails`` are the commands behind the first move of each.

    Feature i has the bytes from ``begins[i]`` to ``ends[i]``, ``first`` is its first corner.
    """

    of: Ints
    kind: Ints
    first: Ints
    tails: Bytes
    begins: Ints
    ends: Ints

    def of_pieces(self, pieces: Ints) -> tuple[Ints, Ints]:
        """All features of each of ``pieces``: place in ``pieces`` and number of the feature."""
        begin = np.searchsorted(self.of, pieces)
        held, nth = repeated(np.searchsorted(self.of, pieces, side="right") - begin)
        return held, begin[held] + nth

    def messages(self, which: Ints, origin: Ints, tags: tuple[Ints, Ints, Ints] | None) -> Written:
        """The features ``which`` in tiles whose first unit is ``origin``.

        ``tags`` are row, class, and the place of the row's value among those of the tile.
        """
        tail = self.ends[which] - self.begins[which]
        x, y = zigzag(self.first[which] - origin).T
        geometry: list[int | Ints] = [_MOVE_TO, x, y]
        named: list[int | Ints] = [] if tags is None else [0, tags[2], 1, tags[1]]
        body: list[int | Ints] = [
            *([0x12, _total(named), *named] if named else []),
            0x18, self.kind[which], 0x22, _total(geometry) + tail, *geometry,
        ]  # fmt: skip
        heads, head = _lines([0x12, _total(body) + tail, *body], len(which))
        begins = _sums(head + tail)
        features = np.empty(begins[-1], np.uint8)
        features[_spans(begins[:-1], head)] = heads
        features[_spans(begins[:-1] + head, tail)] = self.tails[_spans(self.begins[which], tail)]
        if tags is None:
            return Written(features, begins, np.empty(0, np.uint8), np.zeros_like(begins))
        values, value = _lines([0x22, 1 + _size(tags[0]), 0x28, tags[0]], len(which))
        return Written(features, begins, values, _sums(value))


def features(paths: Paths) -> Features:
    """One feature per point, per lines of a piece and per areas of a piece."""
    new = (np.diff(paths.of, prepend=-1) != 0) | (np.diff(paths.kind, prepend=0) != 0)
    new = np.flatnonzero(new | (paths.kind == POINT))
    lines, ring = paths.corners > 1, paths.kind == POLYGON
    numbers = _sums(_HEAD + lines * (2 * paths.corners - 1) + ring)
    begins, corner = numbers[:-1], _sums(paths.corners)[:-1]
    path, nth = repeated(paths.corners)
    spelled = np.full(numbers[-1], _MOVE_TO)
    place = begins[path] + np.where(nth == 0, 1, 2 * nth + 2)
    spelled[place], spelled[place + 1] = zigzag(np.diff(paths.xy, axis=0, prepend=0)).T
    spelled[begins[lines] + _HEAD] = _LINE_TO | (paths.corners[lines] - 1) << 3
    spelled[numbers[1:][ring] - 1] = _CLOSE
    tails, sizes = varints(spelled)
    at = _sums(sizes)
    ends = at[np.append(begins[new[1:]], numbers[-1])] if len(new) else new
    return Features(
        paths.of[new], paths.kind[new], paths.xy[corner[new]], tails, at[begins[new] + _HEAD], ends
    )


def written(tile: Tile, name: str, *, classes: int) -> bytes:
    """The tile with its one layer, whose values are the classes and then the features' rows."""
    keys = b"\x1a\x03row\x1a\x05class" if classes else b""
    known = b"".join(b"\x22\x02\x28" + bytes([one]) for one in range(classes))
    title = name.encode()
    extent = b"\x28" + varints(np.array([EXTENT]))[0].tobytes()
    layer = b"".join([
        b"\x0a", bytes([len(title)]), title, *tile.features, keys, known, *tile.values, extent,
        b"\x78\x02",
    ])  # fmt: skip
    return b"\x1a" + varints(np.array([len(layer)]))[0].tobytes() + layer


def zigzag(values: Ints) -> Ints:
    """Whole numbers as those from 0 on: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return (values << 1) ^ (values >> 63)


def varints(values: Ints) -> tuple[Bytes, Ints]:
    """Numbers from 0 on in sevens of bits, lowest first: bytes, and how many each number takes."""
    sizes = _size(values)
    begins = _sums(sizes)
    found = np.empty(begins[-1], np.uint8)
    for nth in range(int(sizes.max(initial=0))):
        longer = sizes > nth
        more = (sizes[longer] > nth + 1) * 0x80
        found[begins[:-1][longer] + nth] = values[longer] >> 7 * nth & 0x7F | more
    return found, sizes


def repeated(counts: Ints) -> tuple[Ints, Ints]:
    """Each place as often as its count says, and the how manieth time it is: from 0 on."""
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - np.repeat(_sums(counts)[:-1], counts)


def _spans(begins: Ints, counts: Ints) -> Ints:
    which, nth = repeated(counts)
    return begins[which] + nth


def _sums(counts: Ints) -> Ints:
    """Where each begins, and at last where all end."""
    return np.append(0, np.cumsum(counts))


def _size(values: Ints) -> Ints:
    """Bytes that each number takes."""
    sizes = np.ones(values.shape, np.int64)
    for limit in _LENGTHS:
        sizes += values >= limit
    return sizes


def _total(numbers: "Sequence[int | Ints]") -> Ints:
    """Bytes that the numbers of each feature take together."""
    return reduce(np.add, [_size(np.asarray(one)) for one in numbers])


def _lines(columns: "Sequence[int | Ints]", count: int) -> tuple[Bytes, Ints]:
    """The numbers of each feature one behind the other: bytes, and how many each feature has."""
    table = np.column_stack([np.broadcast_to(one, count) for one in columns])
    found, sizes = varints(table.ravel())
    return found, sizes.reshape(table.shape).sum(axis=1)
