"""Types of the arrays that pure functions take and give; each function says shape and unit."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[np.str_]
Shapes = NDArray[np.object_]  # shapely geometries, all in one plane
