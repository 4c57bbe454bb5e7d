"""Map pages and the browser files they load; a strict nonce policy goes with every page."""

import gzip
import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, HTMLResponse

from api.audit.reads import note_read
from api.deps import Asked, At, Caller, Db, Waits, allow, needs, said
from api.files import outputs
from api.files.frames import Frames, page_layers
from api.house import House
from api.planning import plan_map
from api.planning.asked import Area, Budget, Compound, EveryDeg, Target
from api.planning.plans import plan
from api.planning.poles import Poles, kept
from api.shelf import Shelf
from api.web import assets
from gis.access.rights import Capability
from gis.errors import NotFound, Withheld
from gis.layers.model import layer
from gis.timeline import service as timeline
from gis.video.siting.ask import Ask
from maps import basemap
from maps.context import Basemap

router = APIRouter(tags=["maps"])
Name = Annotated[str, PathParam(pattern=r"^[a-z0-9_.-]{1,40}$", examples=["combined"])]
_LEVEL = 4  # of gzip: 4 MB become 0.9 in some 60 ms
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
    "img-src 'self' data: blob: {images}; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {frames}"
)


WORKER = "offline-worker.js"
# A worker asks under the policy of its own file, and only for pages of this origin.
_FOR_WORKER = {
    "Service-Worker-Allowed": "/",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
}


@router.get(
    "/maps/{name}", response_class=HTMLResponse, responses=said("<!DOCTYPE html>…", "text/html")
)
def read_map(request: Request, db: Db, at: At, user: Caller, asked: Asked, name: Name) -> Response:
    """One Folium page with the layers that the caller may see; large ones come as tiles."""
    if name == "all":  # the command's word for every page
        raise NotFound("map", name)
    allow(user, Capability.AREAS)
    if name != "combined":
        allow(user, layer(name).capability)
    (page,) = outputs.pages(name, asked.internal)
    for shown in page_layers(page, asked):
        note_read(db, layer(shown), asked)
    words = {"period": asked.period, "as_of": asked.as_of, "area": asked.area_prefix or None}
    query = urlencode({key: value for key, value in words.items() if value})
    shelf: Shelf[str] = request.app.state.shelf

    def made() -> str:
        frames = Frames(db, at, asked, served=True)
        return outputs.build_page(frames, page, mode="server", nonce=shelf.nonce, query=query)

    text = shelf.kept(db, (page, asked, at.policy.digest), made)
    return _answer(request, at, shelf, text)


@router.get(
    "/maps/plan/video",
    response_class=HTMLResponse,
    dependencies=[needs(Capability.VIDEO)],
    responses=said("<!DOCTYPE html>…", "text/html"),
)
def read_plan_map(
    request: Request, db: Db, at: At, asker: Waits, compound: Compound = None, area: Area = None,
    budget: Budget = 5, target: Target = None, every_deg: EveryDeg = None, poles: Poles = None,
) -> Response:  # fmt: skip
    """The plan of video points as a Folium page, with each point's gain and what it would show."""
    if not at.settings.serve_internal:
        raise Withheld(
            "本服务不提供内部图层 / this service shows no internal layer: WANGGE_SERVE_INTERNAL"
        )
    given = kept(at.settings.home, poles)
    ask = Ask(compound, area or "", budget, target, every_deg, given)
    found = plan(request.app.state.plans, db, at, ask, asker)
    shelf: Shelf[str] = request.app.state.shelf
    day = timeline.day_of(db, at.district)

    def made() -> str:
        return plan_map.page(db, at, found, as_of=day, mode="server", nonce=shelf.nonce)

    text = shelf.kept(db, (plan_map.PAGE, ask, day, at.policy.digest), made)
    return _answer(request, at, shelf, text)


def _answer(request: Request, at: House, shelf: Shelf[str], text: str) -> Response:
    """A page with a nonce and a policy of its own; framed by pages of this site alone."""
    nonce = secrets.token_urlsafe(16)
    images = Basemap(url=at.settings.basemap_url).origin
    framed = "embed" in request.query_params  # /map shows it beside a list
    frames = "'self'" if framed else "'none'"
    headers = {
        "Content-Security-Policy": _POLICY.format(nonce=nonce, images=images, frames=frames),
        "Cache-Control": "no-store",
        "X-Frame-Options": "SAMEORIGIN" if framed else "DENY",
    }
    return _packed(request, text.replace(shelf.nonce, nonce), headers)


def _packed(request: Request, text: str, headers: dict[str, str]) -> Response:
    """A page as the browser takes it: gzipped where it says so."""
    body, headers = text.encode(), {**headers, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="text/html", headers=headers)


@router.get("/assets/{name}", include_in_schema=False)
def read_asset(request: Request, at: At, name: Name) -> Response:
    """One browser file by name, or the base map; nothing else on the disk can be asked for.

    An address that names the content (``?v=…``) may be kept for good, any other for an hour.
    """
    base = at.settings.basemap_pmtiles
    if name == basemap.ASSET and base is not None:
        return FileResponse(base, media_type="application/vnd.pmtiles")
    found = assets.files().get(name)
    if found is None:
        raise NotFound("asset", name)
    kept = "max-age=31536000, immutable" if "v" in request.query_params else "max-age=3600"
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding"}
    if name == WORKER:
        headers |= _FOR_WORKER
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(found.path, media_type=found.media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(assets.packed(found), media_type=found.media_type, headers=headers)
