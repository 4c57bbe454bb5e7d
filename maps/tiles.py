"""Vector tiles of large layers: a Folium layer for the page, a PMTiles archive for saved files."""

import base64
import gzip
import io
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.elements import JSCSSMixin
from folium.template import Template
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from maps import cutting
from maps.canvas import look, name
from maps.records import Records

MIN_ZOOM, MAX_ZOOM = 8, 14  # z14 with 4,096 units is about 0.5 m; the page draws beyond it
GROUND_ZOOM = 15  # of the page, from which buildings can be told apart; their tiles are z14
_CROWD = 100_000


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
        self.look = look(layer)
        name(self, f"ground_{layer}")


def archive(records: Records) -> bytes:
    """A PMTiles archive of the layer: row number and class per feature, no text.

    The rows without geometry are left out. The same frame gives the same tiles.
    """
    shapes = records.frame.geometry.to_numpy()
    drawn = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    names = cutting.Names(drawn, records.classes.of[drawn])
    return _packed(shapes[drawn], names, records.layer.name, _first_zoom(shapes[drawn]))


def _first_zoom(shapes: "np.typing.NDArray[np.object_]") -> int:
    """Where a crowd's larger features are a pixel wide; farther out they would be a stain.

    A tile that holds a whole city's fields costs minutes and a GiB, and shows nothing.
    """
    if len(shapes) <= _CROWD:
        return MIN_ZOOM
    west, south, east, north = shapely.bounds(shapes).T
    size_deg = np.maximum(east - west, north - south)
    if 2 * np.count_nonzero(size_deg) < len(size_deg):
        return MIN_ZOOM  # mostly points: they are seen from anywhere
    width_deg = float(np.quantile(size_deg[size_deg > 0], 0.9))
    return int(np.clip(np.ceil(np.log2(360 / 256 / width_deg)), MIN_ZOOM, MAX_ZOOM))


def ground_archive(frame: gpd.GeoDataFrame, layer: str) -> bytes:
    """A PMTiles archive of shapes alone, of the one zoom that all finer ones are drawn from."""
    return _packed(frame.geometry.to_numpy(), None, layer, MAX_ZOOM)


def _packed(
    shapes: "np.typing.NDArray[np.object_]", names: cutting.Names | None, layer: str, min_zoom: int
) -> bytes:
    packed = io.BytesIO()
    writer: Any = Writer(packed)  # type: ignore[no-untyped-call]
    zooms = range(min_zoom, MAX_ZOOM + 1)
    made = {
        zxy_to_tileid(*address): gzip.compress(tile, compresslevel=6, mtime=0)
        for address, tile in cutting.cut(shapes, names, layer=layer, zooms=zooms)
    }
    for number in sorted(made):
        writer.write_tile(number, made[number])
    west, south, east, north = shapely.total_bounds(shapes)
    fields = {"row": "Number", "class": "Number"} if names else {}
    about = {"id": layer, "fields": fields, "minzoom": min_zoom, "maxzoom": MAX_ZOOM}
    writer.finalize(
        {
            "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
            "min_lon_e7": int(west * 1e7), "min_lat_e7": int(south * 1e7),
            "max_lon_e7": int(east * 1e7), "max_lat_e7": int(north * 1e7),
            "center_zoom": min_zoom, "center_lon_e7": int((west + east) / 2 * 1e7),
            "center_lat_e7": int((south + north) / 2 * 1e7),
        },
        {"vector_layers": [about]},
    )  # fmt: skip
    return packed.getvalue()


def archive_block(identity: str, content: bytes) -> str:
    """An archive inside the page, in base64; browsers treat the unknown type as data."""
    text = base64.b64encode(content).decode()
    return f'<script type="application/vnd.pmtiles" id="{identity}">{text}</script>'
