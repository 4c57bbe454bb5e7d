"""Vector tiles of large layers: a Folium layer for the page, a PMTiles archive for saved files."""

import base64
import tempfile
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from folium.elements import JSCSSMixin
from folium.template import Template

from maps.canvas import BACKGROUND, name
from maps.records import Records

MIN_ZOOM, MAX_ZOOM = 8, 14  # z14 with 4,096 units is about 0.5 m; the page draws beyond it
GROUND_ZOOM = 15  # of the page, from which buildings can be told apart; their tiles are z14
_CROWD = 100_000
_HALF_UNIT_DEG = 360 / 2**MAX_ZOOM / 4096 / 2
_OPTIONS = {
    "MAXZOOM": MAX_ZOOM, "EXTENT": 4096,
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


class GroundLayer(JSCSSMixin, folium.map.Layer):
    """Quiet areas below the layers, from an archive or the server; ``source`` as above."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            wangge.ground(
                {{ this.layer_name|tojson }}, {{ this.source|tojson }}, {{ this.look|tojson }}
            ).addTo(wangge.map);
        {% endmacro %}
    """)
    default_js = ArchiveLayer.default_js

    def __init__(self, layer: str, source: dict[str, Any]) -> None:
        super().__init__(name=layer, overlay=True, show=False)
        self._name = "GroundLayer"
        self.source = {**source, "minZoom": GROUND_ZOOM, "maxZoom": MAX_ZOOM}
        self.look = BACKGROUND[layer]
        name(self, f"ground_{layer}")


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
        geometry=shapely.simplify(records.frame.geometry.to_numpy()[drawn], _HALF_UNIT_DEG),
        crs=4326,
    )
    return _packed(frame, records.layer.name, _first_zoom(frame))


def _first_zoom(frame: gpd.GeoDataFrame) -> int:
    """Where a crowd's larger features are a pixel wide; farther out they would be a stain.

    A tile that holds a whole city's fields costs minutes and a GiB, and shows nothing.
    """
    if len(frame) <= _CROWD:
        return MIN_ZOOM
    west, south, east, north = frame.bounds.to_numpy().T
    size_deg = np.maximum(east - west, north - south)
    if 2 * np.count_nonzero(size_deg) < len(size_deg):
        return MIN_ZOOM  # mostly points: they are seen from anywhere
    width_deg = float(np.quantile(size_deg[size_deg > 0], 0.9))
    return int(np.clip(np.ceil(np.log2(360 / 256 / width_deg)), MIN_ZOOM, MAX_ZOOM))


def ground_archive(frame: gpd.GeoDataFrame, layer: str) -> bytes:
    """A PMTiles archive of shapes alone, of the one zoom that all finer ones are drawn from."""
    return _packed(gpd.GeoDataFrame(geometry=frame.geometry), layer, MAX_ZOOM)


def _packed(frame: gpd.GeoDataFrame, layer: str, min_zoom: int) -> bytes:
    options = {**_OPTIONS, "MINZOOM": min_zoom}
    with tempfile.TemporaryDirectory(prefix="wangge-tiles-") as folder:
        path = Path(folder) / "layer.pmtiles"
        pyogrio.write_dataframe(
            frame, path, layer=layer, driver="PMTiles",
            **{key: str(value) for key, value in options.items()},
        )  # fmt: skip
        return path.read_bytes()


def archive_block(identity: str, content: bytes) -> str:
    """An archive inside the page, in base64; browsers treat the unknown type as data."""
    text = base64.b64encode(content).decode()
    return f'<script type="application/vnd.pmtiles" id="{identity}">{text}</script>'
