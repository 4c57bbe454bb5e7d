"""Vector tiles of the registry's layers straight from the store."""

from functools import cache
from importlib.resources import files

from sqlalchemy.orm import Session

from gis.db import sql
from gis.district import District
from gis.errors import NotFound
from gis.layers.model import Layer, Sensitivity
from gis.layers.service import Scope, what_is_shown

MAX_ZOOM = 22
_WORLD_M = 40_075_016.685578488  # width of the web Mercator square
_PIXELS = 512  # of a tile on the screen


@cache
def _queries() -> sql.Queries:
    source = files("gis.layers").joinpath("tiles.sql").read_text("utf-8")
    return sql.parse(source, "gis/layers/tiles.sql")


def mvt(
    session: Session, layer: Layer, *, z: int, x: int, y: int, district: District, scope: Scope
) -> bytes:
    """One Mapbox vector tile of ``layer``: key, display figures and geometry; empty for no rows.

    Outlines are simplified by half a screen pixel of the zoom. The same rows give the same bytes.
    The tile's layer has the registry's name, its features the registry's key column.

    Raises NotFound for a tile outside the world and for an internal layer unless
    ``scope.internal``; NoData when the analysis the layer shows has not run.
    """
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFound("tile", f"{z}/{x}/{y}")
    if layer.sensitivity is Sensitivity.INTERNAL and not scope.internal:
        raise NotFound("layer", layer.name)
    run, as_of = what_is_shown(session, layer, district=district, scope=scope)
    values = {
        "z": z, "x": x, "y": y, "simplify_m": _WORLD_M / 2**z / _PIXELS / 2,
        "area_prefix": scope.area_prefix, "as_of": as_of, "run_id": run.id if run else None,
        "level": scope.level, "resolution": scope.resolution,
    }  # fmt: skip
    clause = _queries()[f"tile_{layer.name}"]
    named = {name: values[name] for name in clause.compile().params}
    return bytes(session.execute(clause, named).scalar_one() or b"")
