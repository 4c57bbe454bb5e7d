"""Reads a layer of the registry as it stands on a day or after a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from gis.areas.levels import Level
from gis.crs import Box, ewkt
from gis.district import District
from gis.errors import NoData, NotFound
from gis.layers import store
from gis.layers.model import Layer
from gis.layers.model import layer as named
from gis.period import add_months, midnight, plausible
from gis.policy import Policy
from gis.runs import store as runs
from gis.runs.model import Analysis, Run
from gis.timeline import service as timeline
from gis.video import store as video

INCIDENT_MONTHS = 24
_CAMERAS = "cameras"  # drawn with what surrounds each point: a question of gis.video


@dataclass(frozen=True)
class Scope:
    """What of a layer is asked for: an area by code prefix, a day or a period, finer choices.

    ``level`` is the division level of the coverage layer, ``resolution`` that of H3 cells;
    ``internal`` lets internal layers through. ``run_id`` pins the run that a result layer shows,
    whatever ran since. ``key`` asks for one feature, ``box`` for those whose bounding box touches
    it.
    """

    area_prefix: str = ""
    period: str | None = None
    as_of: date | None = None
    level: Level = Level.COMMUNITY
    resolution: int = 9
    internal: bool = False
    run_id: int | None = None
    key: str | None = None
    box: Box | None = None

    def __post_init__(self) -> None:
        """Raises BadPeriod for a day that no window of months can be laid around."""
        if self.as_of is not None:
            plausible(self.as_of)


@dataclass(frozen=True)
class Shown:
    """A layer's features and what they show: the run (for results) and the day."""

    layer: Layer
    features: gpd.GeoDataFrame
    as_of: date
    run: Run | None


@dataclass(frozen=True)
class Statement:
    """A layer's named statement, its parameters (and maybe more), the day and the run it shows."""

    clause: TextClause
    params: Mapping[str, Any]
    as_of: date
    run: Run | None


def read(
    session: Session,
    layer: Layer,
    *,
    district: District,
    policy: Policy,
    scope: Scope,
    surroundings: bool = True,
) -> Shown:
    """The features of ``layer`` within ``scope`` (EPSG:4326), with the registry's columns only.

    Without ``surroundings`` the incidents round video points are not counted (0): that takes most
    of the time, and a page that asks for each point's details later does not need it.

    Raises NoData when the analysis the layer shows has not run, or the store holds nothing.
    """
    asked = statement(
        session, layer, district=district, policy=policy, scope=scope, surroundings=surroundings
    )
    frame = store.layer(session, asked.clause, asked.params)
    columns = [column.name for column in layer.columns]
    return Shown(layer, frame[[*columns, "geom"]], asked.as_of, asked.run)


def count(
    session: Session, layer: Layer, *, district: District, policy: Policy, scope: Scope
) -> int:
    """How many features `read` gives, without reading them; raises as `read` does."""
    asked = statement(
        session, layer, district=district, policy=policy, scope=scope, surroundings=False
    )
    return store.count(session, asked.clause, asked.params)


def read_or_none(session: Session, name: str, **asked: Any) -> Shown | None:
    """What `read` gives of the layer called ``name``; None where its analysis has not run."""
    try:
        return read(session, named(name), **asked)
    except NoData:
        return None


def statement(
    session: Session,
    layer: Layer,
    *,
    district: District,
    policy: Policy,
    scope: Scope,
    surroundings: bool = True,
) -> Statement:
    """What `read` asks the store; raises as `read` does."""
    run, as_of = what_is_shown(session, layer, district=district, scope=scope)
    if layer.name == _CAMERAS:
        clause, params = video.camera_statement(
            session, policy=policy, district=district, as_of=as_of,
            months=INCIDENT_MONTHS if surroundings else 0,
            area_prefix=scope.area_prefix, key=scope.key, box=scope.box,
        )  # fmt: skip
        return Statement(clause, params, as_of, run)
    params = _params(session, district=district, policy=policy, scope=scope, run=run, as_of=as_of)
    return Statement(store.query(layer.query), params, as_of, run)


def what_is_shown(
    session: Session, layer: Layer, *, district: District, scope: Scope
) -> tuple[Run | None, date]:
    """The run (None for a layer of records) and the day that ``scope`` asks of ``layer``.

    Raises NoData when the analysis the layer shows has not run.
    """
    run = _run(session, layer, scope)
    return run, scope.as_of or (run.as_of if run else timeline.day_of(session, district))


def _run(session: Session, layer: Layer, scope: Scope) -> Run | None:
    if layer.analysis is None:
        return None
    analysis = Analysis(layer.analysis)
    if scope.run_id is not None:
        pinned = session.get(Run, scope.run_id)
        if pinned is None or pinned.analysis != analysis:
            raise NotFound(f"run of {analysis}", scope.run_id)
        return pinned
    return runs.require_run(session, analysis, scope.period, scope.as_of, as_shown=True)


def _params(
    session: Session,
    *,
    district: District,
    policy: Policy,
    scope: Scope,
    run: Run | None,
    as_of: date,
) -> dict[str, Any]:
    complete = (as_of + timedelta(days=1)).replace(day=1)  # days told apart would tell incidents
    rental = runs.latest_on(session, Analysis.RENTAL, as_of)
    return {
        "area_prefix": scope.area_prefix,
        "as_of": as_of,
        "key": scope.key,
        "box": ewkt(scope.box),
        "run_id": run.id if run else None,
        "rental_run_id": rental.id if rental else None,
        "level": scope.level,
        "resolution": scope.resolution,
        "video_quality": policy["VID-2", "coverage_quality"],
        "coverage_share": policy["VID-2", "coverage_share"],
        "key_place_share": policy["VID-2", "key_place_share"],
        "households_min": policy["GRD-2", "households_min"],
        "households_max": policy["GRD-2", "households_max"],
        "since": midnight(add_months(complete, -INCIDENT_MONTHS), district.zone),
        "until": midnight(complete, district.zone),
    }
