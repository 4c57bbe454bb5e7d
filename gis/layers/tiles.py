"""Vector tiles of the registry's layers straight from the store, and what they are a version of."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy.orm import Session

from gis.crs import Box
from gis.db import migrate
from gis.district import District
from gis.errors import NotFound
from gis.layers import store
from gis.layers.model import Layer
from gis.layers.service import Scope, what_is_shown
from gis.publication import store as publication

MAX_ZOOM = 22


@cache
def _drawn(layer: Layer) -> str:
    """What else than its rows makes a layer's tiles: how this software draws it."""
    return repr((migrate.head(), layer))


def tag(session: Session, layer: Layer) -> str:
    """Names what the session's user is shown of ``layer``: its rows, areas, rights and style.

    No geometry is read. Equal tags mean equal tiles; the reverse need not hold.
    """
    version = store.version_of(session, layer.tables)
    published = publication.times_published(session) if "rating_cycles" in layer.tables else 0
    user = session.info["user"]
    told = (version, published, _drawn(layer), sorted(user.area_prefixes), sorted(user.rights))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def fields(layer: Layer) -> dict[str, str]:
    """The fields of the layer's tiles with their titles in both languages."""
    titles = {column.name: f"{column.zh} {column.en}" for column in layer.columns}
    return {name: titles[name] for name in layer.drawn}


def bounds(session: Session) -> Box | None:
    """The box round the session's user's own areas; None where none is drawn."""
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
    if layer.internal and not scope.internal:
        raise NotFound("layer", layer.name)
    shown = shown or moment(session, layer, district=district, scope=scope)
    return store.tile(
        session, layer.name, z=z, x=x, y=y, area_prefix=scope.area_prefix, shown_on=shown.as_of,
        run=shown.run_id, subject_level=scope.level.value, h3_resolution=scope.resolution,
    )  # fmt: skip
