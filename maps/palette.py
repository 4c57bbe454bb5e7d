"""From the one legend to what a page draws: classes, counts, swatches, shapes, hatches."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from markupsafe import Markup

from gis.arrays import Ints
from gis.layers.model import Layer
from gis.legend import Entry, Legend, Ramp

# Outlines in a box of 24 × 24 round the origin; SVG and canvas read the same text.
SHAPES = {
    "circle": "M0-9a9 9 0 1 1 0 18a9 9 0 1 1 0-18z",
    "square": "M-8-8h16v16h-16z",
    "triangle": "M0-10L10 8H-10z",
    "diamond": "M0-11L10 0L0 11L-10 0z",
    "cross": "M-4-10h8v6h6v8h-6v6h-8v-6h-6v-8h6z",
    "star": "M0-11L3-4L10-3L5 2L6 9L0 6L-6 9L-5 2L-10-3L-3-4z",
}
# Lines of one 8 × 8 tile of a hatch; black and white prints tell classes apart by it.
HATCHES = {
    "forward": "M-1 1L1-1M0 8L8 0M7 9L9 7",
    "backward": "M-1 7L1 9M0 0L8 8M7-1L9 1",
    "cross": "M0 0L8 8M0 8L8 0",
    "dots": "M2 2h.01M6 6h.01",
    "horizontal": "M0 4H8",
    "dense": "M0 0L8 8M0 8L8 0M4 0V8M0 4H8",
}


@dataclass(frozen=True)
class Classes:
    """The classes of one layer and which row is in which.

    ``of`` : (n,) int, the index into ``entries`` of each row; ``counts`` : rows per entry.
    """

    entries: tuple[Entry, ...]
    of: Ints
    counts: tuple[int, ...]


def classify(layer: Layer, frame: gpd.GeoDataFrame) -> Classes:
    """The class of every row by the layer's legend; a value the legend lacks is its last class."""
    scheme = layer.legend
    if isinstance(scheme, Ramp):
        entries, of = scheme.entries(), _ramp_classes(scheme, frame[scheme.column])
    elif isinstance(scheme, Legend):
        entries, of = scheme.entries, _word_classes(scheme, frame[scheme.column])
    else:
        entries, of = (scheme,), np.zeros(len(frame), dtype=np.int64)
    counts = np.bincount(of, minlength=len(entries))
    return Classes(entries, of, tuple(int(count) for count in counts))


def _ramp_classes(scheme: Ramp, column: "pd.Series[float]") -> Ints:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    found = np.searchsorted(np.array(scheme.bounds), values, side="right") - 1
    unknown = np.isnan(values) | (found < 0)
    return np.where(unknown, len(scheme.bounds), found).astype(np.int64)


def _word_classes(scheme: Legend, column: "pd.Series[str]") -> Ints:
    index = {entry.value: i for i, entry in enumerate(scheme.entries)}
    last = len(scheme.entries) - 1
    return np.array([index.get(value, last) for value in column], dtype=np.int64)


def outline(layer: Layer) -> str:
    """Colour of the outlines of a layer's features."""
    return "#5B6774" if isinstance(layer.legend, Entry) else layer.legend.outline


def swatch(entry: Entry, *, area: bool, shaped: bool, stroke: str) -> Markup:
    """The symbol of one class as inline SVG: fill, hatch (seen in print) and shape."""
    shape = Markup(
        '<path d="{}" fill="{}" stroke="{}" stroke-width="2" transform="scale({})"/>'
    ).format(SHAPES[entry.shape], entry.fill, stroke, 0.72 if area else 1)
    if not area:
        return Markup(
            '<svg class="swatch" viewBox="-14 -14 28 28" aria-hidden="true">{}</svg>'
        ).format(shape)
    box = Markup('x="-20" y="-12" width="40" height="24" rx="3"')
    fill = Markup('<rect {} fill="{}" fill-opacity=".8" stroke="{}" stroke-width="1.5"/>').format(
        box, entry.fill, stroke
    )
    hatch = Markup('<rect class="hatch" {} fill="url(#hatch-{})"/>').format(box, entry.hatch)
    return Markup(
        '<svg class="swatch" viewBox="-22 -14 44 28" aria-hidden="true">{}{}{}</svg>'
    ).format(fill, hatch if entry.hatch != "none" else "", shape if shaped else "")
