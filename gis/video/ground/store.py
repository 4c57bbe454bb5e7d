"""Reads scenes in metres and keeps view fields and the results of coverage runs."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.crs import Box, ewkt
from gis.db import sql, statistics
from gis.district import District
from gis.period import midnight
from gis.runs.append import append
from gis.video.ground.model import ViewField

_SQL = sql.load("gis.video.ground")


def cameras(
    session: Session, *, district: District, as_of: date, box: Box | None = None
) -> pd.DataFrame:
    """Every point with place in metres, status, state and what shapes its field."""
    until = midnight(as_of + timedelta(days=1), district.zone)
    asked = {"as_of": as_of, "until": until, "srid": district.srid, "box": ewkt(box)}
    return sql.table(session, _SQL["scene_cameras"], asked)


def compounds(
    session: Session, *, district: District, as_of: date, compound: str | None = None,
    area_prefix: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Compounds of the day: compound, name, area_code, grid_code, geom, entrances (metres)."""
    asked = {"as_of": as_of, "srid": district.srid, "compound": compound,
             "area_prefix": area_prefix}  # fmt: skip
    return _metric(session, "scene_compounds", asked, "geom", "entrances")


def buildings(session: Session, *, district: District, box: Box | None = None) -> pd.DataFrame:
    """Footprints in metres: name, height_m (NaN unknown), geom."""
    return _metric(session, "scene_buildings", {"srid": district.srid, "box": ewkt(box)}, "geom")


def streets(session: Session, *, district: District) -> pd.DataFrame:
    """Street lines in metres: street, name, area_code, geom."""
    return _metric(session, "scene_streets", {"srid": district.srid}, "geom")


def cells(session: Session, *, district: District, as_of: date) -> pd.DataFrame:
    """Unified grids and communities of the day in metres: cell, grid_code, area_code, geom."""
    return _metric(session, "scene_cells", {"as_of": as_of, "srid": district.srid}, "geom")


def key_places(
    session: Session, *, functions: Sequence[str], district: District, as_of: date
) -> pd.DataFrame:
    """Facilities that are open on the day, in metres: place_key, name, where they are, geom."""
    asked = {"functions": list(functions), "as_of": as_of, "srid": district.srid}
    return _metric(session, "scene_key_places", asked, "geom")


def kept_places(session: Session, run_id: int | None) -> pd.DataFrame:
    """What an earlier run found: place_key, digest, shares (a list by quality), points."""
    return sql.table(session, _SQL["kept_places"], {"run_id": run_id})


def private_places(session: Session, *, district: District, box: Box | None = None) -> pd.DataFrame:
    """Private places in metres: place, kind, place_name, geom."""
    asked = {"srid": district.srid, "box": ewkt(box)}
    return _metric(session, "scene_private_places", asked, "geom")


def incidents(
    session: Session, *, district: District, since: date, until: date, box: Box,
    apart: Sequence[str],
) -> pd.DataFrame:  # fmt: skip
    """Places of incidents on [since, until) in metres: x_m, y_m, incidents; none for a reader who
    may not see incidents. ``apart`` are categories that are left out.
    """
    asked = {"since": midnight(since, district.zone), "until": midnight(until, district.zone),
             "srid": district.srid, "box": ewkt(box), "apart": list(apart)}  # fmt: skip
    return sql.table(session, _SQL["plan_incidents"], asked)


def view_digests(session: Session) -> "pd.Series[Any]":
    """Digest of the stored fields of each point."""
    return sql.table(session, _SQL["view_digests"]).set_index("camera")["digest"]


def keep_views(session: Session, *, gone: list[str], fresh: Iterable[pd.DataFrame]) -> None:
    """Forget the fields of points and write new ones."""
    session.execute(_SQL["forget_views"], {"cameras": gone})
    written = [append(session, ViewField, 0, frame) for frame in fresh]  # of no run
    if gone or written:
        statistics.refresh(session, ViewField.__tablename__)


def views(session: Session, *, camera: str | None = None) -> gpd.GeoDataFrame:
    """Stored fields: camera_key, quality, looks, area_m2, assumed; EPSG:4326."""
    return sql.frame(session, _SQL["views_of"], {"camera": camera})


def kept(
    session: Session, run_id: int | None
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    """Coverage rows of compounds, blind areas and weak points of an earlier run."""
    asked = {"run_id": run_id}
    return (
        sql.table(session, _SQL["kept_coverage"], asked),
        sql.frame(session, _SQL["kept_blind_areas"], asked),
        sql.table(session, _SQL["kept_weak_points"], asked),
    )


def coverage_rows(session: Session, **asked: Any) -> pd.DataFrame:
    """Covered ground by level, quality, code and area of one run."""
    return sql.table(session, _SQL["coverage_rows"], asked)


def places(session: Session, *, limit: int, offset: int, **which: Any) -> tuple[pd.DataFrame, int]:
    """A page of the places of one run, and how many match (run_id, area_prefix, kind, compound,
    below a share).
    """
    return sql.page(session, _SQL["places"], which, limit=limit, offset=offset)


def weak_points(
    session: Session, *, limit: int, offset: int, **which: Any
) -> tuple[pd.DataFrame, int]:
    """A page of the points whose failure blinds most, and how many match (run_id, area_prefix,
    compound; lost_share is of the ground at a quality).
    """
    return sql.page(session, _SQL["weak_points"], which, limit=limit, offset=offset)


def incidents_in_view(session: Session, **asked: Any) -> tuple[int, int, int]:
    """Incidents of a window: all, in a home field of ``cameras``, in any field of theirs."""
    row = session.execute(_SQL["incidents_in_view"], asked).one()
    return row.incidents, row.assured, row.possible


def _metric(session: Session, query: str, asked: dict[str, Any], *shapes: str) -> pd.DataFrame:
    rows = sql.table(session, _SQL[query], asked)
    for name in shapes:
        wkb = np.array([value and bytes(value) for value in rows[name]], dtype=object)
        rows[name] = pd.Series(shapely.from_wkb(wkb), index=rows.index, dtype=object)
    return rows
