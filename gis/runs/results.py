"""Reads stored results of a run by level and area, whichever analysis they come from."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FromClause

from gis.areas.model import SubjectKind
from gis.db.base import Base
from gis.errors import BadInput
from gis.facilities.model import CoverageResult
from gis.grids.model import GridFinding
from gis.rental.model import RentalResult
from gis.runs.model import Analysis
from gis.safety.model import Rating
from gis.video.model import VideoResult

TABLES: dict[Analysis, type[Base]] = {
    Analysis.COVERAGE: CoverageResult,
    Analysis.RATING: Rating,
    Analysis.RENTAL: RentalResult,
    Analysis.VIDEO: VideoResult,
    Analysis.GRIDS: GridFinding,
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
    """A page of one run's results in the order they were written.

    ``level`` and ``code`` choose the subjects; for findings ``code`` is a grid's. Raises BadInput
    for a level that the analysis does not speak of: a rating has compounds only, a finding none.
    """
    table = TABLES[analysis].__table__
    columns = [column for column in table.columns if column.name not in _HIDDEN]
    chosen = [table.c.run_id == run_id, table.c.area_code.startswith(area_prefix, autoescape=True)]
    if level is not None:
        chosen += _of_level(table, analysis, level)
    if code is not None:
        chosen.append(_of_subject(table, code))
    matched = session.execute(select(func.count()).select_from(table).where(*chosen)).scalar_one()
    query = select(*columns).where(*chosen).order_by(table.c.id).limit(limit).offset(offset)
    rows = session.execute(query).all()
    return Page(pd.DataFrame(rows, columns=[column.name for column in columns]), matched)


def _of_level(
    table: FromClause, analysis: Analysis, level: SubjectKind
) -> list[ColumnElement[bool]]:
    if "subject_kind" in table.c:
        return [table.c.subject_kind == level.value]
    if "compound_code" in table.c and level is SubjectKind.COMPOUND:
        return []
    raise BadInput(f"the analysis {analysis} has no results of level {level}")


def _of_subject(table: FromClause, code: str) -> ColumnElement[bool]:
    if "grid_codes" in table.c:
        return literal(code) == func.any(func.string_to_array(table.c.grid_codes, ","))
    name = "subject_code" if "subject_code" in table.c else "compound_code"
    subject: ColumnElement[str] = table.c[name]
    return subject == code
