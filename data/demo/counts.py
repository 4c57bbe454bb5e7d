"""Household counts on three days and the quarterly evaluations of every community."""

from datetime import date

import numpy as np
import pandas as pd

from data.demo.compounds import Compounds, is_stale
from gis.arrays import Ints

DAYS = (date(2024, 9, 30), date(2025, 9, 30), date(2026, 6, 30))
GROWTH_PER_YEAR = 0.012
PERIODS = (
    "2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3",
)  # fmt: skip
MEASURES = (("satisfaction", 86.0, 5.0), ("problems_fixed", 90.0, 6.0), ("media", 94.0, 4.0),
            ("inspection", 84.0, 7.0))  # fmt: skip
_COLUMNS = [
    "统计对象",
    "对象编码",
    "统计日期",
    "户数",
    "常住人口",
    "流动人口",
    "住宅套数",
    "出租房屋数",
]


def history(
    compounds: Compounds,
    floating: Ints,
    rented: Ints,
    communities: list[str],
    households: Ints,
    residents: Ints,
) -> pd.DataFrame:
    """Counts of compounds and communities by day, under the headers of an office's spreadsheet.

    A compound whose count is stale was last counted on its own day, and never since.
    """
    found = []
    for day in DAYS:
        shrink = (1 + GROWTH_PER_YEAR) ** (-(DAYS[-1] - day).days / 365.25)
        counted = np.array([not is_stale(last) for last in compounds.counted_on])
        found.append(
            _rows("小区", compounds.code, day, shrink, compounds.households, compounds.residents,
                  floating, compounds.dwellings, rented)[counted]
        )  # fmt: skip
        found.append(_rows("社区", communities, day, shrink, households, residents))
    stale = np.flatnonzero([is_stale(last) for last in compounds.counted_on])
    rows = _rows("小区", compounds.code, DAYS[0], 1.0, compounds.households, compounds.residents,
                 floating, compounds.dwellings, rented).iloc[stale]  # fmt: skip
    rows["统计日期"] = [compounds.counted_on[c].isoformat() for c in stale]
    return pd.concat([*found, rows], ignore_index=True)


def _rows(subject: str, codes: object, day: date, shrink: float, *figures: Ints) -> pd.DataFrame:
    """One day's counts; dwellings do not shrink into the past."""
    table = pd.DataFrame({"统计对象": subject, "对象编码": codes, "统计日期": day.isoformat()})
    for name, values in zip(_COLUMNS[3:], figures, strict=False):
        past = values if name == "住宅套数" else np.rint(values * shrink)
        table[name] = pd.array(past.astype(np.int64), dtype="Int64")
    return table.reindex(columns=_COLUMNS)


def evaluations(communities: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """One score per community, quarter and measure of EVA-1."""
    quality = rng.normal(0, 0.6, len(communities))
    found = []
    for period in PERIODS:
        for measure, mean, spread in MEASURES:
            noise = quality + rng.normal(0, 0.8, len(communities))
            score = np.round(np.clip(mean + spread * noise, 0, 100), 1)
            found.append(
                pd.DataFrame(
                    {"area_code": communities, "period": period, "measure": measure, "score": score}
                )
            )
    return pd.concat(found, ignore_index=True)
