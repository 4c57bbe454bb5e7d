"""Reads what a rating needs, unweighted and grouped, and keeps what it was computed from."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from gis.areas import former
from gis.areas import store as areas
from gis.db import bulk, sql
from gis.safety.kept import Packed, libraries
from gis.safety.model import RatingInputs

_SQL = sql.load("gis.safety")
Codes = Sequence[str] | None  # None: every compound
_CARRIED = "compound_code"

_COUNTS = {
    "code": pa.dictionary(pa.int32(), pa.string()),
    "category": pa.dictionary(pa.int32(), pa.string()),
    "month": pa.int64(),
    "incidents": pa.int64(),
}


@dataclass(frozen=True)
class Span:
    """Instants from ``start`` (inclusive) to ``end`` (exclusive)."""

    start: datetime
    end: datetime


def compounds_on(session: Session, *, as_of: date, codes: Codes = None) -> pd.DataFrame:
    """code, name, area_code, peer_group, buildings, began (date) of the day's compounds."""
    return sql.table(session, _SQL["compounds_on"], {"as_of": as_of, "codes": codes})


def household_history(session: Session, *, as_of: date, codes: Codes = None) -> pd.DataFrame:
    """code, as_of (date or None), households of every count of a compound."""
    return sql.table(session, _SQL["household_history"], {"as_of": as_of, "codes": codes})


def incident_counts(
    session: Session, *, months: Sequence[datetime], end: datetime, as_of: date, codes: Codes = None
) -> pd.DataFrame:
    """code, category, month (1 is the first), incidents in compounds of ``as_of``; unweighted.

    ``months`` are the instants at which the months begin, ``end`` that at which the last one ends.
    """
    asked = {"months": list(months), "start": months[0], "end": end, "codes": codes}
    if codes is not None:  # a few rows, for which a COPY is the dearer way
        found = sql.table(session, _SQL["incident_counts"], asked)
    else:
        found = bulk.table(session, _SQL["incident_counts"], asked, _COUNTS)
    others = areas.codes_of_later_days(session, _CARRIED, as_of=as_of)
    if not others:
        return found
    del asked["codes"]
    moved = sql.table(session, _SQL["incidents_of_others"], asked | {"others": others})
    moved = _of_the_day(session, moved, as_of=as_of, codes=codes)
    parts = [found[~found["code"].isin(others)], moved[list(found.columns)]]
    return pd.concat([part.astype({"code": object, "category": object}) for part in parts])


def _of_the_day(session: Session, rows: pd.DataFrame, *, as_of: date, codes: Codes) -> pd.DataFrame:
    """``rows`` under the compound of the day as ``code``, of ``codes`` alone."""
    rows = former.of_the_day(session, rows, as_of=as_of, columns=[_CARRIED])
    rows = rows.rename(columns={_CARRIED: "code"})
    return rows if codes is None else rows[rows["code"].isin(codes)]


def incidents_anywhere(session: Session, *, span: Span) -> int:
    """How many incidents happened, in compounds or not."""
    asked = {"start": span.start, "end": span.end}
    return int(session.execute(_SQL["incidents_anywhere"], asked).scalar_one())


def severe_events(
    session: Session, *, span: Span, categories: Sequence[str], as_of: date, codes: Codes = None
) -> pd.DataFrame:
    """code, category of every severe incident of ``categories``, in the order of time.

    ``code`` is that of the compound of ``as_of``.
    """
    others = areas.codes_of_later_days(session, _CARRIED, as_of=as_of)
    among = None if codes is None else [*codes, *others]
    asked = {"start": span.start, "end": span.end, "categories": list(categories), "codes": among}
    rows = sql.table(session, _SQL["severe_events"], asked)
    if others:
        rows = _of_the_day(session, rows, as_of=as_of, codes=codes)
        rows = rows.sort_values(["code", "occurred_at"], kind="stable")
    else:
        rows = rows.rename(columns={_CARRIED: "code"})
    return rows[["code", "category"]]


def first_incident(session: Session) -> datetime | None:
    """When the data begin; None for a store without incidents."""
    at: datetime | None = session.execute(_SQL["first_incident"]).scalar_one()
    return at


def ground(
    session: Session, *, codes: Sequence[str], as_of: date, srid: int
) -> NDArray[np.object_]:
    """Polygons of ``codes`` (sorted) in the metric frame ``srid``."""
    asked = {"codes": list(codes), "as_of": as_of, "srid": srid}
    found = sql.table(session, _SQL["ground"], asked)
    return np.asarray(shapely.from_wkb([bytes(value) for value in found["ground"]]), dtype=object)


def colours_before(session: Session, quarter: str, *, codes: Codes = None) -> pd.DataFrame:
    """code, colour as each compound had it last before ``quarter`` ("2026Q3")."""
    return sql.table(session, _SQL["colours_before"], {"quarter": quarter, "codes": codes})


def head_of(session: Session, run_id: int, code: str) -> str | None:
    """Under which compound a run rated this one together with its neighbours; None for alone."""
    asked = {"run_id": run_id, "code": code}
    head: str | None = session.execute(_SQL["group_of"], asked).scalar_one()
    return head


def rated_with(session: Session, run_id: int, code: str) -> list[str]:
    """The compound and those rated together with it; empty if the run does not know it."""
    try:
        head = head_of(session, run_id, code)
    except NoResultFound:
        return []
    if head is None:
        return [code]
    asked = {"run_id": run_id, "head": head}
    return list(session.execute(_SQL["members_of"], asked).scalars())


def reference_run(session: Session, area_code: str) -> tuple[str, Mapping[str, Any]] | None:
    """Period and stored reference rates of the quarter that was rated first; None before that."""
    found = session.execute(_SQL["reference_run"], {"area_code": area_code}).one_or_none()
    return None if found is None else (found.period, found.reference)


def keep_basis(session: Session, run_id: int, area_code: str, packed: Packed) -> None:
    """Keep what a run was computed from."""
    row = {"run_id": run_id, "area_code": area_code, "computed_with": libraries()}
    session.execute(insert(RatingInputs).values(**row, **dataclasses.asdict(packed)))


def basis_kept(session: Session, run_id: int) -> bool:
    """Whether what a run was computed from is there, for whoever asks."""
    return session.scalar(select(RatingInputs.run_id).filter_by(run_id=run_id)) is not None


def basis_of(session: Session, run_id: int) -> tuple[Packed, str] | None:
    """What a run was computed from, and the libraries that did; None where it is not there."""
    found = session.get(RatingInputs, run_id)
    if found is None:
        return None
    return Packed(found.payload, found.rules, found.reference), found.computed_with


def stored_rows(session: Session, run_id: int) -> pd.DataFrame:
    """A run's rows of table ratings but for names, by compound_code."""
    return sql.table(session, _SQL["stored_rows"], {"run_id": run_id})
