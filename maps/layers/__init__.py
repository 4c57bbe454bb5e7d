"""Drawings of the registry's layers and the pages made of them."""

from collections.abc import Mapping

import geopandas as gpd

from gis.errors import BadInput, NotFound
from gis.layers.model import PLANNED, Layer
from gis.layers.model import layer as stored_layer
from maps.layers import combined, compounds, facilities, grids, rental, safety, video
from maps.layers.drawing import Drawing, Sheet

_MODULES = (safety, facilities, rental, grids, compounds, video)  # the order of the panel
DRAWINGS: Mapping[str, Drawing] = {one.name: one for part in _MODULES for one in part.DRAWINGS}
SHEETS: Mapping[str, Sheet] = {
    one.name: one for part in (*_MODULES, combined) for one in part.SHEETS
}


def layer(name: str) -> Layer:
    """A layer of the registry, or of a plan that is drawn and not stored; raises NotFound."""
    planned = next((one for one in PLANNED if one.name == name), None)
    return planned or stored_layer(name)


def sheet(name: str) -> Sheet:
    """The page called ``name``; raises NotFound."""
    if name not in SHEETS:
        raise NotFound("map", name)
    return SHEETS[name]


def wanted(name: str, *, internal: bool = False) -> tuple[str, ...]:
    """Layers whose frames a page can show; the page's own comes last, the others may be absent."""
    return tuple(
        one for one, _ in sheet(name).layers
        if internal or not layer(one).internal or one == name
    )  # fmt: skip


def shown(
    name: str, frames: Mapping[str, gpd.GeoDataFrame], *, internal: bool
) -> tuple[tuple[Layer, bool], ...]:
    """The layers a page draws, bottom first, with whether each is visible at first.

    Raises BadInput for an internal layer on a page that is not, for a missing frame of the page's
    own layer, and for a page with no layer at all.
    """
    if name != "combined":
        own = layer(name)
        if own.internal and not internal:
            raise BadInput(f"map {name} shows an internal layer: ask for internal layers")
        if name not in frames:
            raise BadInput(f"map {name}: the frame of layer {name} is missing")
    found = tuple(
        (layer(one), visible) for one, visible in sheet(name).layers
        if one in frames and one in wanted(name, internal=internal)
    )  # fmt: skip
    if not found:
        raise BadInput(f"map {name}: no layer to show")
    return found
