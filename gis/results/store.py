"""Reads stored results of a run by level and area, whichever analysis they come from."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, FromClause, column, func, literal, select
from sqlalchemy.orm import Session

from gis.areas.levels import SubjectKind
from gis.errors import BadInput
from gis.facilities.model import CoverageResult
from gis.grids.model import GridFinding
from gis.rental.model import RentalResult
from gis.runs.model import Analysis
from gis.safety.model import SHOWN_RATINGS, WITHHELD, Rating
from gis.video.model import VideoResult

TABLES: dict[Analysis, FromClause] = {
    Analysis.COVERAGE: CoverageResult.__table__,
    Analysis.RATING: SHOWN_RATINGS,
    Analysis.RENTAL: RentalResult.__table__,
    Analysis.VIDEO: VideoResult.__table__,
    Analysis.GRIDS: GridFinding.__table__,
}
_HIDDEN = {"id", "run_id", "geom"}


@dataclass(frozen=True)
class Page:
    """Some of the rows that match, and how many match in all."""

    rows: pd.DataFrame
    matched: int


def read(
    session: Session,
    analysis: Analysis,
    run_id: int,
    *,
    level: SubjectKind | None,
    code: str | None,
    area_prefix: str,
    limit: int,
    offset: int,
) -> Page:
    """A page of one run's results in the order they were written; withheld figures are None.

    ``level`` and ``code`` choose the subjects; for findings ``code`` is a grid's. Raises BadInput
    for a level that the analysis does not speak of: a rating has compounds only, a finding none.
    """
    table = TABLES[analysis]
    source, columns = _given_with(analysis, run_id)
    chosen = [table.c.run_id == run_id, table.c.area_code.startswith(area_prefix, autoescape=True)]
    if level is not None:
        chosen += _of_level(table, analysis, level)
    if code is not None:
        chosen.append(_of_subject(table, code))
    matched = session.execute(select(func.count()).select_from(table).where(*chosen)).scalar_one()
    query = select(*columns).select_from(source).where(*chosen).order_by(table.c.id)
    rows = session.execute(query.limit(limit).offset(offset)).all()
    return Page(pd.DataFrame(rows, columns=[column.name for column in columns]), matched)


def _given_with(analysis: Analysis, run_id: int) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """The table, a rating's with what is withheld as far as the session's user is given that."""
    table = TABLES[analysis]
    shown: list[ColumnElement[Any]] = [one for one in table.c if one.name not in _HIDDEN]
    if analysis is not Analysis.RATING:
        return table, shown
    rated = Rating.__table__.c
    typed = [column(name, rated[name].type) for name in ("id", *WITHHELD)]
    given = func.wangge.withheld_ratings(run_id).table_valued(*typed)
    source = table.outerjoin(given, given.c.id == table.c.id)
    return source, [*shown, *(given.c[name] for name in WITHHELD)]


def _of_level(
    table: FromClause, analysis: Analysis, level: SubjectKind
) -> list[ColumnElement[bool]]:
    if "subject_kind" in table.c:
        return [table.c.subject_kind == level.value]
    if "compound_code" in table.c and level is SubjectKind.COMPOUND:
        return []
    raise BadInput(
        f"分析 {analysis} 没有 {level} 级结果 / "
        f"the analysis {analysis} has no results of level {level}"
    )


def _of_subject(table: FromClause, code: str) -> ColumnElement[bool]:
    if "grid_codes" in table.c:
        return literal(code) == func.any(func.string_to_array(table.c.grid_codes, ","))
    name = "subject_code" if "subject_code" in table.c else "compound_code"
    subject: ColumnElement[str] = table.c[name]
    return subject == code
