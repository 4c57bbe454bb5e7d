"""Parts of a layer of one geometry family each, for formats whose tables hold one."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

_FAMILY = {-1: "table", 0: "point", 1: "line", 3: "area", 4: "point", 5: "line", 6: "area"}


def names_of(name: str) -> list[str]:
    """Every name that `families` may give a table of the layer."""
    return [name, *(f"{name}_{one}" for one in sorted({*_FAMILY.values(), "other"}))]


def families(frame: gpd.GeoDataFrame, name: str) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """Table names and their rows; a layer of one family keeps its plain name."""
    types = shapely.get_type_id(frame.geometry.to_numpy())
    family = np.array([_FAMILY.get(int(t), "other") for t in types], dtype=object)
    found = sorted(set(family)) or ["area"]
    for one in found:
        yield (name if len(found) == 1 else f"{name}_{one}"), frame[family == one]


def family_of(part: gpd.GeoDataFrame) -> str:
    """What all features of a part are: point, line or area."""
    most = int(shapely.get_dimensions(part.geometry.to_numpy()).max(initial=-1))
    return ("point", "line", "area")[most]  # an empty one is made of areas
