"""Vector tiles of the layers, and what a large layer's click asks for."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParam

from api.deps import Asked, At, Db, ShownLayer, said
from gis.layers import tiles

router = APIRouter(tags=["tiles"])
Zoom = Annotated[int, PathParam(ge=0, le=tiles.MAX_ZOOM)]
Index = Annotated[int, PathParam(ge=0, lt=2**tiles.MAX_ZOOM)]
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"


@router.get(
    "/tiles/{name}/{z}/{x}/{y}.mvt",
    response_class=Response,
    responses=said("(a Mapbox vector tile)", MEDIA_TYPE),
)
def read_tile(
    request: Request, db: Db, at: At, layer: ShownLayer, asked: Asked, z: Zoom, x: Index, y: Index
) -> Response:
    """One tile; the same rows give the same bytes, so an unchanged one is answered 304."""
    body = tiles.mvt(db, layer, z=z, x=x, y=y, district=at.district, scope=asked)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)
