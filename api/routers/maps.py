"""Map pages and the browser files they load; a strict nonce policy goes with every page."""

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from api import outputs
from api.deps import Asked, At, Db, said
from gis.errors import NotFound
from maps import assets, basemap
from maps.context import Basemap

router = APIRouter(tags=["maps"])
Name = Annotated[str, PathParam(pattern=r"^[a-z0-9_.-]{1,40}$", examples=["combined"])]
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
    "img-src 'self' data: blob: {images}; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@router.get("/", include_in_schema=False)
def read_root() -> RedirectResponse:
    """The combined map is the front page."""
    return RedirectResponse("/maps/combined")


@router.get(
    "/maps/{name}", response_class=HTMLResponse, responses=said("<!DOCTYPE html>…", "text/html")
)
def read_map(db: Db, at: At, asked: Asked, name: Name) -> HTMLResponse:
    """One Folium page; large layers come as tiles from this service."""
    if name == "all":  # the command's word for every page
        raise NotFound("map", name)
    (page,) = outputs.pages(name, asked.internal)
    nonce = secrets.token_urlsafe(16)
    query = {"period": asked.period, "as_of": asked.as_of, "area": asked.area_prefix or None}
    text = outputs.build_page(
        outputs.Frames(db, at, asked), page, mode="server", nonce=nonce,
        query=urlencode({key: value for key, value in query.items() if value}),
    )  # fmt: skip
    images = Basemap(url=at.settings.basemap_url).origin
    policy = _POLICY.format(nonce=nonce, images=images)
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(text, headers=headers)


@router.get("/assets/{name}", include_in_schema=False)
def read_asset(at: At, name: Name) -> Response:
    """One browser file by name, or the base map; nothing else on the disk can be asked for."""
    base = at.settings.basemap_pmtiles
    if name == basemap.ASSET and base is not None:
        return FileResponse(base, media_type="application/vnd.pmtiles")
    found = assets.files().get(name)
    if found is None:
        raise NotFound("asset", name)
    return FileResponse(
        found.path, media_type=found.media_type, headers={"Cache-Control": "max-age=3600"}
    )
