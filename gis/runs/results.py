"""Reads stored results of a run by level and area, whichever analysis they come from."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.areas.model import SubjectKind
from gis.db.base import Base
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

    ``level`` and ``code`` choose the subject where the analysis has several levels; a rating
    speaks of compounds only and a grid finding of no subject.
    """
    table = TABLES[analysis].__table__
    columns = [column for column in table.columns if column.name not in _HIDDEN]
    chosen = [table.c.run_id == run_id, table.c.area_code.startswith(area_prefix, autoescape=True)]
    if level is not None and "subject_kind" in table.c:
        chosen.append(table.c.subject_kind == level.value)
    subject = next((table.c[n] for n in ("subject_code", "compound_code") if n in table.c), None)
    if code is not None and subject is not None:
        chosen.append(subject == code)
    matched = session.execute(select(func.count()).select_from(table).where(*chosen)).scalar_one()
    query = select(*columns).where(*chosen).order_by(table.c.id).limit(limit).offset(offset)
    rows = session.execute(query).all()
    return Page(pd.DataFrame(rows, columns=[column.name for column in columns]), matched)
