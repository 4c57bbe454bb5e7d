"""What a ranking answers: frozen results; the evaluations themselves belong to `gis.areas`."""

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from gis.areas.levels import Level


class YearClass(StrEnum):
    """EVA-2: the class of a division for a year."""

    DEMONSTRATION = "demonstration"
    STANDARD = "standard"
    BELOW = "below"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Ranking:
    """The ranking of one level for one quarter.

    ``rows`` : code, name, one column per measure (NaN where not evaluated), ``total`` (0 to 100,
    NaN while a measure is missing), ``rank`` (1 is best, equal totals share one, NaN unranked),
    ``missing`` (names of the missing measures), ``previous_rank``.
    """

    level: Level
    period: str
    rows: pd.DataFrame
    weights: dict[str, float]
    policy_version: str


@dataclass(frozen=True)
class Year:
    """The classes of one level for one year.

    ``rows`` : code, name, ``total`` (mean of the year's quarters), ``quarters`` (how many have
    one), ``year_class``, ``years_below`` (in a row, this one included), ``loses_name``.
    """

    level: Level
    year: int
    rows: pd.DataFrame
    policy_version: str
