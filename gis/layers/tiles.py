"""Vector tiles of the registry's layers straight from the store, and what they are a version of."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Select, Text, bindparam, func, select
from sqlalchemy.orm import Session

from gis.db import migrate
from gis.district import District
from gis.errors import NotFound
from gis.layers import store
from gis.layers.model import Layer, Sensitivity
from gis.layers.service import Scope, what_is_shown

MAX_ZOOM = 22
_AREAS, _COMPOUNDS = "areas", "compounds"
_SOURCES = {
    "grids": ("grids",),
    "buildings": ("buildings",),
    "compounds": (_COMPOUNDS,),
    "incidents": (_COMPOUNDS,),
    "facilities": ("facilities",),
    "coverage": (_AREAS, "coverage_results"),
    "rating": (_COMPOUNDS, "ratings"),
    "risk": (_COMPOUNDS, "ratings"),
    "rental": (_COMPOUNDS, "rental_results"),
    "rental_h3": ("rental_cells",),
    "cameras": ("cameras",),
    "video_coverage": (_COMPOUNDS, "video_coverage"),
    "view_fields": ("view_fields",),
    "blind_areas": ("video_blind_areas",),
    "video_places": ("video_places",),
    "video_findings": ("video_findings", "cameras", _COMPOUNDS),
    "grid_audit": ("grid_findings",),
}  # what each layer's tiles are made of


_VERSION = select(func.wangge.version_of(bindparam("sources", type_=ARRAY(Text))))


_ASKED = ("z", "x", "y", "area_prefix", "shown_on", "run", "subject_level", "h3_resolution")


@cache
def _tile(name: str) -> Select[Any]:
    return select(getattr(func.wangge, f"tile_{name}")(*map(bindparam, _ASKED)))


@cache
def _drawn(layer: Layer) -> str:
    """What else than its rows makes a layer's tiles: how this software draws it."""
    return repr((migrate.head(), layer))


def tag(session: Session, layer: Layer) -> str:
    """Names what the session's user is shown of ``layer``: its rows, areas, rights and style.

    No geometry is read. Equal tags mean equal tiles; the reverse need not hold.
    """
    version = session.execute(_VERSION, {"sources": list(_SOURCES[layer.name])}).scalar_one()
    user = session.info["user"]
    told = (version, _drawn(layer), sorted(user.area_prefixes), sorted(user.rights))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


_FIELDS = {
    "grids": ("code", "name", "households"),
    "buildings": ("code", "name", "height_m"),
    "compounds": ("code", "name", "kind", "households"),
    "incidents": ("code", "name"),
    "facilities": ("code", "name", "function", "status"),
    "coverage": ("code", "name", "verdict"),
    "rating": ("code", "name", "colour"),
    "risk": ("code", "name", "colour"),
    "rental": ("code", "name", "rented_per_100", "suppressed"),
    "rental_h3": ("code", "rented_per_km2", "suppressed"),
    "cameras": ("code", "name"),
    "video_coverage": ("code", "name", "covered_percent"),
    "view_fields": ("code", "camera_key", "shows"),
    "blind_areas": ("code", "name", "area_m2"),
    "video_places": ("code", "name", "kind", "seen_percent"),
    "video_findings": ("code", "name", "topic"),
    "grid_audit": ("code", "kind"),
}  # the display columns of each layer's tiles


def fields(layer: Layer) -> dict[str, str]:
    """The fields of the layer's tiles with their titles in both languages."""
    titles = {column.name: f"{column.zh} {column.en}" for column in layer.columns}
    return {name: titles[name] for name in _FIELDS[layer.name]}


def bounds(session: Session) -> tuple[float, float, float, float] | None:
    """West, south, east, north of the session's user's own areas; None where none is drawn."""
    return store.own_bounds(session, prefixes=session.info["user"].area_prefixes)


@dataclass(frozen=True)
class Moment:
    """What a tile shows: the day, and of results the run."""

    as_of: date
    run_id: int | None


def moment(session: Session, layer: Layer, *, district: District, scope: Scope) -> Moment:
    """What tiles of ``layer`` show, the same for equal tags; raises NoData."""
    run, as_of = what_is_shown(session, layer, district=district, scope=scope)
    return Moment(as_of, run.id if run else None)


def mvt(
    session: Session, layer: Layer, *, z: int, x: int, y: int, district: District, scope: Scope,
    shown: Moment | None = None,
) -> bytes:  # fmt: skip
    """One Mapbox vector tile of ``layer``: key, display figures and geometry; empty for no rows.

    Outlines are simplified by half a screen pixel of the zoom. The same rows give the same bytes.
    The tile's layer has the registry's name, its features the registry's key column. ``shown`` is
    what `moment` gives, where that is known.

    Raises NotFound for a tile outside the world and for an internal layer unless
    ``scope.internal``; NoData when the analysis the layer shows has not run.
    """
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFound("tile", f"{z}/{x}/{y}")
    if layer.sensitivity is Sensitivity.INTERNAL and not scope.internal:
        raise NotFound("layer", layer.name)
    shown = shown or moment(session, layer, district=district, scope=scope)
    asked = (
        z, x, y, scope.area_prefix, shown.as_of, shown.run_id, scope.level.value, scope.resolution,
    )  # fmt: skip
    found = session.execute(_tile(layer.name), dict(zip(_ASKED, asked, strict=True)))
    return bytes(found.scalar_one() or b"")
