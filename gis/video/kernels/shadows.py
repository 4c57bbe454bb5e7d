"""Shadows of buildings lower than the camera: they end, so fields may get holes and islands.

A building F of height b, seen from a camera of height H at the origin, hides a target of height h
on ∪ t·F for 1 <= t <= (H−h)/(H−b): the ray that grazes a wall's top at distance d comes down to the
target's height at d·(H−h)/(H−b). That union is F itself and one quadrilateral per wall.
"""

import numpy as np
import shapely

from gis.arrays import Floats, Ints, Shapes
from gis.video.kernels.obstacles import Obstacles

_FLAT_M2 = 1e-9  # a wall seen end on throws no shadow of its own
_BEYOND = 1.01  # a shadow that begins inside the range is drawn at least this far past it


def cut(
    polygons: Shapes, x_m: Floats, y_m: Floats, height_m: Floats, reach_m: Floats,
    obstacles: Obstacles, camera: Ints, building: Ints, *, target_height_m: float,
) -> Shapes:  # fmt: skip
    """``polygons`` (n, q) less the shadows of the low ``building`` of each pair, by ``camera``."""
    out = polygons.copy()
    if not len(camera):
        return out
    shade, owner = _quads(
        np.column_stack([x_m, y_m]), height_m, reach_m, obstacles, camera, building,
        target_height_m=target_height_m,
    )  # fmt: skip
    owner = np.concatenate([owner, camera])
    shade = np.concatenate([shade, obstacles.polygons[building]])
    order = np.argsort(owner, kind="stable")
    shaded, begin = np.unique(owner[order], return_index=True)
    for one, pieces in zip(shaded, np.split(shade[order], begin[1:]), strict=True):
        out[one] = shapely.difference(out[one], shapely.union_all(pieces))
    return out


def _quads(
    place: Floats, height_m: Floats, reach_m: Floats, obstacles: Obstacles, camera: Ints,
    building: Ints, *, target_height_m: float,
) -> tuple[Shapes, Ints]:  # fmt: skip
    """The quadrilaterals of all walls within reach, and the camera of each."""
    walls = np.diff(obstacles.edge_start)[building]
    pair = np.repeat(np.arange(len(camera)), walls)
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(walls) - walls, walls)
    owner = camera[pair]
    ends = obstacles.edges[obstacles.edge_start[building][pair] + nth].reshape(-1, 2, 2)
    ends = ends - place[owner][:, None, :]
    away_m = _distances(ends[:, 0], ends[:, 1])
    above_m = height_m[owner] - obstacles.height_m[building][pair]
    long = (height_m[owner] - target_height_m) / above_m
    # Beyond the range the length does not matter; near it walls keep their true shadow.
    long = np.minimum(long, np.maximum(_BEYOND * reach_m[owner] / np.maximum(away_m, 1e-6), 1.0))
    corners = np.stack(
        [ends[:, 0], ends[:, 1], ends[:, 1] * long[:, None], ends[:, 0] * long[:, None]], axis=1
    )
    turn = ends[:, 0, 0] * ends[:, 1, 1] - ends[:, 0, 1] * ends[:, 1, 0]
    kept = (away_m < reach_m[owner]) & (np.abs(turn) * (long**2 - 1) > _FLAT_M2)
    return shapely.polygons(corners[kept] + place[owner[kept]][:, None, :]), owner[kept]


def _distances(a: Floats, b: Floats) -> Floats:
    """Metres from the origin to each segment a→b."""
    v = b - a
    share = np.clip(-(a * v).sum(axis=1) / np.maximum((v * v).sum(axis=1), 1e-12), 0.0, 1.0)
    return np.asarray(np.hypot(*(a + share[:, None] * v).T))
