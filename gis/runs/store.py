"""Keeps analysis runs and their result rows; every analysis stores through here."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict, Unpack

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import shapely
from geoalchemy2 import Geometry
from psycopg2 import sql as names
from sqlalchemy import Boolean, Date, DateTime, Float, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.schema import Column, Table
from sqlalchemy.types import TypeEngine

from gis.db import SCHEMA, sql, statistics
from gis.db.base import Base
from gis.errors import NoData
from gis.policy import Policy
from gis.runs.model import Analysis, Run

_SQL = sql.load("gis.runs")
_ROWS = {False: 50_000, True: 2_000}  # rows that are text at a time; with outlines fewer
_ARROW: tuple[tuple[type[TypeEngine[Any]], pa.DataType], ...] = (
    (Integer, pa.int64()),
    (Float, pa.float64()),
    (Boolean, pa.bool_()),
    (Date, pa.date32()),
    (DateTime, pa.timestamp("us", tz="UTC")),
)


class Line(TypedDict):
    """What the revisions of a run count along."""

    analysis: Analysis
    period: str | None
    as_of: date
    area_code: str


@dataclass(frozen=True)
class Recorded:
    """Where a run's results are; ``stored`` is False when the newest run already held them."""

    run_id: int
    revision: int
    stored: bool


def newest(session: Session) -> tuple[int | None, int | None]:
    """Marks of the newest import or undoing and of the newest run; they move on with every one."""
    import_id, run_id = session.execute(_SQL["newest"]).one()
    return import_id, run_id


def latest_import(session: Session, kind: str) -> int | None:
    """Id of the last import of a kind that stands."""
    found: int | None = session.execute(_SQL["latest_import"], {"kind": kind}).scalar_one()
    return found


def hold_still(session: Session, analysis: Analysis) -> None:
    """Until the transaction ends no import commits, and nobody else runs ``analysis``.

    Without it an analysis could read half of what an import writes, or store what it read before
    an import as a newer revision than what was read after it.
    """
    session.execute(_SQL["hold_still"], {"analysis": analysis.value})


def record(
    session: Session,
    *,
    analysis: Analysis,
    period: str | None,
    as_of: date,
    policy: Policy,
    input_digest: str,
    parameters: Mapping[str, Any],
    totals: Mapping[str, Any],
    area_code: str,
    results: Mapping[type[Base], pd.DataFrame],
) -> Recorded:
    """Store one run with all its result frames, or find that it is stored already.

    The newest run of the same analysis, period, date and area is returned untouched when its
    inputs, parameters and policy are the same; else a new revision is written.
    """
    line = Line(analysis=analysis, period=period, as_of=as_of, area_code=area_code)
    _lock(session, **line)
    known = same_run(
        session, **line, policy=policy, input_digest=input_digest, parameters=parameters
    )
    if known is not None:
        return Recorded(known.id, known.revision, stored=False)
    run_id = new_run(
        session, **line, policy=policy, input_digest=input_digest,
        parameters=parameters, totals=totals,
    )  # fmt: skip
    for table, frame in results.items():
        write_results(session, table, run_id, frame)
    statistics.refresh(session, *(table.__tablename__ for table in results))
    return Recorded(run_id, session.get_one(Run, run_id).revision, stored=True)


