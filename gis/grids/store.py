"""Reads the grids as they were on one day and keeps audit findings."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from gis.db import sql
from gis.grids.model import GridFinding, Network
from gis.policy import Policy
from gis.runs import store as runs
from gis.runs.model import Analysis

_SQL = sql.load("gis.grids")
_RESULT = [
    column.name for column in GridFinding.__table__.columns if column.name not in {"id", "run_id"}
]


def grids_on(
    session: Session, *, as_of: date, networks: Collection[Network] = tuple(Network)
) -> gpd.GeoDataFrame:
    """network, code, area_code, name, posts (staffed on ``as_of``) and outline in EPSG:4326."""
    asked = {"as_of": as_of, "networks": [network.value for network in networks]}
    return sql.frame(session, _SQL["grids_on"], asked)


def save(
    session: Session,
    findings: pd.DataFrame,
    *,
    policy: Policy,
    as_of: date,
    area_code: str,
    input_digest: str,
    parameters: Mapping[str, Any],
    totals: Mapping[str, Any],
) -> runs.Recorded:
    """Keep one audit run; equal inputs and rules find the run that is there."""
    return runs.record(
        session,
        analysis=Analysis.GRIDS,
        period=None,
        as_of=as_of,
        policy=policy,
        input_digest=input_digest,
        parameters=parameters,
        totals=totals,
        area_code=area_code,
        results={GridFinding: findings[_RESULT]},
    )
