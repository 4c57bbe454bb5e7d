"""Folium classes of the pages: the offline map, its page, feature and background layers."""

from collections.abc import Mapping
from typing import Any

import folium
import shapely
from branca.element import CssLink, Element, Figure, JavascriptLink, MacroElement
from folium.template import Template

from gis.layers.model import Geometry
from maps import html, palette
from maps.layers.drawing import Drawing
from maps.records import Records, features

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


def offline_map(bounds: tuple[float, float, float, float]) -> OfflineMap:
    """The map, centred on ``bounds`` (west, south, east, north); the page's script fits it."""
    west, south, east, north = bounds
    drawn = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2], zoom_start=12, tiles=None,
        prefer_canvas=True, zoom_control=False, attributionControl=False,
        min_zoom=8, max_zoom=20, zoomSnap=0.25, zoomDelta=0.5, wheelPxPerZoomLevel=90,
        tapTolerance=20, boxZoom=False,
    )  # fmt: skip
    name(drawn, MAP_ID)
    return drawn


class FeatureLayer(folium.GeoJson):
    """``folium.GeoJson`` on canvas: geometry and class only, words stay in the page's data."""

    def __init__(self, records: Records, drawing: Drawing) -> None:
        layer = records.layer
        points = layer.geometry is not Geometry.AREA
        super().__init__(
            features(records),
            style_function=lambda feature: feature_style(
                records, drawing, feature["properties"]["class"]
            ),
            marker=folium.CircleMarker(radius=6) if points else None,
            name=layer.name, show=False, smooth_factor=0.6, interactive=False,
            pane=f"layer-{layer.name}",
        )  # fmt: skip
        name(self, layer.name)
        self.add_child(name(Attach(layer.name), f"{layer.name}_attach"))


def feature_style(records: Records, drawing: Drawing, index: int) -> dict[str, Any]:
    """Leaflet style of one class; shape, hatch and class are read by the page's renderer."""
    entry = records.classes.entries[index]
    return {
        "fill": True,
        "fillColor": entry.fill,
        "fillOpacity": drawing.opacity,
        "color": palette.outline(records.layer),
        "weight": drawing.weight,
        "opacity": 0.9,
        "wgLayer": records.layer.name,
        "wgClass": index,
        "wgHatch": entry.hatch,
        "wgShape": entry.shape,
        "pane": f"layer-{records.layer.name}",
    }


class Attach(MacroElement):
    """Hands a Folium layer to the page's script under the layer's name."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            wangge.attach({{ this.layer|tojson }}, {{ this._parent.get_name() }});
        {% endmacro %}
    """)

    def __init__(self, layer: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Attach"
        self.layer = layer


_BACKGROUND = {
    "district_outline": {"fill": True, "fillColor": "#FFFFFF", "fillOpacity": 1, "color": "#7B8794",
                         "weight": 2, "opacity": 1},
    "street_outlines": {"fill": False, "color": "#9AA5B1", "weight": 1.6, "opacity": 0.9},
    "community_outlines": {"fill": True, "fillColor": "#FFFFFF", "fillOpacity": 1,
                           "color": "#C3CAD3", "weight": 1, "opacity": 1},
    "streets": {"fill": False, "color": "#E4E8EC", "weight": 1.6, "opacity": 1, "wgThin": True},
    "streets_main": {"fill": False, "color": "#D8DDE3", "weight": 3.2, "opacity": 1,
                     "wgThin": True},
}  # fmt: skip


class Background(folium.GeoJson):
    """Quiet outlines or street lines under the layers."""

    def __init__(self, kind: str, geometry: shapely.Geometry, *, filled: bool = True) -> None:
        style: Mapping[str, Any] = {**_BACKGROUND[kind], **({} if filled else {"fill": False})}
        text = shapely.to_geojson(shapely.transform(geometry, lambda xy: xy.round(6)))
        super().__init__(
            f'{{"type":"FeatureCollection","features":[{{"type":"Feature","id":"0",'
            f'"properties":{{}},"geometry":{text}}}]}}',
            style_function=lambda _: {**style, "wgBase": True},
            name=kind, show=True, smooth_factor=0.8, interactive=False, pane="base",
        )  # fmt: skip
        name(self, f"base_{kind}")


def data_block(identity: str, value: Any) -> str:
    """A JSON block that the page's script reads by its id; it is data and never runs."""
    return f'<script type="application/json" id="{identity}">{html.json_block(value)}</script>'
