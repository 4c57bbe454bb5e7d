"""Vector tiles of large layers: a Folium layer for the page, a PMTiles archive for saved files."""

import base64
import tempfile
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pyogrio
from folium.elements import JSCSSMixin
from folium.template import Template

from maps.canvas import name
from maps.records import Records

MIN_ZOOM, MAX_ZOOM = 8, 14  # z14 with 4,096 units is about 0.5 m; the page draws beyond it
_OPTIONS = {
    "MINZOOM": MIN_ZOOM, "MAXZOOM": MAX_ZOOM, "EXTENT": 4096,
    "BUFFER": 160,  # a tile also draws the symbols that reach into it
    "MAX_SIZE": 20_000_000, "MAX_FEATURES": 1_000_000,  # never drop a feature in silence
}  # fmt: skip


class ArchiveLayer(JSCSSMixin, folium.map.Layer):
    """A Folium layer drawn by protomaps-leaflet from the page's archive or the server's tiles.

    ``source`` is ``{"archive": element id}`` or ``{"url": "/tiles/rating/{z}/{x}/{y}.mvt"}``.
    """

    _template = Template("""
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = wangge.tiles(
                {{ this.layer_name|tojson }}, {{ this.source|tojson }}
            );
            wangge.attach({{ this.layer_name|tojson }}, {{ this.get_name() }});
        {% endmacro %}
    """)
    default_js = [  # noqa: RUF012 - as Folium declares it
        ("pmtiles", "pmtiles.js"),
        ("protomaps", "protomaps-leaflet.js"),
    ]

    def __init__(self, layer: str, source: dict[str, Any]) -> None:
        super().__init__(name=layer, overlay=True, show=False)
        self._name = "ArchiveLayer"
        self.source = {**source, "minZoom": MIN_ZOOM, "maxZoom": MAX_ZOOM}
        name(self, layer)


def archive(records: Records) -> bytes:
    """A PMTiles archive of the layer: row number and class per feature, no text.

    The rows without geometry are left out. The same frame gives the same tiles.
    """
    drawn = records.frame.geometry.notna().to_numpy()
    frame = gpd.GeoDataFrame(
        {
            "row": np.flatnonzero(drawn).astype(np.int32),
            "class": records.classes.of[drawn].astype(np.int32),
        },
        geometry=records.frame.geometry.to_numpy()[drawn],
        crs=4326,
    )
    with tempfile.TemporaryDirectory(prefix="wangge-tiles-") as folder:
        path = Path(folder) / "layer.pmtiles"
        pyogrio.write_dataframe(
            frame, path, layer=records.layer.name, driver="PMTiles",
            **{key: str(value) for key, value in _OPTIONS.items()},
        )  # fmt: skip
        return path.read_bytes()


def archive_block(identity: str, content: bytes) -> str:
    """An archive inside the page, in base64; browsers treat the unknown type as data."""
    text = base64.b64encode(content).decode()
    return f'<script type="application/vnd.pmtiles" id="{identity}">{text}</script>'
