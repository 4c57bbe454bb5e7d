"""The warped street grid: blocks with shared corners, out of which every division is put together.

Divisions are unions of whole blocks, so they tile without gap or overlap by construction.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.outlines import Outline
from data.demo.sizes import Scale
from gis.arrays import Flags, Floats, Ints, Shapes

_SIDES = ((0, 1), (1, 2), (2, 3), (3, 0))  # south, east, north, west, as corner pairs
_STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # row and column of the neighbour on each side
SMOOTHED = 0.5  # how far a node of the outline moves towards the middle of its two neighbours


@dataclass(frozen=True)
class Lattice:
    """n blocks: row, col, corners (n, 4, 2) in metres (SW, SE, NE, NW) and what lies around.

    ``block_at`` (rows, cols) is the block's number or -1; ``exclave`` the number of the detached
    piece or -1; ``near`` (n, 4) the neighbours to the south, east, north, west or -1; ``nodes``
    the corner points of the whole lattice.
    """

    nodes: Floats
    row: Ints
    col: Ints
    block_at: Ints
    exclave: Ints
    corners: Floats
    near: Ints

    @property
    def centre(self) -> Floats:
        """(n, 2) mean of the corners, metres."""
        return np.asarray(self.corners.mean(axis=1))

    @property
    def polygons(self) -> Shapes:
        """(n,) shapely polygons, EPSG:4543."""
        return np.asarray(shapely.polygons(self.corners))

    @property
    def area_m2(self) -> Floats:
        """(n,) area of the blocks."""
        return np.asarray(shapely.area(self.polygons))

    def outside_corners(self, block: int, side: int) -> Floats:
        """(4, 2) corners of the place beyond ``side`` of ``block`` where no block is."""
        row, col = self.row[block] + _STEPS[side][0], self.col[block] + _STEPS[side][1]
        return np.asarray(_corners(self.nodes, np.asarray([row]), np.asarray([col]))[0])


def _corners(nodes: Floats, row: Ints, col: Ints) -> Floats:
    return np.stack(
        [nodes[row, col], nodes[row, col + 1], nodes[row + 1, col + 1], nodes[row + 1, col]],
        axis=1,
    )


def _ticks(low: float, high: float, centre: float, core: float, scale: Scale) -> Floats:
    """Fine steps within ``core`` of the centre, then ever wider ones up to ``coarse_m``."""
    sides: list[list[float]] = []
    for sign, end in ((-1.0, low), (1.0, high)):
        at, step, side = centre, scale.pitch_m, []
        while (end - at) * sign > 0:
            if abs(at - centre) > core:
                step = min(step * 1.12, scale.coarse_m)
            at += sign * step
            side.append(at)
        sides.append(side)
    return np.asarray(sides[0][::-1] + [centre] + sides[1])


def _nodes(scale: Scale, rng: np.random.Generator) -> Floats:
    """Corner points: a tensor of ticks, bent by slow waves and shaken by 6 % of the pitch."""
    west, south, east, north = scale.box
    pad = 2 * scale.pitch_m
    xs = _ticks(west - pad, east + pad, scale.centre[0], scale.core_m[0], scale)
    ys = _ticks(south - pad, north + pad, scale.centre[1], scale.core_m[1], scale)
    x, y = np.meshgrid(xs, ys)
    step_x = np.minimum(np.gradient(xs), np.inf)[None, :]
    step_y = np.gradient(ys)[:, None]
    wave = 4000.0
    phase = rng.uniform(0, 2 * np.pi, 4)
    bend_x = 45 * np.sin(2 * np.pi * y / wave + phase[0]) + 25 * np.sin(y / 410 + phase[1])
    bend_y = 45 * np.sin(2 * np.pi * x / wave + phase[2]) + 25 * np.sin(x / 430 + phase[3])
    shake = rng.uniform(-0.06, 0.06, (*x.shape, 2))
    return np.stack([x + bend_x + shake[..., 0] * step_x, y + bend_y + shake[..., 1] * step_y], -1)


def _smoothed(nodes: Floats, inside: Flags) -> Floats:
    """Take the stairs out of the outline: its nodes move towards their neighbours along it."""
    owner = np.pad(inside, 1)
    horizontal = owner[:-1, 1:-1] != owner[1:, 1:-1]  # edge (j, i)-(j, i+1) is on the outline
    vertical = owner[1:-1, :-1] != owner[1:-1, 1:]  # edge (j, i)-(j+1, i)
    degree = np.zeros(nodes.shape[:2], dtype=int)
    total = np.zeros_like(nodes)
    for edges, axis in ((horizontal, 1), (vertical, 0)):
        first = np.pad(edges, [(0, 1) if a == axis else (0, 0) for a in (0, 1)])
        after = np.roll(nodes, -1, axis=axis)
        second = np.roll(first, 1, axis=axis)
        before = np.roll(nodes, 1, axis=axis)
        degree += first.astype(int) + second.astype(int)
        total += after * first[..., None] + before * second[..., None]
    moved = nodes * (1 - SMOOTHED) + total / 2 * SMOOTHED
    return np.where((degree == 2)[..., None], moved, nodes)


def build(scale: Scale, outline: Outline, rng: np.random.Generator) -> Lattice:
    """Blocks whose middle lies in the outline; coordinates are rounded to the millimetre."""
    nodes = _nodes(scale, rng)
    middle = (nodes[:-1, :-1] + nodes[1:, 1:]) / 2
    piece = np.full(middle.shape[:2], -2)
    parts = [outline.body, *outline.exclaves.values()]
    for number, part in enumerate(parts, start=-1):
        held = shapely.contains_xy(part, middle[..., 0], middle[..., 1])
        piece[held & (piece == -2)] = number
    nodes = np.round(_smoothed(nodes, piece > -2), 3)
    row, col = np.nonzero(piece > -2)
    block_at = np.full(piece.shape, -1)
    block_at[row, col] = np.arange(len(row))
    padded = np.pad(block_at, 1, constant_values=-1)
    near = np.stack([padded[row + 1 + dr, col + 1 + dc] for dr, dc in _STEPS], axis=1)
    return Lattice(nodes, row, col, block_at, piece[row, col], _corners(nodes, row, col), near)


def side_corners(side: int) -> tuple[int, int]:
    """Which two corners bound ``side`` (0 south, 1 east, 2 north, 3 west)."""
    return _SIDES[side]