def new_run(
    session: Session,
    *,
    analysis: Analysis,
    period: str | None,
    as_of: date,
    policy: Policy,
    input_digest: str,
    parameters: Mapping[str, Any],
    totals: Mapping[str, Any],
    area_code: str,
) -> int:
    """Write a run record and return its id; its revision is one above the line's newest.

    ``parameters`` and ``totals`` are plain JSON values (no NaN, no numpy numbers).
    """
    line = Line(analysis=analysis, period=period, as_of=as_of, area_code=area_code)
    _lock(session, **line)
    revision = session.execute(_SQL["next_revision"], {**line}).scalar_one()
    run = Run(
        **line, revision=revision, policy_version=policy.version, policy_digest=policy.digest,
        input_digest=input_digest, parameters=dict(parameters), totals=dict(totals),
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run.id


def latest_run(
    session: Session, analysis: Analysis, period: str | None = None, as_of: date | None = None
) -> Run | None:
    """The newest run of an analysis: newest quarter, then date, then revision; None if none did.

    Months are previews: without ``period`` none of them is the latest.
    """
    found = latest_run_id(session, analysis, period, as_of)
    return None if found is None else session.get_one(Run, found)


def require_run(
    session: Session, analysis: Analysis, period: str | None = None, as_of: date | None = None
) -> Run:
    """What `latest_run` finds; raises NoData when there is none."""
    found = latest_run(session, analysis, period, as_of)
    if found is None:
        when = f" for {period or as_of}" if period or as_of else ""
        raise NoData(f"the analysis {analysis} has not run{when}: wangge run {analysis}")
    return found


def latest_run_id(
    session: Session, analysis: Analysis, period: str | None = None, as_of: date | None = None
) -> int | None:
    """Which run `latest_run` finds."""
    asked = {"analysis": analysis, "period": period, "as_of": as_of}
    found: int | None = session.execute(_SQL["latest_run_id"], asked).scalar_one_or_none()
    return found


def latest_on(session: Session, analysis: Analysis, as_of: date) -> Run | None:
    """The newest run of that day, else the newest of any: what is shown beside another figure."""
    return latest_run(session, analysis, as_of=as_of) or latest_run(session, analysis)


def same_run(
    session: Session,
    *,
    analysis: Analysis,
    period: str | None,
    as_of: date,
    area_code: str,
    policy: Policy,
    input_digest: str,
    parameters: Mapping[str, Any],
) -> Run | None:
    """The line's newest run if it had the same inputs, parameters and policy values."""
    line = Line(analysis=analysis, period=period, as_of=as_of, area_code=area_code)
    found = session.execute(_SQL["newest_of_line"], {**line}).scalar_one_or_none()
    if found is None:
        return None
    run = session.get_one(Run, found)
    same = (run.input_digest, run.policy_digest) == (input_digest, policy.digest)
    return run if same and run.parameters == json.loads(json.dumps(dict(parameters))) else None


def write_results(session: Session, table: type[Base], run_id: int, frame: pd.DataFrame) -> int:
    """Append the rows of ``frame`` to a result table under ``run_id``; returns how many.

    Columns are matched by name: the table's own id and generated columns are left out, nullable
    ones and ones with a default may be missing. Geometry is shapely in EPSG:4326. Rows go by
    COPY into a temporary table and from there by INSERT, because COPY refuses a table with
    row-level security.

    Raises
    ------
    ValueError
        ``frame`` has a column that the table has not, or lacks a required one.
    """
    target = table.__table__
    assert isinstance(target, Table)
    columns = _columns(target, frame)
    if frame.empty:
        return 0
    rows = _ROWS[any(isinstance(column.type, Geometry) for column in columns)]
    parts = (frame.iloc[at : at + rows] for at in range(0, len(frame), rows))
    _copy(
        session, target.name, [column.name for column in columns],
        (_csv(part, columns, run_id) for part in parts),
    )  # fmt: skip
    return len(frame)


def _csv(frame: pd.DataFrame, columns: Sequence[Column[Any]], run_id: int) -> io.BytesIO:
    arrays = [
        pa.array([run_id] * len(frame), pa.int64())
        if column.name == "run_id"
        else _arrow(frame[column.name], column)
        for column in columns
    ]
    body = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    written = pa.Table.from_arrays(arrays, names=[column.name for column in columns])
    pyarrow.csv.write_csv(written, body, options)
    body.seek(0)
    return body


def _lock(session: Session, **line: Unpack[Line]) -> None:
    words = "/".join(str(value) for value in line.values())
    session.execute(_SQL["lock_run_line"], {"line": words})


def _columns(target: Table, frame: pd.DataFrame) -> list[Column[Any]]:
    """The table's columns that ``frame`` fills, in the table's order, with ``run_id``."""
    own = {column.name: column for column in target.columns if _writable(column)}
    unknown = sorted(set(frame.columns) - set(own))
    if unknown:
        raise ValueError(f"{target.name} has no columns {unknown}")
    given = {"run_id", *frame.columns}
    required = {name for name, column in own.items() if _required(column)}
    if required - given:
        raise ValueError(f"{target.name} needs the columns {sorted(required - given)}")
    return [column for name, column in own.items() if name in given]


def _writable(column: Column[Any]) -> bool:
    return column.identity is None and column.computed is None


def _required(column: Column[Any]) -> bool:
    return not column.nullable and column.server_default is None


def _arrow(values: "pd.Series[Any]", column: Column[Any]) -> pa.Array:
    if isinstance(column.type, Geometry):
        hexes = shapely.to_wkb(
            shapely.set_srid(values.to_numpy(dtype=object), 4326), hex=True, include_srid=True
        )
        return pa.array(hexes, pa.string())
    if isinstance(column.type, JSONB):
        return pa.array([None if v is None else json.dumps(v, ensure_ascii=False) for v in values])
    for sqlalchemy_type, arrow_type in _ARROW:
        if isinstance(column.type, sqlalchemy_type):
            return pa.array(values, arrow_type, from_pandas=True)
    return pa.array(values, pa.string(), from_pandas=True)


def _copy(session: Session, table: str, columns: list[str], bodies: Iterable[io.BytesIO]) -> None:
    words = {
        "target": names.Identifier(SCHEMA, table),
        "columns": names.SQL(", ").join(map(names.Identifier, columns)),
    }
    create, copy, insert, drop = (
        names.SQL(statement).format(**words) for statement in (_CREATE, _COPY, _INSERT, _DROP)
    )
    driver: Any = session.connection().connection.dbapi_connection
    with driver.cursor() as cursor:
        cursor.execute(create)
        for body in bodies:
            cursor.copy_expert(copy, body)
        cursor.execute(insert)
        cursor.execute(drop)


_CREATE = "CREATE TEMPORARY TABLE run_results AS SELECT {columns} FROM {target} WITH NO DATA"
_COPY = "COPY run_results ({columns}) FROM STDIN WITH (FORMAT csv)"
_INSERT = "INSERT INTO {target} ({columns}) SELECT {columns} FROM run_results"
_DROP = "DROP TABLE run_results"
