"""OGC API Features: the layers of the registry for QGIS, ArcGIS and other clients."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParam
from fastapi.responses import JSONResponse

from api.audit.reads import note_read
from api.deps import Asked, At, Caller, Db, ShownLayer, needs, said
from api.ogc import documents, html, openapi
from api.ogc.documents import GEOJSON, OPENAPI, SCHEMA, Site
from api.ogc.strict import Encoded, Encoding, StrictRoute
from api.serving.limits import FilterLimited
from api.web.desk import AtDesk
from gis.access.rights import Capability
from gis.db.session import User
from gis.errors import BadQuery
from gis.layers import tiles
from gis.layers.model import REGISTRY, Layer
from gis.ogc import cql, crs, service, times
from gis.ogc import model as ogc

router = APIRouter(
    prefix="/ogc", tags=["ogc"], route_class=StrictRoute,
    dependencies=[needs(Capability.AREAS)],
)  # fmt: skip
MAX_WORDS = 10 * cql.MAX_LENGTH  # longer ones are refused unread
Words = Annotated[str, Query(max_length=200)]
System = Annotated[str, Query(max_length=200, description="address of a reference system")]
Key = Annotated[str, PathParam(max_length=200, pattern=r"^[^\x00]+$", examples=["530102001001"])]
Limit = Annotated[
    int,
    Query(ge=1, description="features per page; above 10,000 counts as 10,000",
          json_schema_extra={"maximum": ogc.MAX_LIMIT}),
]  # fmt: skip
_COLLECTION = {"id": "rating", "title": "三色评级 Three-colour rating", "itemType": "feature"}
_FEATURE: dict[str, Any] = {
    "type": "Feature", "id": "530102001001-X001", "properties": {"colour": "green"},
    "geometry": {"type": "Point", "coordinates": [102.7, 25.05]},
}  # fmt: skip
_PAGE = {"type": "FeatureCollection", "numberMatched": 1, "features": [_FEATURE], "links": []}


@router.get("", response_class=Response, responses=said({"title": "五华区 Wuhua", "links": []}))
def read_landing(request: Request, at: At, desk: AtDesk, encoding: Encoded) -> Response:
    """What the interface is, and where its parts are."""
    site = Site(request, encoding)
    return _answer(desk, site, documents.landing(site, at.district))


@router.get("/conformance", response_class=Response, responses=said({"conformsTo": []}))
def read_conformance(request: Request, desk: AtDesk, encoding: Encoded) -> Response:
    """Which parts of the standards are kept."""
    site = Site(request, encoding)
    return _answer(desk, site, documents.conformance(site))


@router.get("/api", response_class=Response, responses=said({"openapi": "3.0.3"}, OPENAPI))
def read_api(
    request: Request, at: At, desk: AtDesk, user: Caller, encoding: Encoded
) -> Response:  # fmt: skip
    """The OpenAPI 3.0 document of what the caller may see; clients read it."""
    site = Site(request, encoding)
    internal = at.settings.serve_internal
    document = openapi.document(site, at.district, _shown(user, internal=internal))
    return _answer(desk, site, document, OPENAPI)


@router.get("/collections", response_class=Response, responses=said({"collections": []}))
def read_collections(
    request: Request, db: Db, at: At, desk: AtDesk, user: Caller, encoding: Encoded
) -> Response:
    """The layers that the caller may see."""
    site, bounds = Site(request, encoding), tiles.bounds(db) or at.district.bounds
    shown = _shown(user, internal=at.settings.serve_internal)
    return _answer(desk, site, documents.collections(site, at.district, shown, bounds))


@router.get("/collections/{name}", response_class=Response, responses=said(_COLLECTION))
def read_collection(
    request: Request, db: Db, at: At, desk: AtDesk, layer: ShownLayer, encoding: Encoded
) -> Response:
    """One layer: where it lies, in which reference systems it is given."""
    site, bounds = Site(request, encoding), tiles.bounds(db) or at.district.bounds
    return _answer(
        desk, site, documents.collection(site, at.district, layer, bounds, alone=True)
    )  # fmt: skip


@router.get(
    "/collections/{name}/queryables", response_class=Response,
    responses=said({"type": "object", "properties": {}}, SCHEMA),
)  # fmt: skip
def read_queryables(
    request: Request, db: Db, at: At, desk: AtDesk, layer: ShownLayer, asked: Asked,
    encoding: Encoded,
) -> Response:  # fmt: skip
    """What a filter may name, as JSON Schema."""
    site = Site(request, encoding)
    kinds = service.queryables(db, layer, district=at.district, policy=at.policy, scope=asked)
    columns = service.columns(layer, db.info["user"])
    return _answer(desk, site, documents.queryables(site, layer, columns, kinds), SCHEMA)


@router.get(
    "/collections/{name}/items", response_class=Response, responses=said(_PAGE, GEOJSON),
    dependencies=[Depends(FilterLimited("ogc", "filter"))],
)  # fmt: skip
def read_items(
    request: Request, db: Db, at: At, desk: AtDesk, layer: ShownLayer, asked: Asked,
    encoding: Encoded,
    limit: Limit = 100,
    bbox: Words = "",
    bbox_crs: Annotated[System, Query(alias="bbox-crs")] = crs.CRS84,
    datetime: Words = "",
    crs_uri: Annotated[System, Query(alias="crs")] = crs.CRS84,
    condition: Annotated[str, Query(alias="filter", max_length=MAX_WORDS)] = "",
    language: Annotated[cql.Language, Query(alias="filter-lang")] = cql.Language.TEXT,
    filter_crs: Annotated[System, Query(alias="filter-crs")] = crs.CRS84,
    token: Annotated[str, Query(alias="page", max_length=600, description="of a next link")] = "",
) -> Response:  # fmt: skip
    """A page of a layer's features, chosen by box, time and CQL2 filter, ordered by key."""
    district = at.district
    box_crs = crs.named(bbox_crs, district, where="bbox-crs")
    query = ogc.Query(
        crs=crs.named(crs_uri, district),
        filter_crs=crs.named(filter_crs, district, where="filter-crs"),
        limit=limit,
        box=_box(bbox, box_crs) if "bbox" in request.query_params else None,
        span=times.span(datetime, district.zone) if "datetime" in request.query_params else None,
        filter=cql.parse(condition, language) if "filter" in request.query_params else None,
        token=ogc.Token.decode(token) if token else None,
    )
    page = service.page(db, layer, query, district=district, policy=at.policy, scope=asked)
    note_read(db, layer, asked, rows=len(page.features))
    site = Site(request, encoding)
    if encoding is Encoding.HTML:
        return html.page(desk, site, page)
    return _geojson(documents.page_text(site, page), query.crs)


