"""An invented city for the view bench: compounds of 100 m, 15 houses and 5 cameras each."""

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.video.ground.survey import Scene
from gis.video.kernels.obstacles import Obstacles
from gis.video.optics import CameraFields, complete
from gis.video.view_rules import ViewRules

SIDE_M = 100.0
HOUSES, CAMERAS = 15, 5


def houses(x_m: NDArray, y_m: NDArray, rng: np.random.Generator) -> NDArray:
    """Turned rectangles of 5 to 9 m round these centres: they never touch at 16 m apart."""
    half = rng.uniform(2.5, 4.5, (2, len(x_m)))
    turn = rng.uniform(0, np.pi, len(x_m))
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    corners = signs[None] * half.T[:, None, :]
    cos, sin = np.cos(turn), np.sin(turn)
    spin = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1)
    return shapely.polygons(corners @ spin + np.column_stack([x_m, y_m])[:, None, :])


def lattice(count: int, spacing_m: float, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Centres on a square lattice, each moved by up to 1.5 m."""
    side = int(np.ceil(np.sqrt(count)))
    nth = np.arange(count)
    move = rng.uniform(-1.5, 1.5, (2, count))
    return nth % side * spacing_m + move[0], nth // side * spacing_m + move[1]


def scene(cameras: int, rules: ViewRules, rng: np.random.Generator) -> Scene:
    """A city with this many cameras: seven tenths fixed, two PTZ domes, one panoramic."""
    compounds = cameras // CAMERAS
    wide = int(np.ceil(np.sqrt(compounds)))
    nth = np.arange(compounds)
    west, south = nth % wide * SIDE_M, nth // wide * SIDE_M
    of = np.repeat(nth, HOUSES)
    cell = np.tile(np.arange(HOUSES), compounds)
    x_m = west[of] + 14 + cell % 4 * 24 + rng.uniform(-4, 4, len(of))
    y_m = south[of] + 14 + cell // 4 * 24 + rng.uniform(-4, 4, len(of))
    top_m = rng.choice([2.8, 6, 18, 54], len(of), p=[0.05, 0.25, 0.5, 0.2])
    at = np.repeat(nth, CAMERAS)
    place = rng.uniform(0, SIDE_M, (2, len(at)))
    kinds = rng.choice(["fixed", "dome_ptz", "panoramic"], len(at), p=[0.7, 0.2, 0.1])
    fields = replace(CameraFields.unknown(kinds), direction_deg=rng.uniform(0, 360, len(at)))
    return Scene(
        shapely.box(west, south, west + SIDE_M - 10, south + SIDE_M - 10),
        np.empty(0, dtype=object),
        Obstacles.of(houses(x_m, y_m, rng), top_m),
        west[at] + place[0], south[at] + place[1],
        complete(fields, rules), rng.random(len(at)) < 0.97,
    )  # fmt: skip
