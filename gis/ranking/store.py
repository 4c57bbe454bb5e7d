"""Reads evaluations; nothing else."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy.orm import Session

from gis.db import sql

_SQL = sql.load("gis.ranking")


def scores(session: Session, *, periods: Sequence[str], area_prefix: str = "") -> pd.DataFrame:
    """Evaluations of some quarters in an area: period, code, measure, score."""
    asked = {"periods": list(periods), "area_prefix": area_prefix}
    return sql.table(session, _SQL["scores"], asked)


def quarters(session: Session) -> list[str]:
    """Quarters with evaluations, newest first."""
    return list(session.execute(_SQL["quarters"]).scalars())