@router.get(
    "/collections/{name}/items/{key:path}", response_class=Response,
    responses=said(_FEATURE, GEOJSON),
)  # fmt: skip
def read_item(
    request: Request, db: Db, at: At, desk: AtDesk, layer: ShownLayer, asked: Asked,
    encoding: Encoded, key: Key,
    crs_uri: Annotated[System, Query(alias="crs")] = crs.CRS84,
) -> Response:  # fmt: skip
    """One feature by its key, which may hold slashes; 404 without."""
    system = crs.named(crs_uri, at.district)
    found = service.feature(
        db, layer, key, crs=system, district=at.district, policy=at.policy, scope=asked
    )
    note_read(db, layer, asked, rows=1)
    site = Site(request, encoding)
    if encoding is Encoding.HTML:
        return html.feature(desk, site, layer, found)
    return _geojson(documents.feature_text(found, documents.feature_links(site, layer)), system)


def _shown(user: User, *, internal: bool) -> list[Layer]:
    return [
        one for one in REGISTRY
        if user.may(one.capability) and (internal or not one.internal)
    ]  # fmt: skip


def _box(words: str, system: crs.Crs) -> Any:
    try:
        return crs.box([float(word) for word in words.split(",")], system)
    except ValueError as exc:
        raise BadQuery.at(
            "bbox", "应为逗号分隔的数字", "should be numbers with commas between"
        ) from exc


def _answer(
    desk: AtDesk, site: Site, document: documents.Document, kind: str = documents.JSON
) -> Response:
    if site.encoding is Encoding.HTML:
        return html.document(desk, document)
    return JSONResponse(document, media_type=kind, headers={"Vary": "Accept"})


def _geojson(text: str, system: crs.Crs) -> Response:
    headers = {"Content-Crs": f"<{system.uri}>", "Vary": "Accept"}
    return Response(text, media_type=GEOJSON, headers=headers)
