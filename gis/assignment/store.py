"""Runs the assignment's SQL: points into temporary tables, the answer out of them."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    column,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.types import NullType

from gis.compounds.model import Building, Compound
from gis.db import sql
from gis.facilities.model import Facility
from gis.rental.model import Dwelling
from gis.safety.model import Incident
from gis.video.model import Camera
from gis.walking.model import Street

_SQL = sql.load("gis.assignment")

CODES = ("area_code", "grid_code", "compound_code")
SPOTS = table("spots", column("id"), column("geom"))
PLACED = table("placed", column("id"), *(column(name) for name in CODES))
DECLARED = table("declared", column("id"), *(column(name) for name in CODES))
_REDRAWN = table("redrawn", column("geom"))

RECORDS: tuple[Table, ...] = tuple(
    model.metadata.tables[f"wangge.{model.__tablename__}"]
    for model in (Incident, Dwelling, Camera, Facility, Building, Compound, Street)
)
_STREAM = {"yield_per": 50_000}
_PAGE = 50_000  # rows of a contradiction that are looked at in one go: some 10 MB


class Layer(StrEnum):
    """The outlines that records are assigned to."""

    AREAS = "areas"
    GRIDS = "grids"
    COMPOUNDS = "compounds"


HELD_BY = dict(zip(Layer, CODES, strict=True))


def assigned_columns(records: Table) -> tuple[str, ...]:
    """Those of `CODES` that rows of ``records`` get by where they lie."""
    return tuple(name for name in CODES if name in records.c)


def spot(records: FromClause) -> ColumnElement[Any]:
    """The point that stands for a record: a point on its line or surface, or itself."""
    return func.ST_PointOnSurface(records.c.geom, type_=NullType())


def open_spots(session: Session) -> None:
    """Create the empty temporary tables; earlier ones of the same transaction are dropped."""
    for name in ("drop_spots", "create_spots", "create_placed", "create_declared"):
        session.execute(_SQL[name])
    session.execute(_SQL["create_elsewhere"])


def add_spots(session: Session, points: Select[Any]) -> int:
    """Fill ``spots`` with the (id, point) that ``points`` selects; returns how many.

    In spatial order: what lies in one polygon lies on few pages, and placing takes a third less.
    """
    chosen = points.subquery()
    ordered = select(*chosen.c).order_by(list(chosen.c)[1])
    return _count(session.execute(insert(SPOTS).from_select(["id", "geom"], ordered)))


def add_declared(session: Session, codes: Select[Any]) -> int:
    """Fill ``declared`` with the (id, area, grid, compound) that ``codes`` selects."""
    return _count(session.execute(insert(DECLARED).from_select(["id", *CODES], codes)))


def place(session: Session) -> None:
    """Fill ``placed`` from ``spots``: outlines in force first, then ended ones."""
    for name in ("index_spots", "analyze_spots", "place", "analyze_placed"):
        session.execute(_SQL[name])
    if session.scalar(_SQL["any_ended"]):
        for layer in Layer:
            session.execute(_SQL[f"place_in_ended_{layer}"])


def place_by_register(session: Session) -> None:
    """Place what lies in no outline but names a community that has none."""
    session.execute(_SQL["place_by_register"])


def locate(session: Session, *, lon: float, lat: float) -> tuple[str | None, ...]:
    """Codes of community, grid and compound at one point (EPSG:4326)."""
    return tuple(session.execute(_SQL["locate"], {"lon": lon, "lat": lat}).one())


def outlines_drawn(session: Session) -> bool:
    """Whether any community of the store has an outline."""
    return bool(session.scalar(_SQL["outlines_drawn"]))


def outside_communities(session: Session) -> Iterator[int]:
    """Ids of the spots that no community holds."""
    yield from session.scalars(_SQL["outside_communities"], execution_options=_STREAM)


def unknown_codes(session: Session) -> Iterator[tuple[int, str]]:
    """(id, code) of spots whose source names an area code that the store does not have."""
    for row in session.execute(_SQL["declared_unknown"], execution_options=_STREAM):
        yield row[0], row[1]


def find_contradictions(session: Session, *, srid: int) -> None:
    """Fill ``elsewhere``; distances in metres of the CRS ``srid``."""
    session.execute(_SQL["declared_outside"], {"srid": srid})


def contradictions(session: Session, layer: Layer) -> Iterator[pd.DataFrame]:
    """Pages with id, code, distance_m, found, lon, lat of spots outside the outline they name."""
    after = -1
    while True:
        page = sql.table(
            session, _SQL["elsewhere_page"], {"layer": layer, "after": after, "most": _PAGE}
        )
        if page.empty:
            return
        yield page
        after = int(page["id"].iloc[-1])


def area_outlines(session: Session, codes: Sequence[str]) -> gpd.GeoDataFrame:
    """Outlines in force of the areas ``codes``: code, geom."""
    return sql.frame(session, _SQL["outlines_of_areas"], {"codes": list(codes)})


def open_outlines(session: Session) -> None:
    """Create the temporary tables of a redrawing."""
    for name in ("drop_outlines", "create_outlines", "create_redrawn"):
        session.execute(_SQL[name])


def remember(session: Session, layer: Layer, codes: Sequence[str], *, after: bool) -> None:
    """Note the outlines in force of ``codes``, before or after they were redrawn."""
    session.execute(_SQL[f"remember_{layer}"], {"codes": list(codes), "after": after})


def redraw(session: Session) -> int:
    """Fill ``redrawn`` with the ground that changed hands; returns the number of outlines."""
    outlines = _count(session.execute(_SQL["redraw"]))
    session.execute(_SQL["analyze_redrawn"])
    return outlines


def moved_elsewhere(session: Session, records: Table, layer: Layer, codes: Sequence[str]) -> bool:
    """Whether redrawn outlines would win or lose a record whose writing is not the user's."""
    if HELD_BY[layer] not in records.c:
        return False
    asked = {"source": records.name, "layer": layer, "codes": list(codes)}
    return bool(session.scalar(_SQL["moved_elsewhere"], asked))


def touched(records: Table) -> Select[Any]:
    """(id, point) of the records in force that meet redrawn ground."""
    ground = func.array(select(_REDRAWN.c.geom).scalar_subquery())
    hit = func.array(select(func.wangge.touching(records.name, ground)).scalar_subquery())
    points = select(records.c.id, spot(records).label("geom")).where(records.c.id == func.any(hit))
    return points.where(records.c.valid_to.is_(None)) if "valid_to" in records.c else points


def reassign(session: Session, records: Table, *, district_code: str) -> int:
    """Write ``placed`` into the records whose codes differ; returns how many."""
    fresh: dict[str, ColumnElement[Any]] = {
        name: PLACED.c[name] for name in assigned_columns(records)
    }
    fresh["area_code"] = func.coalesce(PLACED.c.area_code, district_code)
    differs = or_(*(records.c[name].is_distinct_from(value) for name, value in fresh.items()))
    statement = update(records).values(fresh).where(records.c.id == PLACED.c.id, differs)
    return _count(session.execute(statement))


def follow(session: Session) -> int:
    """Let counts and observations follow the compound or camera they speak of."""
    return sum(_count(session.execute(_SQL[f"follow_{of}"])) for of in ("compounds", "cameras"))


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
