"""How deep a WKB geometry is nested, found without recursion; GEOS itself reads it recursively."""

import struct

MOST = 32  # levels of collections that are read; real files have three
_SIMPLE = {
    1: 0,
    2: 1,
    8: 1,
    3: 2,
    17: 2,
}  # type -> 0 a point, 1 a list of points, 2 a list of lists


def too_deep(wkb: bytes) -> bool:
    """Whether ``wkb`` (ISO or EWKB) holds collections nested more than `MOST` deep."""
    try:
        return _walk(wkb)
    except struct.error:
        return False  # cut short: the reader says so


def _walk(wkb: bytes) -> bool:
    at, left = 0, [1]  # members still to come, level by level
    while left:
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        order = "<" if wkb[at : at + 1] == b"\1" else ">"
        kind, size, at = _head(wkb, at, order)
        if kind in _SIMPLE:
            at = _skip(wkb, at, order, _SIMPLE[kind], size)
            continue
        (count,) = struct.unpack_from(order + "I", wkb, at)
        at += 4
        left.append(count)
        if len(left) > MOST:
            return True
    return False


def _head(wkb: bytes, at: int, order: str) -> tuple[int, int, int]:
    """Type, bytes of a position and where the content begins."""
    (word,) = struct.unpack_from(order + "I", wkb, at + 1)
    iso = (word & 0xFFFF) // 1000
    axes = 2 + (iso in (1, 3) or bool(word >> 31)) + (iso in (2, 3) or bool(word >> 30 & 1))
    return (word & 0xFFFF) % 1000, 8 * axes, at + 5 + (4 if word >> 29 & 1 else 0)


def _skip(wkb: bytes, at: int, order: str, lists: int, size: int) -> int:
    if lists == 0:
        return at + size
    count: int = struct.unpack_from(order + "I", wkb, at)[0]
    at += 4
    if lists == 1:
        return at + count * size
    for _ in range(count):
        at = _skip(wkb, at, order, 1, size)
    return at
