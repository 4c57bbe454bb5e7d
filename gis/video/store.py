"""Reads video points, what surrounds them and what runs found."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from gis.areas.levels import SubjectKind
from gis.areas.store import subjects_on
from gis.crs import Box, ewkt
from gis.db import sql
from gis.district import District
from gis.period import add_months, midnight
from gis.policy import Policy
from gis.runs.model import Analysis, Run
from gis.runs.store import latest_on, require_run

_SQL = sql.load("gis.video")


def newest_run(session: Session, as_of: date | None = None) -> Run:
    """The newest run, of a day if one is given; raises NoData where there is none."""
    return require_run(session, Analysis.VIDEO, as_of=as_of)


def cameras_on(session: Session, *, district: District, as_of: date) -> pd.DataFrame:
    """Every point as it was on ``as_of``: place, catalogue fields, status, newest observation."""
    until = midnight(as_of + timedelta(days=1), district.zone)
    return sql.table(session, _SQL["cameras_on"], {"as_of": as_of, "until": until})


def register(session: Session, *, area_prefix: str = "") -> pd.DataFrame:
    """Every point with every stored field, ``lon`` and ``lat`` in degrees (internal)."""
    return sql.table(session, _SQL["register"], {"area_prefix": area_prefix})


def private_places(session: Session, *, kinds: Sequence[str]) -> gpd.GeoDataFrame:
    """Outlines of private places: place, kind, name, area_code; EPSG:4326."""
    return sql.frame(session, _SQL["private_places"], {"kinds": list(kinds)})


def points_in_private_places(session: Session, *, kinds: Sequence[str]) -> pd.DataFrame:
    """Points that stand inside private places: camera, place, kind, place_name."""
    return sql.table(session, _SQL["points_in_private_places"], {"kinds": list(kinds)})


def states_between(
    session: Session, *, district: District, since: date, until: date
) -> pd.DataFrame:
    """Each point's newest state before ``since``, the beginning of a failure that lasts then, and
    all of [since, until): camera, observed_at, state; days are the district's.
    """
    asked = {"since": midnight(since, district.zone), "until": midnight(until, district.zone)}
    return sql.table(session, _SQL["states_between"], asked)


def findings(
    session: Session, *, limit: int, offset: int, **which: Any
) -> tuple[pd.DataFrame, int]:
    """A page of a run's findings, and how many match (run_id, area_prefix, kind, camera)."""
    return sql.page(session, _SQL["findings"], which, limit=limit, offset=offset)


def points(session: Session, *, limit: int, offset: int, **which: Any) -> tuple[pd.DataFrame, int]:
    """A page of the inventory, and how many match (area_prefix, point_class, status, owner,
    compound).
    """
    return sql.page(session, _SQL["points"], which, limit=limit, offset=offset)


def camera_area(session: Session, *, camera: str) -> str | None:
    """The area code of a point of the register; None where there is no such point."""
    found: str | None = session.scalar(_SQL["camera_area"], {"camera": camera})
    return found


def observation_on(
    session: Session, *, camera: str, observed_at: datetime
) -> tuple[str, str | None] | None:
    """State and cause that are noted of a point at one instant."""
    asked = {"camera": camera, "observed_at": observed_at}
    row = session.execute(_SQL["observation_on"], asked).one_or_none()
    return None if row is None else (row.state, row.cause)


def observe(session: Session, **observation: Any) -> None:
    """Write one observation (area_code, import_id, camera, observed_at, state, cause)."""
    session.execute(_SQL["observe"], observation)


def compounds_on(session: Session, *, as_of: date) -> pd.DataFrame:
    """Compounds of the day: compound, name, area_code, grid_code."""
    return sql.table(session, _SQL["compounds_on"], {"as_of": as_of})


def subjects(session: Session, *, as_of: date) -> pd.DataFrame:
    """Divisions and unified grids of the day."""
    kinds = [kind for kind in SubjectKind if kind is not SubjectKind.COMPOUND]
    found = subjects_on(session, as_of=as_of, kinds=kinds)
    return found[["subject_kind", "subject_code", "area_code", "parent_code", "name"]]


def outlined_counties(session: Session, *, as_of: date) -> pd.DataFrame:
    """Districts of the day whose outline is known: county (their code)."""
    return sql.table(session, _SQL["outlined_counties"], {"as_of": as_of})


def camera_statement(
    session: Session,
    *,
    policy: Policy,
    district: District,
    as_of: date,
    months: int = 24,
    area_prefix: str = "",
    key: str | None = None,
    box: Box | None = None,
) -> tuple[TextClause, dict[str, Any]]:
    """The statement and its parameters that ask for each standing or planned point with its
    surroundings, for maps and exports (internal).

    Columns code, name, area_code, gb28181_id, point_class, kind, state (working, down, unknown,
    repair, planned), owner_unit, direction_deg, grid_code, compound_code, compound_name,
    compound_colour (rating of the day, else the newest), incidents_50m (within VID-1's radius in
    the ``months`` months that end with the month of ``as_of``, none after the day; NaN for a role
    that may not see incidents), rented_per_100
    and rented_per_km2 (rental run of the day, else the newest) of its compound or, where it stands
    in none, of its H3 cell, which ``rental_of`` names; NaN where nothing is let, and where hidden,
    then ``rental_suppressed``; points in EPSG:4326.
    """
    month_end = add_months(as_of.replace(day=1), 1)
    rating = latest_on(session, Analysis.RATING, as_of)
    rental = latest_on(session, Analysis.RENTAL, as_of)
    asked = {
        "as_of": as_of,
        "since": midnight(add_months(month_end, -months), district.zone),
        "until": midnight(as_of + timedelta(days=1), district.zone),
        "radius_m": float(policy["VID-1", "incident_radius_m"]),
        "srid": district.srid,
        "rating_run_id": rating.id if rating else None,
        "rental_run_id": rental.id if rental else None,
        "area_prefix": area_prefix,
        "key": key,
        "box": ewkt(box),
    }
    return _SQL["camera_context"], asked
