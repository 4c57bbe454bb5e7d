"""Compiled kernel: what a point sees in a sector, exactly, up to several ranges at once.

The nearest edge in every direction is kept as a list of angular pieces (the lower envelope of the
edges in polar coordinates). Edges come in the order of their distance; each replaces the pieces
that it lies before, and where it crosses one the piece is cut at the crossing. When all pieces
are nearer than the next edge, the rest cannot be seen. Angles are radians from the sector's axis.
"""

import math

import numpy as np

from gis.arrays import Floats, Ints
from gis.video.kernels.compiled import compiled

_EQUAL_M = 1e-7  # two edges this close along a ray meet there
_NARROW_M = 5e-4  # a slit narrower than this at full range is rounding, not a view
_FLAT_RAD = 1e-9  # an edge this narrow is seen end on
_FREE = -1  # a piece without an edge: seen up to the range

ARC, WALL = 1, 2


@compiled
def _distance(px: float, py: float, qx: float, qy: float, ux: float, uy: float) -> float:
    """Metres along the unit ray u to the line p→q, kept between the ends' extremes."""
    vx, vy = qx - px, qy - py
    turn = ux * vy - uy * vx
    dp, dq = math.hypot(px, py), math.hypot(qx, qy)
    if turn <= 0.0:
        return min(dp, dq)
    along = (px * vy - py * vx) / turn
    return min(max(along, _foot_distance(px, py, qx, qy)), max(dp, dq))


@compiled
def _foot_distance(px: float, py: float, qx: float, qy: float) -> float:
    """Metres from the origin to the line p→q."""
    return abs(px * qy - py * qx) / math.hypot(qx - px, qy - py)


@compiled
def _segment_distance(px: float, py: float, qx: float, qy: float) -> float:
    """Metres from the origin to the segment p→q."""
    vx, vy = qx - px, qy - py
    share = min(max(-(px * vx + py * vy) / (vx * vx + vy * vy), 0.0), 1.0)
    return math.hypot(px + share * vx, py + share * vy)


@compiled
def collect(
    x_m: float, y_m: float, axis: float, half: float, reach_m: float,
    buildings: Ints, edge_start: Ints, edges: Floats,
    ends: Floats, span: Floats, near: Floats,
) -> int:  # fmt: skip
    """Front edges within reach and sector: ``ends`` (px, py, qx, qy), ``span``, distance ``near``.

    Edges have the building on their left, so a wall that faces the camera runs clockwise; it is
    turned round here. An edge across the back of a full circle becomes two spans.
    """
    count = 0
    cos_a, sin_a = math.cos(axis), math.sin(axis)
    for building in buildings:
        for e in range(edge_start[building], edge_start[building + 1]):
            ax, ay = edges[e, 0] - x_m, edges[e, 1] - y_m
            bx, by = edges[e, 2] - x_m, edges[e, 3] - y_m
            facing = bx * ay - by * ax
            if facing <= 0.0:
                continue
            away = _segment_distance(bx, by, ax, ay)
            if away >= reach_m:
                continue
            px, py = bx * cos_a + by * sin_a, by * cos_a - bx * sin_a
            qx, qy = ax * cos_a + ay * sin_a, ay * cos_a - ax * sin_a
            begin = math.atan2(py, px)
            end = begin + math.atan2(facing, px * qx + py * qy)
            for turn in range(2):
                lo = max(begin - turn * 2 * math.pi, -half)
                hi = min(end - turn * 2 * math.pi, half)
                if hi - lo > _FLAT_RAD:
                    ends[count, 0], ends[count, 1], ends[count, 2], ends[count, 3] = px, py, qx, qy
                    span[count, 0], span[count, 1], near[count] = lo, hi, away
                    count += 1
    return count


@compiled
def on_ray(ends: Floats, edge: int, angle: float) -> float:
    if edge == _FREE:
        return math.inf
    p = ends[edge]
    return _distance(p[0], p[1], p[2], p[3], math.cos(angle), math.sin(angle))


@compiled
def _crossing(ends: Floats, e: int, f: int) -> float:
    """Angle at which the lines of two edges meet."""
    vx, vy = ends[e, 2] - ends[e, 0], ends[e, 3] - ends[e, 1]
    wx, wy = ends[f, 2] - ends[f, 0], ends[f, 3] - ends[f, 1]
    det = vx * wy - vy * wx
    if det == 0.0:
        return math.nan
    along = ((ends[f, 0] - ends[e, 0]) * wy - (ends[f, 1] - ends[e, 1]) * wx) / det
    return math.atan2(ends[e, 1] + along * vy, ends[e, 0] + along * vx)


@compiled
def _turned(angle: float, towards: float) -> float:
    """The same direction, written as the angle nearest to ``towards``."""
    return angle + 2 * math.pi * round((towards - angle) / (2 * math.pi))


@compiled
def _put(cuts: Floats, owner: Ints, far: Floats, at: int, lo: float, edge: int, r: float) -> int:
    """Append a piece that begins at ``lo``; one with the edge of the last piece prolongs that."""
    if at > 0 and owner[at - 1] == edge:
        far[at - 1] = max(far[at - 1], r)
        return at
    cuts[at], owner[at], far[at] = lo, edge, r
    return at + 1


