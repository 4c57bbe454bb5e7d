"""Compiled kernel, second half: rings of what a camera sees, one set per range, for many cameras.

Between two neighbouring strips without a gap the outer boundary runs on; a gap ends a part. The
inner boundary is the circle of the near blind zone, or the camera's own foot.
"""

import math

import numpy as np

from gis.arrays import Floats, Ints
from gis.video.kernels.compiled import compiled
from gis.video.kernels.visibility import ARC, collect, envelope, on_ray, strips

_REPEATED_M = 1e-3  # vertices closer than this are one
_ARC_RAD = math.radians(2.0)  # chords of 2° take 0.02 % off a circle's area, and never add any


@compiled
def _vertex(ring: Floats, at: int, angle: float, distance_m: float) -> int:
    x, y = distance_m * math.cos(angle), distance_m * math.sin(angle)
    if at > 0 and math.hypot(x - ring[at - 1, 0], y - ring[at - 1, 1]) < _REPEATED_M:
        return at
    ring[at, 0], ring[at, 1] = x, y
    return at + 1


@compiled
def _arc(ring: Floats, at: int, begin: float, end: float, distance_m: float) -> int:
    steps = max(math.ceil(abs(end - begin) / _ARC_RAD), 1)
    for k in range(steps + 1):
        at = _vertex(ring, at, begin + (end - begin) * k / steps, distance_m)
    return at


@compiled
def _closed(ring: Floats, at: int) -> int:
    """Close the ring; 0 vertices for one that encloses nothing."""
    while at > 1 and math.hypot(ring[at - 1, 0] - ring[0, 0], ring[at - 1, 1] - ring[0, 1]) < (
        _REPEATED_M
    ):
        at -= 1
    if at < 3:
        return 0
    ring[at, 0], ring[at, 1] = ring[0, 0], ring[0, 1]
    return at + 1


@compiled
def _first(lo: Floats, hi: Floats, count: int, whole: bool) -> int:
    """The strip that begins a part; -1 for a full circle without a gap."""
    if not whole or lo[0] != -math.pi or hi[count - 1] != math.pi:
        return 0
    for i in range(1, count):
        if lo[i] != hi[i - 1]:
            return i
    return -1


@compiled
def _keep(
    out: Floats, used: int, ring: Floats, size: int, x: float, y: float, axis: float
) -> Floats:
    """Append a ring, turned and moved to its place; the buffer doubles where it is full."""
    if used + size > len(out):
        grown = np.empty((2 * (used + size), 2))
        grown[:used] = out[:used]
        out = grown
    cos_a, sin_a = math.cos(axis), math.sin(axis)
    for i in range(size):
        out[used + i, 0] = x + ring[i, 0] * cos_a - ring[i, 1] * sin_a
        out[used + i, 1] = y + ring[i, 0] * sin_a + ring[i, 1] * cos_a
    return out


@compiled
def _outer(
    ring: Floats, ends: Floats, lo: Floats, hi: Floats, kind: Ints, edge: Ints,
    at: int, i: int, reach_m: float,
) -> int:  # fmt: skip
    """The outer boundary along one strip."""
    if kind[i] == ARC:
        return _arc(ring, at, lo[i], hi[i], reach_m)
    at = _vertex(ring, at, lo[i], min(on_ray(ends, edge[i], lo[i]), reach_m))
    return _vertex(ring, at, hi[i], min(on_ray(ends, edge[i], hi[i]), reach_m))


@compiled
def _pieces(
    x_m: float, y_m: float, axis: float, half: float, reach_m: float,
    buildings: Ints, edge_start: Ints, edges: Floats,
) -> tuple[Floats, Floats, Ints, int]:  # fmt: skip
    """The nearest edges of one camera: ends, cuts, owner and number of the pieces."""
    walls = 0
    for building in buildings:
        walls += edge_start[building + 1] - edge_start[building]
    most = 2 * walls + 2
    ends, span, near = np.empty((most, 4)), np.empty((most, 2)), np.empty(most)
    count = collect(x_m, y_m, axis, half, reach_m, buildings, edge_start, edges, ends, span, near)
    room = 4 * count + 4  # an envelope of n edges has fewer than 4n pieces
    cuts, owner, far = np.empty(room), np.empty(room, np.int64), np.empty(room)
    new_cuts, new_owner, new_far = np.empty(room), np.empty(room, np.int64), np.empty(room)
    size = envelope(
        ends, span, near, count, half, cuts, owner, far, new_cuts, new_owner, new_far
    )  # fmt: skip
    return ends, cuts, owner, size


