"""Reads let dwellings and their ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import pandas as pd
import pyarrow as pa
from sqlalchemy.orm import Session

from gis.areas import former
from gis.areas.levels import SubjectKind
from gis.areas.store import subjects_on
from gis.db import bulk, sql
from gis.district import District
from gis.rental.rules import RentalRules

_SQL = sql.load("gis.rental")
_CARRIED = ("area_code", "grid_code", "compound_code")
_LETTING_TYPES = {
    **dict.fromkeys(_CARRIED, pa.string()),
    **dict.fromkeys(("lon", "lat"), pa.float64()),
    **dict.fromkeys(("rented", "occupants", "counted"), pa.int64()),
    **dict.fromkeys(("floating", "floating_of", "suspected"), pa.int64()),
}
_HOUSING_TYPES = {"lon": pa.float64(), "lat": pa.float64(), "dwellings": pa.float64()}


@dataclass(frozen=True)
class RentalInputs:
    """What rental density is computed from.

    ``lettings`` one row per place, in no order, with `gis.rental.analysis.SUMS`; ``compounds`` and
    ``subjects`` (divisions and grids) of the day; ``counted`` dated dwellings of ``subjects``;
    ``housing`` dwellings of each building at its point (NaN where one states none), in no order;
    ``registered`` says whether single lettings are registered at all.
    """

    lettings: pd.DataFrame
    compounds: pd.DataFrame
    subjects: pd.DataFrame
    counted: pd.DataFrame
    housing: pd.DataFrame
    registered: bool


def inputs(
    session: Session, *, rules: RentalRules, district: District, as_of: date
) -> RentalInputs:
    """Everything of the day, each frame in a fixed order."""
    measures = {
        "as_of": as_of,
        "min_m2_per_person": rules.min_m2_per_person,
        "max_persons_per_room": rules.max_persons_per_room,
    }
    kinds = [kind for kind in SubjectKind if kind is not SubjectKind.COMPOUND]
    subjects = subjects_on(session, as_of=as_of, kinds=kinds)
    lettings = bulk.table(session, _SQL["let_dwellings"], measures, _LETTING_TYPES)
    compounds = sql.table(session, _SQL["compounds_on"], {"as_of": as_of, "srid": district.srid})
    return RentalInputs(
        lettings=former.of_the_day(session, lettings, as_of=as_of, columns=_CARRIED),
        compounds=former.compounds_of_the_day(session, compounds, as_of=as_of),
        subjects=subjects[["subject_kind", "subject_code", "area_code", "parent_code", "name"]],
        counted=sql.table(session, _SQL["dwellings_counted"], {"as_of": as_of}),
        housing=bulk.table(session, _SQL["housing"], {}, _HOUSING_TYPES),
        registered=bool(session.execute(_SQL["any_dwelling"]).scalar_one()),
    )


def grounds(session: Session, *, codes: Sequence[str], as_of: date) -> gpd.GeoDataFrame:
    """Outlines of compounds of the day, EPSG:4326."""
    return sql.frame(session, _SQL["grounds"], {"codes": list(codes), "as_of": as_of})
