"""Where ground metres lie on the paper: a round scale, the window, the scale bar; pure arrays."""

import math
from dataclasses import dataclass

import numpy as np

from gis.arrays import Floats

# Series of map scales in use, large to small; a sheet takes the largest that shows everything.
SCALES = tuple(step * 10**power for power in range(2, 7) for step in (1, 2, 2.5, 5))
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Window:
    """A window of ``width_mm`` × ``height_mm`` on paper round a centre on the ground (metres)."""

    centre_x_m: float
    centre_y_m: float
    width_mm: float
    height_mm: float
    scale: float

    @property
    def mm_per_m(self) -> float:
        """Millimetres on paper for one metre on the ground."""
        return 1_000 / self.scale

    def on_paper(self, xy_m: Floats) -> Floats:
        """(n, 2) metres east and north to (n, 2) millimetres right and down of the upper left."""
        east = (xy_m[:, 0] - self.centre_x_m) * self.mm_per_m + self.width_mm / 2
        down = self.height_mm / 2 - (xy_m[:, 1] - self.centre_y_m) * self.mm_per_m
        return np.column_stack([east, down])


def window(bounds_m: Floats, *, width_mm: float, height_mm: float) -> Window:
    """The window at the largest round scale that shows ``bounds_m`` (west, south, east, north).

    A single point is shown at the largest scale there is.
    """
    west, south, east, north = (float(value) for value in bounds_m)
    need = 1_000 * max((east - west) / width_mm, (north - south) / height_mm)
    scale = next((one for one in SCALES if one >= need), need)
    return Window((west + east) / 2, (south + north) / 2, width_mm, height_mm, scale)


def bar(scale: float, *, most_mm: float) -> tuple[float, float]:
    """Length of a scale bar: (metres, a 1, 2 or 5 times a power of ten; millimetres on paper)."""
    most_m = most_mm * scale / 1_000
    power = 10.0 ** math.floor(math.log10(most_m))
    metres = power * max(step for step in _STEPS if step * power <= most_m)
    return metres, metres * 1_000 / scale
