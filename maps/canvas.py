"""Folium classes of the pages: the offline map, its page, feature and background layers."""

from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink, MacroElement
from folium.template import Template

from gis.crs import Box
from gis.legend import PLAIN
from maps import html

MAP_ID = "wangge"


def name(element: MacroElement, identity: str) -> MacroElement:
    """Give ``element`` a fixed identity, so that the same frames make the same page."""
    element._id = identity
    return element


class Page(Figure):
    """The figure that collects what Folium writes, without writing a page of its own."""

    def collected(self) -> tuple[list[str], list[str], str, str]:
        """Script addresses, style addresses, body and script of all elements."""
        for child in list(self._children.values()):
            child.render()
        links = list(self.header._children.values())
        scripts = [link.url for link in links if isinstance(link, JavascriptLink)]
        styles = [link.url for link in links if isinstance(link, CssLink)]
        return scripts, styles, _joined(self.html), _joined(self.script)


def _joined(part: Element) -> str:
    return "\n".join(child.render() for child in part._children.values())


class OfflineMap(folium.Map):
    """A Folium map whose only library is the local Leaflet, without inline styles or jQuery."""

    _template = Template("""
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = wangge.map = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }},
                ...{{ this.options|tojavascript }}
            });
            wangge.begin({{ this.get_name() }});
        {% endmacro %}
    """)
    default_js = [("leaflet", "leaflet.js")]  # noqa: RUF012 - as Folium declares it
    default_css = [("leaflet_css", "leaflet.css")]  # noqa: RUF012


def offline_map(bounds: Box) -> OfflineMap:
    """The map, centred on ``bounds`` (west, south, east, north); the page's script fits it."""
    west, south, east, north = bounds
    drawn = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2], zoom_start=12, tiles=None,
        prefer_canvas=True, zoom_control=False, attributionControl=False,
        minZoom=8, maxZoom=20,  # the map's own: a layer that begins closer would zoom it in
        zoomSnap=0.25, zoomDelta=0.5, wheelPxPerZoomLevel=90,
        tapTolerance=20, boxZoom=False,
    )  # fmt: skip
    name(drawn, MAP_ID)
    return drawn


class FeatureLayer(folium.GeoJson):
    """``folium.GeoJson`` on canvas, whose features stand in a data block of the page.

    Folium would write them into its script, which branca then reads as a template once more.
    """

    _template = Template("""
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = wangge.drawn({{ this.layer_name|tojson }});
            wangge.attach({{ this.layer_name|tojson }}, {{ this.get_name() }});
        {% endmacro %}
    """)

    def __init__(self, layer: str) -> None:
        super().__init__({"type": "FeatureCollection", "features": []}, name=layer, show=False)
        name(self, layer)


class PointLayer(folium.map.Layer):
    """Points on one canvas, drawn from the page's index by its script."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = wangge.points({{ this.layer_name|tojson }});
            wangge.attach({{ this.layer_name|tojson }}, {{ this.get_name() }});
        {% endmacro %}
    """)

    def __init__(self, layer: str) -> None:
        super().__init__(name=layer, overlay=True, show=False)
        self._name = "PointLayer"
        name(self, layer)


BACKGROUND = {
    "district_outline": {"fill": True, "fillColor": "#FFFFFF", "fillOpacity": 1, "color": "#7B8794",
                         "weight": 2, "opacity": 1},
    "street_outlines": {"fill": False, "color": "#9AA5B1", "weight": 1.6, "opacity": 0.9},
    "community_outlines": {"fill": True, "fillColor": "#FFFFFF", "fillOpacity": 1,
                           "color": "#C3CAD3", "weight": 1, "opacity": 1},
    "buildings": {"fill": True, "fillColor": PLAIN["buildings"].fill, "fillOpacity": 1,
                  "color": "#9C8B74", "weight": 0.8, "opacity": 1},
    "compound_outline": {"fill": False, "color": "#26323F", "weight": 2.6, "opacity": 1},
    "streets": {"fill": False, "color": "#E4E8EC", "weight": 1.6, "opacity": 1, "wgThin": True},
    "streets_main": {"fill": False, "color": "#D8DDE3", "weight": 3.2, "opacity": 1,
                     "wgThin": True},
}  # fmt: skip
# The same on the dark ground of a dark page; quiet, as the light ones are.
_NIGHT = {
    "district_outline": {"fillColor": "#1E272F", "color": "#8494A3"},
    "street_outlines": {"color": "#6B7A88"},
    "community_outlines": {"fillColor": "#1E272F", "color": "#46535F"},
    "buildings": {"fillColor": "#4A453C", "color": "#6E6555"},
    "compound_outline": {"color": "#D5DEE6"},
    "streets": {"color": "#2A343D"},
    "streets_main": {"color": "#36424D"},
}


def look(kind: str) -> dict[str, Any]:
    """How a background is drawn; ``wgNight`` holds what is different in a dark page."""
    return {**BACKGROUND[kind], "wgNight": _NIGHT[kind]}


class Background(folium.GeoJson):
    """Quiet outlines or street lines under the layers; the shape stands in a data block."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = wangge.background(
                {{ this.block|tojson }}, {{ this.look|tojson }}
            );
        {% endmacro %}
    """)

    def __init__(self, kind: str, *, filled: bool = True) -> None:
        super().__init__({"type": "FeatureCollection", "features": []}, name=kind)
        self.block = f"wg-base-{kind}"
        self.look = {**look(kind), **({} if filled else {"fill": False}), "wgBase": True}
        name(self, f"base_{kind}")


def data_block(identity: str, value: Any) -> str:
    """A JSON block that the page's script reads by its id; it is data and never runs."""
    return json_text_block(identity, html.json_block(value))


def json_text_block(identity: str, text: str) -> str:
    """The same for text that is JSON of numbers and our own words already (GeoJSON geometry)."""
    return f'<script type="application/json" id="{identity}">{text}</script>'
