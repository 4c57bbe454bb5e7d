"""Does a point that contradicts its own file fit once its coordinate frame is doubted?"""

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray

from gis import crs
from gis.arrays import Floats, Shapes

_Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]

# What would undo the two usual mistakes: a GCJ-02 or BD-09 file that was declared to be WGS84,
# and a WGS84 file that was declared to be GCJ-02 or BD-09.
_SHIFTS: dict[str, _Shift] = {
    "gcj02": crs.gcj02_to_wgs84,
    "bd09": lambda lon, lat: crs.gcj02_to_wgs84(*crs.bd09_to_gcj02(lon, lat)),
    "wgs84": crs.wgs84_to_gcj02,
}


def true_frame(lon: Floats, lat: Floats, outlines: Shapes) -> NDArray[np.object_]:
    """The frame that would put each point into its own outline; None where no shift does.

    Parameters
    ----------
    lon, lat : arrays of shape (n,)
        Points in degrees (EPSG:4326, as stored), each outside its outline.
    outlines : array of shape (n,)
        The polygon that the file names for each point, EPSG:4326; None where it is unknown.
    """
    frames = np.full(len(lon), None, dtype=object)
    for word, shift in _SHIFTS.items():
        fits = shapely.intersects_xy(outlines, *shift(lon, lat))
        frames[fits & (frames == None)] = word  # noqa: E711 -- elementwise
    return frames
