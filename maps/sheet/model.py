"""What one map sheet shows and says."""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd

from gis.layers.model import Layer
from maps.plaque.model import Paper
from maps.typeset import Mark


@dataclass(frozen=True)
class Drawn:
    """One layer of a sheet: its features in EPSG:4326 with the legend's column."""

    layer: Layer
    features: gpd.GeoDataFrame


@dataclass(frozen=True)
class Sheet:
    """A sheet: ``layers`` over ``outlines`` (quiet lines with a column ``name``, may be empty).

    ``srid`` is the district's metric frame the sheet is drawn in, north up. ``maker`` is a unit or
    a post, never a person; ``mark`` the secrecy mark, empty for none; ``taken`` who takes it along.
    """

    title: str
    subtitle: str
    layers: tuple[Drawn, ...]
    outlines: gpd.GeoDataFrame
    srid: int
    day: date
    maker: str
    rule: str = ""
    mark: str = ""
    paper: Paper = Paper.A4
    language: str = "zh"
    demo: bool = False
    taken: Mark | None = None
