"""The base map under all layers, where an installation has one on its own network."""

from typing import Any

from folium.elements import JSCSSMixin
from folium.template import Template

from gis.errors import BadInput
from maps.canvas import name
from maps.context import ASSETS_URL, Basemap, MapContext

LARGEST_INSIDE = 24 * 2**20  # bytes of an archive that a saved page carries; larger ones stay out
ASSET = "basemap.pmtiles"
BLOCK = "wg-archive-basemap"


class ArchiveBasemap(JSCSSMixin):
    """A PMTiles base map: vector tiles in the quiet light style, or images."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            wangge.basemap({{ this.source|tojson }});
        {% endmacro %}
    """)
    default_js = [  # noqa: RUF012 - as Folium declares it
        ("pmtiles", "pmtiles.js"),
        ("protomaps", "protomaps-leaflet.js"),
    ]

    def __init__(self, source: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "ArchiveBasemap"
        self.source = source
        name(self, "basemap")


class ImageBasemap(ArchiveBasemap):
    """A raster tile address on the own network; needs no library but Leaflet."""

    default_js = []  # noqa: RUF012


def layer(context: MapContext) -> ArchiveBasemap | None:
    """The base map of a page, None where it has none.

    A saved page asks nobody for anything: a tile address is left out of it, and so is an archive
    of more than 24 MB.
    """
    base = context.basemap
    if base is None:
        return None
    if base.pmtiles is not None:
        if context.mode == "server":
            return ArchiveBasemap({"url": f"{ASSETS_URL}/{ASSET}"})
        return ArchiveBasemap({"archive": BLOCK}) if _small(base) else None
    if base.url is not None and context.mode == "server":
        return ImageBasemap({"images": base.url})
    return None


def content(context: MapContext) -> bytes | None:
    """The archive that a saved page carries; raises BadInput when it cannot be read."""
    base = context.basemap
    if context.mode != "file" or base is None or base.pmtiles is None or not _small(base):
        return None
    return base.pmtiles.read_bytes()


def _small(base: Basemap) -> bool:
    assert base.pmtiles is not None
    try:
        return base.pmtiles.stat().st_size <= LARGEST_INSIDE
    except OSError as exc:
        raise BadInput(f"base map {base.pmtiles}: cannot be read ({exc.strerror})") from exc
