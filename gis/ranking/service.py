"""Ranks the divisions of one level by their evaluations, and gives them the year's class."""

import pandas as pd
from sqlalchemy.orm import Session

from gis.areas import hierarchy
from gis.areas.levels import Level, SubjectKind
from gis.areas.store import subjects_on
from gis.db.session import User
from gis.district import District
from gis.errors import NoData
from gis.period import Period
from gis.policy import Policy
from gis.ranking import analysis, store
from gis.ranking.model import Ranking, Year
from gis.ranking.rules import RankingRules


def ranking(
    session: Session, *, district: District, policy: Policy, level: Level, period: str,
    area_prefix: str = "",
) -> Ranking:  # fmt: skip
    """EVA-1: the divisions of ``level`` in the order of their totals for a quarter.

    The order is among those in an area that the session's user may read.

    A level without evaluations of its own is ranked by the means of its communities' scores.
    Raises NoData when the quarter has no evaluation of that level, BadPolicy for weights that do
    not sum to 1.
    """
    rules = RankingRules.of(policy)
    quarter = Period.parse(period)
    before = quarter.previous().label
    scores = _of_level(
        session, store.scores(session, periods=[period, before], area_prefix=area_prefix),
        district=district, level=level, quarter=quarter, area_prefix=area_prefix,
    )  # fmt: skip
    now, then = (
        analysis.ranked(scores[scores["period"] == one], weights=rules.weights)
        for one in (period, before)
    )
    if now.empty:
        raise NoData(
            f"{period} 没有考评数据，请导入 / "
            f"no evaluations of {level} for {period}: wangge import evaluations FILE"
        )
    previous = now["code"].map(then.set_index("code")["rank"])
    rows = _named(session, now.assign(previous_rank=previous), quarter=quarter, level=level)
    return Ranking(level, period, rows, rules.weights, rules.version)


def year(
    session: Session, *, district: District, policy: Policy, level: Level, year: int,
    area_prefix: str = "",
) -> Year:  # fmt: skip
    """EVA-2: the class of each division of ``level`` in an area for ``year``.

    Who stays below for `RankingRules.years_below` years in a row loses the name. Raises NoData when
    the year has no evaluation of that level.
    """
    rules = RankingRules.of(policy)
    years = range(year - rules.years_below + 1, year + 1)
    periods = [f"{one}Q{quarter}" for one in years for quarter in range(1, 5)]
    last = Period.parse(f"{year}Q4")
    scores = _of_level(
        session, store.scores(session, periods=periods, area_prefix=area_prefix),
        district=district, level=level, quarter=last, area_prefix=area_prefix,
    )  # fmt: skip
    history = pd.concat([_classed(scores, one, rules) for one in years], ignore_index=True)
    rows = history[history["year"] == year].drop(columns="year")
    if rows.empty:
        raise NoData(
            f"{year} 年没有考评数据，请导入 / "
            f"no evaluations of {level} in {year}: wangge import evaluations FILE"
        )
    below = rows["code"].map(analysis.years_below(history)).astype("int64")
    rows = rows.assign(years_below=below, loses_name=below >= rules.years_below)
    return Year(level, year, _named(session, rows, quarter=last, level=level), rules.version)


def _classed(scores: pd.DataFrame, year: int, rules: RankingRules) -> pd.DataFrame:
    of_year = scores[scores["period"].str.startswith(f"{year}Q")]
    quarters = [analysis.ranked(one, weights=rules.weights) for _, one in of_year.groupby("period")]
    if not quarters:
        columns = ["code", "total", "quarters", "year_class", "year"]
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    totals = analysis.year_totals(quarters)
    classes = analysis.classes(
        totals["total"].to_numpy(), totals["quarters"].to_numpy(), rules=rules
    )
    return totals.assign(year_class=classes, year=year)


def _of_level(
    session: Session, scores: pd.DataFrame, *,
    district: District, level: Level, quarter: Period, area_prefix: str,
) -> pd.DataFrame:  # fmt: skip
    """The level's own scores; in a quarter in which it has none, the means of its communities.

    A division of which the area or the user holds a part only has no such mean.
    """
    levels = scores["code"].map(district.level_of)
    own = scores[levels == level]
    inside = scores[(levels == Level.COMMUNITY) & ~scores["period"].isin(own["period"])]
    if level is Level.COMMUNITY or inside.empty:
        return own
    each = inside.groupby(["period", "code", "measure"])["score"].mean().reset_index()
    subjects = subjects_on(session, as_of=quarter.last_day)
    above = hierarchy.hierarchy(subjects, district=district.code)[level]
    each = each.assign(code=each["code"].map(above)).dropna(subset=["code"])
    user: User = session.info["user"]
    whole = [
        code for code in each["code"].unique()
        if (prefix := district.prefix_of(code)).startswith(area_prefix) and user.reaches(prefix)
    ]  # fmt: skip
    means = (
        each[each["code"].isin(whole)]
        .groupby(["period", "code", "measure"])["score"]
        .mean()
        .reset_index()
    )
    return pd.concat([own, means], ignore_index=True)


def _named(session: Session, rows: pd.DataFrame, *, quarter: Period, level: Level) -> pd.DataFrame:
    """``rows`` with the names of the divisions on the quarter's last day; the code without one."""
    subjects = subjects_on(session, as_of=quarter.last_day, kinds=[SubjectKind(level)])
    names = rows["code"].map(subjects.set_index("subject_code")["name"])
    return rows.assign(name=names.fillna(rows["code"]))
