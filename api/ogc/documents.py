"""The documents of the interface as JSON values, with the links that the standard asks for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.features import plain
from api.ogc.strict import Encoding
from gis.district import District
from gis.layers.model import Column, Geometry, Layer
from gis.legend import Entry, Legend
from gis.ogc import crs as systems
from gis.ogc.model import Feature, Page

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_F1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_F2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/"
_F3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
CONFORMS_TO = [
    *(_F1 + name for name in ("core", "oas30", "html", "geojson")),
    _F2 + "crs",
    *(_F3 + name for name in ("queryables", "filter", "features-filter")),
    *(_CQL2 + name for name in (
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators",
        "case-insensitive-comparison", "basic-spatial-functions", "basic-spatial-functions-plus",
        "spatial-functions",
    )),
]  # fmt: skip
_TYPES = {"text": "string", "number": "number", "boolean": "boolean", "date": "string"}
_SHAPES = {Geometry.POINT: "geometry-point", Geometry.AREA: "geometry-multipolygon"}
Document = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """Where a request arrived: makes addresses and the links of every document."""

    request: Request
    encoding: Encoding

    def address(self, *parts: str) -> str:
        """The address of a resource of the interface."""
        return "/".join((f"{self.request.base_url}ogc", *parts))

    def here(self, json_type: str = JSON) -> list[Document]:
        """The links ``self`` and ``alternate`` of the answer."""
        url = self.request.url
        either = {Encoding.JSON: json_type, Encoding.HTML: HTML}
        return [
            _link(
                str(url) if one is self.encoding else str(url.include_query_params(f=one)),
                "self" if one is self.encoding else "alternate",
                kind, "本文档 This document" if one is self.encoding else f"{one.upper()}",
            )
            for one, kind in either.items()
        ]  # fmt: skip


def _link(href: str, rel: str, kind: str, title: str) -> Document:
    return {"href": href, "rel": rel, "type": kind, "title": title}


def landing(site: Site, district: District) -> Document:
    """The landing page."""
    api = site.address("api")
    return {
        "title": f"{district.name_zh} {district.name_en}",
        "description": "网格、服务设施、三色评级等图层 Grids, facilities, ratings and more",
        "links": [
            *site.here(),
            _link(f"{api}?f=json", "service-desc", OPENAPI, "接口定义 API definition"),
            _link(f"{api}?f=html", "service-doc", HTML, "接口说明 API documentation"),
            _link(site.address("conformance"), "conformance", JSON, "符合性 Conformance"),
            _link(site.address("collections"), "data", JSON, "图层 Collections"),
        ],
    }


def conformance(site: Site) -> Document:
    """The conformance declaration."""
    return {"conformsTo": CONFORMS_TO, "links": site.here()}


def collections(site: Site, district: District, layers: Sequence[Layer], bounds: Any) -> Document:
    """The collections that the caller may see."""
    return {
        "links": site.here(),
        "crs": _systems(district),
        "collections": [collection(site, district, one, bounds) for one in layers],
    }


def collection(
    site: Site, district: District, layer: Layer, bounds: Any, *, alone: bool = False
) -> Document:
    """One collection; ``bounds`` are west, south, east, north of what the caller may see."""
    base = site.address("collections", layer.name)
    here = site.here() if alone else [_link(base, "self", JSON, layer.en)]
    extent: Document = {"spatial": {"bbox": [list(bounds)], "crs": systems.CRS84}}
    if layer.life is not None:
        extent["temporal"] = {"interval": [[None, None]]}
    return {
        "id": layer.name,
        "title": f"{layer.zh} {layer.en}",
        "description": _classes(layer),
        "itemType": "feature",
        "extent": extent,
        "crs": _systems(district),
        "storageCrs": systems.CRS84,
        "links": [
            *here,
            _link(f"{base}/items", "items", GEOJSON, "要素 Features"),
            _link(f"{base}/items?f=html", "items", HTML, "要素 Features"),
            _link(f"{base}/queryables", _QUERYABLES, SCHEMA, "可查询属性 Queryables"),
            _link(f"{base}/queryables", "queryables", SCHEMA, "可查询属性 Queryables"),
        ],
    }


def _systems(district: District) -> list[str]:
    return [one.uri for one in systems.offered(district)]


def _classes(layer: Layer) -> str:
    """What the classes of the layer's legend are called, in both languages."""
    if not isinstance(layer.legend, Legend):
        return f"{layer.zh} {layer.en}"
    entries: Sequence[Entry] = layer.legend.entries
    return "; ".join(f"{one.zh} {one.en}" for one in entries)


def queryables(
    site: Site, layer: Layer, columns: Sequence[Column], kinds: Mapping[str, str]
) -> Document:
    """What a filter may name, as JSON Schema."""
    properties: Document = {
        one.name: {
            "title": f"{one.zh} {one.en}" + (f" ({one.unit})" if one.unit else ""),
            "type": _TYPES[kinds[one.name]],
        } | ({"format": "date"} if kinds[one.name] == "date" else {})
        for one in columns if one.name in kinds
    }  # fmt: skip
    properties["geometry"] = {"format": _SHAPES.get(layer.geometry, "geometry-any")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": site.address("collections", layer.name, "queryables"),
        "type": "object",
        "title": f"{layer.zh} {layer.en}",
        "properties": properties,
        "additionalProperties": False,
    }


def page_links(site: Site, page: Page) -> list[Document]:
    """Links of a page of features."""
    links = site.here(GEOJSON)
    base = site.address("collections", page.layer.name)
    links.append(_link(base, "collection", JSON, page.layer.en))
    if page.rest is not None:
        following = site.request.url.include_query_params(page=page.rest.encode())
        kind = HTML if site.encoding is Encoding.HTML else GEOJSON
        links.append(_link(str(following), "next", kind, "下一页 Next page"))
    return links


def feature_links(site: Site, layer: Layer) -> list[Document]:
    """Links of one feature."""
    base = site.address("collections", layer.name)
    return [*site.here(GEOJSON), _link(base, "collection", JSON, layer.en)]


def page_text(site: Site, page: Page) -> str:
    """A page as GeoJSON text; geometries are GeoJSON already and are not read again."""
    told = {
        "type": "FeatureCollection", "numberMatched": page.matched,
        "numberReturned": len(page.features), "links": page_links(site, page),
        "as_of": page.as_of.isoformat(), "run_id": page.run_id,
    }  # fmt: skip
    features = ",".join(feature_text(one) for one in page.features)
    return f'{_dumps(told)[:-1]},"features":[{features}]}}'


def feature_text(feature: Feature, links: Sequence[Document] | None = None) -> str:
    """One feature as GeoJSON text."""
    properties = {name: plain(value) for name, value in feature.properties.items()}
    told: Document = {"type": "Feature", "id": feature.id, "properties": properties}
    if links is not None:
        told["links"] = links
    return f'{_dumps(told)[:-1]},"geometry":{feature.geojson or "null"}}}'


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _dumps(value: Document) -> str:
    return _ENCODER.encode(value)
