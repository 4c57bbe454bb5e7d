"""Vector tiles of the layers, their TileJSON, and how an unchanged tile is not sent again."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParam
from pydantic import BaseModel

from api.audit.reads import note_look
from api.auth.identity import identified
from api.deps import (
    Db,
    InAddress,
    InLine,
    LayerName,
    TiledLayer,
    caller,
    house,
    said,
    scope,
    tiled_layer,
    transaction,
)
from api.shelf import Shelf
from gis.layers import tiles
from gis.layers.tiles import MAX_ZOOM

router = APIRouter(tags=["tiles"])
Zoom = Annotated[int, PathParam(ge=0, le=MAX_ZOOM)]
Index = Annotated[int, PathParam(ge=0, lt=2**MAX_ZOOM)]
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
_EXAMPLE = {
    "tilejson": "3.0.0", "name": "grids", "description": "网格 Grids", "version": "1.0.0+9f2c",
    "tiles": ["http://127.0.0.1:8000/tiles/grids/{z}/{x}/{y}.mvt"], "minzoom": 0, "maxzoom": 22,
    "bounds": [102.62, 24.99, 102.75, 25.21],
    "vector_layers": [
        {"id": "grids", "description": "网格 Grids", "fields": {"code": "编码 Code"},
         "minzoom": 0, "maxzoom": 22}
    ],
}  # fmt: skip
PRIVATE = {"Cache-Control": "private, no-cache"}


class VectorLayer(BaseModel):
    """The one layer of a tile and the fields of its features, each with its title."""

    id: str
    description: str
    fields: dict[str, str]
    minzoom: int
    maxzoom: int


class TileJson(BaseModel):
    """TileJSON 3.0; ``bounds`` are those of the caller's areas, null where nothing is drawn yet."""

    tilejson: Literal["3.0.0"] = "3.0.0"
    name: str
    description: str
    version: str
    tiles: list[str]
    minzoom: int = 0
    maxzoom: int = MAX_ZOOM
    bounds: tuple[float, float, float, float] | None
    vector_layers: list[VectorLayer]


@router.get(
    "/tiles/{name}/{z}/{x}/{y}.mvt",
    response_class=Response,
    responses=said("(a Mapbox vector tile)", MEDIA_TYPE),
)
def read_tile(
    request: Request, name: LayerName, wanted: InAddress, z: Zoom, x: Index, y: Index, _: InLine
) -> Response:
    """One tile of what the caller may see; an unchanged one is answered 304 without being made.

    A map asks for many at once: one thread finds out who asks, whether they may, and makes it.
    """
    user = caller(request, identified(request))
    layer, asked = tiled_layer(request, user, name), scope(request, user, wanted)
    with transaction(request, user) as db:
        note_look(request.app.state.looks, db, layer)
        district = house(request).district
        tag = f'"{tiles.tag(db, layer)}"'
        headers = {"ETag": tag, **PRIVATE}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        moments: Shelf[tiles.Moment] = request.app.state.moments
        shown = moments.under(
            (tag, asked), lambda: tiles.moment(db, layer, district=district, scope=asked)
        )
        body = tiles.mvt(db, layer, z=z, x=x, y=y, district=district, scope=asked, shown=shown)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


@router.get("/tiles/{name}.json", response_model_exclude_none=True, responses=said(_EXAMPLE))
def read_tilejson(request: Request, response: Response, db: Db, layer: TiledLayer) -> TileJson:
    """Where a layer's tiles are, what they hold, and how far the caller's areas reach."""
    response.headers.update(PRIVATE)
    root = str(request.base_url)
    about = f"{layer.zh} {layer.en}"
    drawn = VectorLayer(
        id=layer.name, description=about, fields=tiles.fields(layer), minzoom=0,
        maxzoom=MAX_ZOOM,
    )  # fmt: skip
    return TileJson(
        name=layer.name, description=about, version=f"1.0.0+{tiles.tag(db, layer)}",
        tiles=[f"{root}tiles/{layer.name}/{{z}}/{{x}}/{{y}}.mvt"],
        bounds=tiles.bounds(db), vector_layers=[drawn],
    )  # fmt: skip