@compiled
def _ring(
    ends: Floats, lo: Floats, hi: Floats, kind: Ints, edge: Ints, count: int, first: int,
    whole: bool, near_m: float, reach_m: float,
) -> tuple[Floats, int, int]:  # fmt: skip
    """One part that begins at strip ``first``: its ring, number of vertices and of strips."""
    ring = np.empty((3 * count + 800, 2))
    at, taken, width = 0, 0, 0.0
    while taken < count:
        i = (first + taken) % count
        before = (i - 1) % count
        if taken > 0 and lo[i] != hi[before] and not (i == 0 and whole):
            break
        at = _outer(ring, ends, lo, hi, kind, edge, at, i, reach_m)
        width += hi[i] - lo[i]
        taken += 1
    if near_m > 0.0:
        at = _arc(ring, at, lo[first] + width, lo[first], near_m)
    else:
        at = _vertex(ring, at, 0.0, 0.0)
    return ring, _closed(ring, at), taken


@compiled
def _circles(
    ends: Floats, lo: Floats, hi: Floats, kind: Ints, edge: Ints, count: int,
    near_m: float, reach_m: float,
) -> tuple[Floats, int, Floats, int]:  # fmt: skip
    """Outer ring and blind hole of a view all round without a gap."""
    ring, hole = np.empty((3 * count + 800, 2)), np.empty((800, 2))
    at = 0
    for i in range(count):
        at = _outer(ring, ends, lo, hi, kind, edge, at, i, reach_m)
    inner = _closed(hole, _arc(hole, 0, math.pi, -math.pi, near_m)) if near_m > 0.0 else 0
    return ring, _closed(ring, at), hole, inner


@compiled
def seen(
    x_m: Floats, y_m: Floats, axis_rad: Floats, half_rad: Floats, near_m: Floats, reach_m: Floats,
    pair_start: Ints, pair_building: Ints, edge_start: Ints, edges: Floats,
) -> tuple[Floats, Ints, Ints, Ints]:  # fmt: skip
    """Ground seen by each camera within each of its reaches, as ragged arrays of rings.

    Parameters
    ----------
    x_m, y_m, axis_rad, half_rad, near_m : (n,) float
        Place; mathematical direction of the sector's axis and half its width (π: all round); radius
        of the blind zone under the camera.
    reach_m : (n, q) float
        Ranges; a field for each, empty where the range does not exceed ``near_m``.
    pair_start, pair_building : (n + 1,), (p,) int
        Camera i is to be tested against pair_building[pair_start[i]:pair_start[i + 1]].
    edge_start, edges : (b + 1,) int, (e, 4) float
        Walls of each building, from x, y to x, y, with the building on their left.

    Returns
    -------
    Vertices (v, 2); first vertex of each ring; first ring of each part; first part of each field
    (field i·q + k: camera i, range k), every one with a last entry that closes the list.
    """
    out, used = np.empty((64 * len(x_m) + 64, 2)), 0
    ring_start, part_start, field_start = [0], [0], [0]
    for i in range(len(x_m)):
        half, near = half_rad[i], near_m[i]
        buildings = pair_building[pair_start[i] : pair_start[i + 1]]
        ends, cuts, owner, size = _pieces(
            x_m[i], y_m[i], axis_rad[i], half, reach_m[i].max(), buildings, edge_start, edges
        )
        lo, hi = np.empty(4 * size), np.empty(4 * size)
        kind, edge = np.empty(4 * size, np.int64), np.empty(4 * size, np.int64)
        for reach in reach_m[i]:
            count = 0
            if reach > near:
                count = strips(ends, cuts, owner, size, near, reach, lo, hi, kind, edge)
            first = _first(lo, hi, count, half == math.pi) if count else 0
            if first < 0:
                ring, n, hole, inner = _circles(
                    ends, lo, hi, kind, edge, count, near, reach
                )  # fmt: skip
                for line, vertices in ((ring, n), (hole, inner)):
                    if vertices:
                        out = _keep(out, used, line, vertices, x_m[i], y_m[i], axis_rad[i])
                        used += vertices
                        ring_start.append(used)
                part_start.append(len(ring_start) - 1)
                count = 0
            done = 0
            while done < count:
                ring, n, taken = _ring(
                    ends, lo, hi, kind, edge, count, (first + done) % count,
                    half == math.pi, near, reach,
                )  # fmt: skip
                done += taken
                if n:
                    out = _keep(out, used, ring, n, x_m[i], y_m[i], axis_rad[i])
                    used += n
                    ring_start.append(used)
                    part_start.append(len(ring_start) - 1)
            field_start.append(len(part_start) - 1)
    return out[:used], np.array(ring_start), np.array(part_start), np.array(field_start)