@compiled
def _insert(
    ends: Floats, edge: int, lo: float, hi: float, near: float,
    cuts: Floats, owner: Ints, far: Floats, size: int,
    new_cuts: Floats, new_owner: Ints, new_far: Floats,
) -> int:  # fmt: skip
    """Lay one edge over ``size`` pieces (piece i: cuts[i] to cuts[i+1]) into the new_ arrays."""
    at = 0
    for i in range(size):
        a, b, old, old_far = cuts[i], cuts[i + 1], owner[i], far[i]
        if b <= lo or a >= hi or near >= old_far:
            at = _put(new_cuts, new_owner, new_far, at, a, old, old_far)
            continue
        s, t = max(a, lo), min(b, hi)
        old_s, old_t = on_ray(ends, old, s), on_ray(ends, old, t)
        own_s, own_t = on_ray(ends, edge, s), on_ray(ends, edge, t)
        own_far = max(own_s, own_t)
        before_s, before_t = own_s < old_s - _EQUAL_M, own_t < old_t - _EQUAL_M
        behind_s, behind_t = own_s > old_s + _EQUAL_M, own_t > old_t + _EQUAL_M
        if a < s:
            at = _put(new_cuts, new_owner, new_far, at, a, old, old_far)
        if not (before_s or before_t):
            at = _put(new_cuts, new_owner, new_far, at, s, old, old_far)
        elif not (behind_s or behind_t):
            at = _put(new_cuts, new_owner, new_far, at, s, edge, own_far)
        else:
            cut = _crossing(ends, old, edge)
            cut = t if math.isnan(cut) else min(max(_turned(cut, (s + t) / 2), s), t)
            first, second = (edge, old) if before_s else (old, edge)
            f_first, f_second = (own_far, old_far) if before_s else (old_far, own_far)
            at = _put(new_cuts, new_owner, new_far, at, s, first, f_first)
            at = _put(new_cuts, new_owner, new_far, at, cut, second, f_second)
        if t < b:
            at = _put(new_cuts, new_owner, new_far, at, t, old, old_far)
    new_cuts[at] = cuts[size]
    return at


@compiled
def envelope(
    ends: Floats, span: Floats, near: Floats, count: int, half: float,
    cuts: Floats, owner: Ints, far: Floats,
    other_cuts: Floats, other_owner: Ints, other_far: Floats,
) -> int:  # fmt: skip
    """Nearest edge per direction; the answer stands in ``cuts`` and ``owner``."""
    cuts[0], cuts[1], owner[0], far[0] = -half, half, _FREE, math.inf
    size = 1
    for edge in np.argsort(near[:count]):
        if near[edge] >= far[:size].max():
            break
        size = _insert(
            ends, edge, span[edge, 0], span[edge, 1], near[edge], cuts, owner, far, size,
            other_cuts, other_owner, other_far,
        )  # fmt: skip
        cuts[: size + 1] = other_cuts[: size + 1]
        owner[:size] = other_owner[:size]
        far[:size] = other_far[:size]
    return size


@compiled
def _nearer(ends: Floats, edge: int, radius_m: float, a: float, b: float) -> tuple[float, float]:
    """Part of the angles a to b in which an edge is nearer than a circle; b, b where it is not.

    Along one edge the distance falls to its foot and rises again, so the edge is nearer exactly
    between foot − acos(d/r) and foot + acos(d/r).
    """
    if edge == _FREE:
        return b, b
    p = ends[edge]
    away = _foot_distance(p[0], p[1], p[2], p[3])
    if away >= radius_m:
        return b, b
    foot = _turned(math.atan2(p[0] - p[2], p[3] - p[1]), (a + b) / 2)
    wide = math.acos(away / radius_m)
    lo, hi = min(max(foot - wide, a), b), min(max(foot + wide, a), b)
    return (lo, hi) if lo < hi else (b, b)


@compiled
def strips(
    ends: Floats, cuts: Floats, owner: Ints, size: int, near_m: float, reach_m: float,
    lo: Floats, hi: Floats, kind: Ints, edge: Ints,
) -> int:  # fmt: skip
    """Cut the pieces at the circles of ``near_m`` and ``reach_m``: ARC, WALL, or left out."""
    count = 0
    a = cuts[0]
    for i in range(size):
        b = cuts[i + 1]
        if (b - a) * reach_m < _NARROW_M and i + 1 < size:
            continue
        wall_a, wall_b = _nearer(ends, owner[i], reach_m, a, b)
        blind_a, blind_b = _nearer(ends, owner[i], near_m, a, b)
        if blind_a == blind_b:
            blind_a = blind_b = wall_b
        for s, t, what in (
            (a, wall_a, ARC), (wall_a, blind_a, WALL), (blind_b, wall_b, WALL), (wall_b, b, ARC),
        ):  # fmt: skip
            if t > s:
                lo[count], hi[count], kind[count], edge[count] = s, t, what, owner[i]
                count += 1
        a = b
    return count
