"""From the metres the demo is drawn in to the coordinates its files state."""

from functools import cache

import numpy as np
import shapely
from pyproj import Transformer

from gis.arrays import Floats, Shapes

METRIC_SRID = 4543
DEGREE_DIGITS = 9  # 0.1 mm: the same bytes whatever the last bits of a library's sine
_AXIS_M = 6378245.0  # Krasovsky 1940, as in the published GCJ-02 formula
_ECCENTRICITY2 = 0.00669342162296594323


@cache
def _transformer() -> Transformer:
    return Transformer.from_crs(METRIC_SRID, 4326, always_xy=True)


def to_degrees(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """WGS84 longitude and latitude of points in EPSG:4543."""
    lon, lat = _transformer().transform(x, y)
    return np.round(lon, DEGREE_DIGITS), np.round(lat, DEGREE_DIGITS)


def shapes_to_degrees(shapes: Shapes) -> Shapes:
    """The same geometries in WGS84; equal corners stay equal, so tilings stay exact."""

    def turn(xy: Floats) -> Floats:
        return np.stack(to_degrees(xy[:, 0], xy[:, 1]), axis=1)

    return np.asarray(shapely.transform(shapes, turn))


def to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS84 to GCJ-02 by the published approximation, written apart from the importer's."""
    x, y, pi = lon - 105.0, lat - 35.0, np.pi
    ripple = (np.sin(6 * x * pi) + np.sin(2 * x * pi)) * 20 * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + ripple
    north += (20 * np.sin(y * pi) + 40 * np.sin(y * pi / 3)) * 2 / 3
    north += (160 * np.sin(y * pi / 12) + 320 * np.sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + ripple
    east += (20 * np.sin(x * pi) + 40 * np.sin(x * pi / 3)) * 2 / 3
    east += (150 * np.sin(x * pi / 12) + 300 * np.sin(x * pi / 30)) * 2 / 3
    sine = np.sin(np.radians(lat))
    magic = 1 - _ECCENTRICITY2 * sine**2
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY2) / magic**1.5
    parallel_m = _AXIS_M / np.sqrt(magic) * np.cos(np.radians(lat))
    return lon + np.degrees(east / parallel_m), lat + np.degrees(north / meridian_m)
