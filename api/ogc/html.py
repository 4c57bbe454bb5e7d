"""The same documents as pages in the shell: lists of links, tables of features."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi.responses import HTMLResponse

from api.features import plain
from api.ogc import documents
from api.ogc.documents import Document, Site
from api.web.desk import Desk
from gis.layers.model import Layer
from gis.ogc.model import Feature, Page

_NO_ROWS = {"links", "collections", "paths", "conformsTo", "properties", "extent", "components"}


def document(desk: Desk, told: Document) -> HTMLResponse:
    """Any document that is not features: its texts, what it lists, its links."""
    info = told.get("info", {})
    listed = [
        *((one["links"][0]["href"], one["title"]) for one in told.get("collections", [])),
        *(("", uri) for uri in told.get("conformsTo", [])),
        *(("", f"GET {path}") for path in told.get("paths", {})),
        *(("", _property(name, one)) for name, one in told.get("properties", {}).items()),
    ]
    rows = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in told.items() if name not in _NO_ROWS
    ]  # fmt: skip
    title = told.get("title") or info.get("title") or "OGC API Features"
    return _page(desk, title, told.get("links", []), listed=listed, rows=rows)


def page(desk: Desk, site: Site, shown: Page) -> HTMLResponse:
    """A page of features as a table."""
    base = site.address("collections", shown.layer.name, "items")
    named = {one.name: one for one in shown.layer.columns}
    names = list(shown.features[0].properties) if shown.features else []
    heads = [desk.either(named[name].zh, named[name].en) for name in names]
    body = [
        (f"{base}/{one.id}", [plain(one.properties[name]) for name in names])
        for one in shown.features
    ]  # fmt: skip
    title = desk.either(shown.layer.zh, shown.layer.en)
    links = documents.page_links(site, shown)
    return _page(
        desk, title, links, lead=f"{len(shown.features)} / {shown.matched}", heads=heads, body=body
    )


def feature(desk: Desk, site: Site, layer: Layer, shown: Feature) -> HTMLResponse:
    """One feature: its figures."""
    named = {one.name: one for one in layer.columns}
    rows = [
        (desk.either(named[name].zh, named[name].en), plain(value))
        for name, value in shown.properties.items()
    ]
    return _page(desk, shown.id, documents.feature_links(site, layer), rows=rows)


def _property(name: str, one: Document) -> str:
    return f"{name}: {one.get('title', '')} {one.get('type', one.get('format', ''))}"


def _page(
    desk: Desk,
    title: str,
    links: Sequence[Document],
    *,
    lead: str = "",
    listed: Sequence[tuple[str, str]] = (),
    rows: Sequence[tuple[str, Any]] = (),
    heads: Sequence[str] = (),
    body: Sequence[tuple[str, Sequence[Any]]] = (),
) -> HTMLResponse:
    answer = desk.page(
        "ogc.html", title=title, links=links, lead=lead, listed=listed, rows=rows, heads=heads,
        body=body,
    )  # fmt: skip
    answer.headers["Vary"] = "Accept, HX-Request"
    return answer
