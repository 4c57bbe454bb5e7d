"""Keeps analysis runs; every analysis stores through here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict, Unpack

import pandas as pd
from sqlalchemy.orm import Session

from gis.access.rights import Capability
from gis.db import sql, statistics
from gis.db.base import Base
from gis.errors import NoData
from gis.policy import Policy
from gis.runs.append import append
from gis.runs.model import Analysis, Run

_SQL = sql.load("gis.runs")


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


def taken_in(session: Session) -> set[tuple[str, str]]:
    """Kind and digest (sha256) of every file that was imported."""
    return {(row.kind, row.file_sha256) for row in session.execute(_SQL["taken_in"])}


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
        append(session, table, run_id, frame)
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
    session: Session, analysis: Analysis, period: str | None = None, as_of: date | None = None,
    *, as_shown: bool = False,
) -> Run | None:  # fmt: skip
    """The newest run of an analysis: newest quarter, then date, then revision; None if none did.

    Months are previews: without ``period`` none of them is the latest. ``as_shown`` asks for what
    maps, files and answers show: of a published quarter the published run, so that none of them
    says another colour than the plaques.
    """
    found = latest_run_id(session, analysis, period, as_of, as_shown=as_shown)
    return None if found is None else session.get_one(Run, found)


def require_run(
    session: Session, analysis: Analysis, period: str | None = None, as_of: date | None = None,
    *, as_shown: bool = False,
) -> Run:  # fmt: skip
    """What `latest_run` finds; raises NoData when there is none that the session's user may see."""
    found = latest_run(session, analysis, period, as_of, as_shown=as_shown)
    if (
        found is None
        and analysis is Analysis.RATING
        and not session.info["user"].may(Capability.DRAFTS)
    ):
        raise NoData(
            f"{period} 没有已发布的评级 / no rating of {period} is published"
            if period
            else "还没有已发布的季度评级 / no quarter's rating has been published yet"
        )
    if found is None:
        when = f" for {period or as_of}" if period or as_of else ""
        raise NoData(
            f"分析 {analysis} 尚未运行：wangge run {analysis} / "
            f"the analysis {analysis} has not run{when}: wangge run {analysis}"
        )
    return found


def latest_run_id(
    session: Session, analysis: Analysis, period: str | None = None, as_of: date | None = None,
    *, as_shown: bool = False,
) -> int | None:  # fmt: skip
    """Which run `latest_run` finds."""
    asked = {"analysis": analysis, "period": period, "as_of": as_of, "as_shown": as_shown}
    found: int | None = session.execute(_SQL["latest_run_id"], asked).scalar_one_or_none()
    return found


def latest_on(session: Session, analysis: Analysis, as_of: date) -> Run | None:
    """The newest run of that day, else the newest of any: what is shown beside another figure."""
    of_day = latest_run(session, analysis, as_of=as_of, as_shown=True)
    return of_day or latest_run(session, analysis, as_shown=True)


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


def _lock(session: Session, **line: Unpack[Line]) -> None:
    words = "/".join(str(value) for value in line.values())
    session.execute(_SQL["lock_run_line"], {"line": words})
