"""Invented outlines, rough places of real streets and districts; no surveyed line is used."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.sizes import Scale
from gis.arrays import Floats

Ring = tuple[tuple[float, float], ...]

# Fractions of the box, west to east and south to north.
_DISTRICT: Ring = (
    (0.62, 0.00), (0.81, 0.01), (0.93, 0.04), (0.97, 0.10), (1.00, 0.17), (0.94, 0.24),
    (0.88, 0.33), (0.93, 0.42), (0.87, 0.52), (0.91, 0.62), (0.84, 0.74), (0.70, 0.79),
    (0.60, 0.74), (0.46, 0.76), (0.32, 0.68), (0.29, 0.57), (0.37, 0.48), (0.30, 0.40),
    (0.35, 0.31), (0.45, 0.24), (0.41, 0.16), (0.49, 0.07),
)  # fmt: skip
_YILIU: Ring = (
    (0.01, 0.76), (0.10, 0.72), (0.20, 0.75), (0.25, 0.83), (0.20, 0.91), (0.09, 0.93),
    (0.00, 0.87),
)  # fmt: skip
_WAGONG: Ring = (
    (0.43, 0.87), (0.52, 0.84), (0.63, 0.86), (0.67, 0.93), (0.60, 1.00), (0.48, 0.99),
    (0.41, 0.94),
)  # fmt: skip
_CITY: Ring = (
    (0.33, 0.02), (0.50, 0.00), (0.72, 0.06), (0.90, 0.16), (0.95, 0.30), (0.88, 0.42),
    (0.98, 0.55), (0.93, 0.70), (0.84, 0.84), (0.70, 1.00), (0.57, 0.93), (0.52, 0.80),
    (0.40, 0.84), (0.25, 0.98), (0.12, 0.84), (0.05, 0.68), (0.12, 0.52), (0.03, 0.38),
    (0.00, 0.26), (0.14, 0.18), (0.20, 0.08),
)  # fmt: skip
_SMALL: Ring = ((0.03, 0.05), (0.85, 0.0), (1.0, 0.3), (0.95, 0.97), (0.4, 1.0), (0.0, 0.8))

# Where a street or district is looked for: metres east and north in EPSG:4543, rounded.
_ANCHORS = {
    "530102001": (570600, 2771900), "530102002": (571800, 2770700), "530102003": (568800, 2770900),
    "530102004": (569700, 2772900), "530102005": (571300, 2773000), "530102006": (570300, 2774600),
    "530102007": (572800, 2775000), "530102008": (566000, 2773800), "530102009": (567200, 2778200),
    "530102010": (567500, 2792000), "530102401": (567000, 2771300),
    "530102": (568000, 2778000), "530103": (578500, 2780000), "530111": (580000, 2765000),
    "530112": (562000, 2762000), "530113": (619000, 2886000), "530114": (583000, 2751000),
    "530115": (560000, 2727000), "530124": (550000, 2791000), "530125": (615000, 2757000),
    "530126": (632000, 2739000), "530127": (605000, 2804000), "530128": (545000, 2840000),
    "530129": (627000, 2833000), "530181": (541000, 2757000),
}  # fmt: skip


@dataclass(frozen=True)
class Outline:
    """The main body, and detached pieces by the code of the one community each of them is."""

    body: shapely.Polygon
    exclaves: dict[str, shapely.Polygon]


def _placed(ring: Ring, scale: Scale) -> shapely.Polygon:
    west, south, east, north = scale.box
    unit = np.asarray(ring)
    return shapely.Polygon(unit * (east - west, north - south) + (west, south))


def outline(scale: Scale, name: str) -> Outline:
    """The invented outline of a demo, EPSG:4543, at the place of the real one."""
    if name == "city":
        return Outline(_placed(_CITY, scale), {})
    if name == "small":
        return Outline(_placed(_SMALL, scale), {})
    exclaves = {
        "530102010010": _placed(_YILIU, scale),
        "530102010011": _placed(_WAGONG, scale),
    }
    return Outline(_placed(_DISTRICT, scale), exclaves)


def anchor(code: str) -> Floats | None:
    """Metres east and north near which the division lies; None where it may lie anywhere."""
    found = _ANCHORS.get(code)
    return None if found is None else np.asarray(found, dtype=float)
