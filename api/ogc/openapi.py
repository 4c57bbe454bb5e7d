"""The OpenAPI 3.0 document of the interface, for the collections that the caller may see."""

from collections.abc import Sequence
from typing import Any

from api.ogc.documents import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Document, Site
from api.version import VERSION
from gis.district import District
from gis.layers.model import Layer
from gis.ogc import cql
from gis.ogc import crs as systems
from gis.ogc.model import MAX_LIMIT

_PROBLEM = {"$ref": "#/components/responses/Problem"}


def document(site: Site, district: District, layers: Sequence[Layer]) -> Document:
    """The whole document; clients find pages, limits and filters in it."""
    paths: Document = {
        "/": _get("landing", "Landing page", JSON),
        "/conformance": _get("conformance", "Conformance classes", JSON),
        "/api": _get("api", "This document", OPENAPI),
        "/collections": _get("collections", "Collections", JSON),
    }
    for layer in layers:
        paths |= _collection(layer)
    return {
        "openapi": "3.0.3",
        "info": {"title": f"{district.name_zh} {district.name_en}", "version": VERSION},
        "servers": [{"url": site.address()}],
        "tags": [{"name": one.name, "description": f"{one.zh} {one.en}"} for one in layers],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "parameters": _parameters(district),
            "responses": {"Problem": {
                "description": "What is wrong (RFC 9457)",
                "content": {
                    "application/problem+json": {"schema": {"type": "object"}},
                    HTML: {"schema": {"type": "string"}},
                },
            }},
        },
    }  # fmt: skip


def _collection(layer: Layer) -> Document:
    base = f"/collections/{layer.name}"
    about = f"{layer.zh} {layer.en}"
    key = {
        "name": "featureId", "in": "path", "required": True, "description": "key, may hold slashes",
        "schema": {"type": "string"},
    }  # fmt: skip
    items = ("bbox", "bbox-crs", "datetime", "limit", "crs", "filter", "filter-lang",
             "filter-crs", "page", *_SCOPE)  # fmt: skip
    name = layer.name
    return {
        base: _get(f"{name}.collection", about, JSON, tag=name),
        f"{base}/queryables": _get(f"{name}.queryables", about, SCHEMA, _SCOPE, tag=name),
        f"{base}/items": _get(f"{name}.items", about, GEOJSON, items, tag=name),
        f"{base}/items/{{featureId}}": _get(
            f"{name}.item", about, GEOJSON, ("crs", *_SCOPE), own=(key,), tag=name
        ),
    }


_SCOPE = ("area", "period", "as_of", "level", "resolution")


def _get(
    operation: str,
    about: str,
    kind: str,
    parameters: Sequence[str] = (),
    *,
    own: Sequence[Document] = (),
    tag: str | None = None,
) -> Document:
    shared = [{"$ref": f"#/components/parameters/{name}"} for name in (*parameters, "f")]
    content = {kind: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}}
    got = {
        "operationId": operation, "summary": about, "parameters": [*own, *shared],
        "responses": {
            "200": {"description": about, "content": content},
            "400": _PROBLEM, "401": _PROBLEM, "403": _PROBLEM, "404": _PROBLEM,
            "default": _PROBLEM,
        },
    }  # fmt: skip
    return {"get": got | ({"tags": [tag]} if tag else {})}


def _parameters(district: District) -> Document:
    uris = [one.uri for one in systems.offered(district)]
    system = {"type": "string", "format": "uri", "enum": uris, "default": systems.CRS84}
    numbers = {"type": "array", "items": {"type": "number"}, "oneOf": [
        {"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}
    ]}  # fmt: skip
    languages = [one.value for one in cql.Language]
    return {
        "bbox": _query("bbox", numbers, style="form", explode=False),
        "bbox-crs": _query("bbox-crs", system),
        "datetime": _query("datetime", {"type": "string"}, style="form", explode=False),
        "limit": _query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT,
                                  "default": 100}, style="form", explode=False),
        "crs": _query("crs", system),
        "filter": _query("filter", {"type": "string", "maxLength": cql.MAX_LENGTH}),
        "filter-lang": _query("filter-lang", {"type": "string", "enum": languages,
                                              "default": languages[0]}),
        "filter-crs": _query("filter-crs", system),
        "page": _query("page", {"type": "string"}),
        "area": _query("area", {"type": "string", "pattern": "^[0-9A-Za-z-]{0,20}$"}),
        "period": _query("period", {"type": "string"}),
        "as_of": _query("as_of", {"type": "string", "format": "date"}),
        "level": _query("level", {"type": "string", "enum": list(district.codes)}),
        "resolution": _query("resolution", {"type": "integer", "minimum": 8, "maximum": 10}),
        "f": _query("f", {"type": "string", "enum": ["json", "html"]}),
    }  # fmt: skip


def _query(name: str, schema: Document, **more: Any) -> Document:
    return {"name": name, "in": "query", "required": False, "schema": schema} | more
