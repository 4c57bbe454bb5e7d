"""The district's quarterly report: published colours, coverage, grids, video, rankings."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from api.house import House
from api.web.desk import Desk
from gis.areas.levels import Level
from gis.errors import NoData
from gis.facts import service as facts
from gis.legend import COVERAGE, RATING
from gis.period import Period
from gis.publication import service as publication
from gis.ranking import service as ranking
from gis.runs.model import Analysis
from gis.runs.store import require_run
from gis.safety.communities import safe_communities
from gis.safety.rules import RatingRules
from maps.context import rule_texts
from maps.report import Report, Section

_BEST = 10  # communities listed of a ranking


def quarterly(db: Session, desk: Desk, period: str) -> Report:
    """The report of a quarter; a part whose analysis has not run for its last day is left out.

    Raises NoData when nothing of the quarter is there.
    """
    quarter = Period.parse(period)
    parts = (_colours, _coverage, _grids, _video, _streets, _communities, _year)
    sections = [made for part in parts for made in _made(part, db, desk, quarter)]
    if not sections:
        raise NoData(
            f"{period} 没有评定、发布或考评 / nothing of {period} is rated, published or evaluated"
        )
    at = desk.house
    name = desk.either(at.district.name_zh, at.district.name_en)
    return Report(
        title=desk.t("reports.title", district=name),
        subtitle=desk.t("reports.subtitle", period=period), maker=desk.t("reports.maker"),
        day=quarter.last_day, sections=sections, demo=facts.is_demo(db),
        foot=desk.t("reports.foot", version=at.policy.version),
    )  # fmt: skip


Part = Callable[[Session, Desk, Period], Section]


def _made(part: Part, db: Session, desk: Desk, quarter: Period) -> Iterator[Section]:
    try:
        yield part(db, desk, quarter)
    except NoData:
        return


def _colours(db: Session, desk: Desk, quarter: Period) -> Section:
    _, rows = publication.published(db, period=quarter.label)
    counts = rows["colour"].value_counts()
    placed = rows[rows["area_code"] != desk.house.district.code]
    safe = safe_communities(
        placed["colour"].to_numpy(dtype=np.str_), placed["area_code"].to_numpy(dtype=np.str_),
        rules=RatingRules.of(desk.house.policy),
    )  # fmt: skip
    return Section(
        desk.t("reports.colours"), desk.t("reports.colours_lead"),
        figures=[(desk.either(one.zh, one.en), desk.n(int(counts.get(one.value, 0))))
                 for one in RATING.entries],
        head=["SAF-3", desk.t("reports.share")],
        rows=[[desk.t("reports.safe"), desk.share(safe.safe_share)],
              [desk.t("reports.demonstration"), desk.share(safe.demonstration_share)]],
        source=_source(desk.house, desk, "SAF-1"),
    )  # fmt: skip


def _coverage(db: Session, desk: Desk, quarter: Period) -> Section:
    totals = _totals(db, Analysis.COVERAGE, quarter.last_day)
    return Section(
        desk.t("reports.coverage"), desk.t("reports.coverage_lead"),
        figures=[(desk.either(one.zh, one.en), desk.n(totals.get(one.value)))
                 for one in COVERAGE.entries],
        head=[desk.t("reports.figure"), "m²"],
        rows=[[desk.t("reports.floor"), desk.n(totals.get("floor_area_m2"))],
              [desk.t("reports.to_build"), desk.n(totals.get("to_build_m2"))]],
        source=_source(desk.house, desk, "FAC-1"),
    )  # fmt: skip


def _grids(db: Session, desk: Desk, quarter: Period) -> Section:
    unified = _totals(db, Analysis.GRIDS, quarter.last_day).get("unified", {})
    return Section(
        desk.t("reports.grids"), figures=[
            (desk.t("reports.grids_count"), desk.n(unified.get("grids"))),
            *((desk.t(f"reports.grid_{name}"), desk.n(unified.get(name, 0)))
              for name in ("gap", "overlap", "no_worker")),
        ], source=_source(desk.house, desk, "GRD-1"),
    )  # fmt: skip


def _video(db: Session, desk: Desk, quarter: Period) -> Section:
    totals = _totals(db, Analysis.VIDEO, quarter.last_day)
    return Section(
        desk.t("reports.video"), figures=[
            (desk.t("reports.cameras"), desk.n(totals.get("cameras"))),
            (desk.t("reports.working"), desk.share(totals.get("working_share"))),
            (desk.t("reports.covered"), desk.share(_covered(totals, desk.house))),
            (desk.t("reports.without"), desk.n(totals.get("compounds_without"))),
        ], source=_source(desk.house, desk, "VID-2"),
    )  # fmt: skip


def _covered(totals: Mapping[str, Any], house: House) -> float | None:
    """Share of the public ground that working points show; where it is blind is not for print."""
    by_quality = (totals.get("coverage") or {}).get("by_quality", {})
    share: float | None = by_quality.get(house.policy["VID-2", "coverage_quality"], {}).get("share")
    return share


def _streets(db: Session, desk: Desk, quarter: Period) -> Section:
    return _ranked(db, desk, quarter, Level.STREET, most=None)


def _communities(db: Session, desk: Desk, quarter: Period) -> Section:
    return _ranked(db, desk, quarter, Level.COMMUNITY, most=_BEST)


def _ranked(db: Session, desk: Desk, quarter: Period, level: Level, *, most: int | None) -> Section:
    at = desk.house
    found = ranking.ranking(
        db, district=at.district, policy=at.policy, level=level, period=quarter.label
    )
    return Section(
        desk.t(f"reports.ranking_{level}"),
        desk.t("reports.best", most=most) if most else "",
        head=[desk.t("rankings.name"), *(desk.t(f"rankings.{one}") for one in found.weights),
              desk.t("rankings.total"), desk.t("rankings.rank")],
        rows=[[str(row["name"]), *(_figure(desk, row[one]) for one in found.weights),
               _figure(desk, row["total"]), _figure(desk, row["rank"], 0)]
              for row in found.rows.head(most or len(found.rows)).to_dict("records")],
        source=_source(at, desk, "EVA-1"),
    )  # fmt: skip


def _year(db: Session, desk: Desk, quarter: Period) -> Section:
    at, year = desk.house, quarter.start.year - 1
    found = ranking.year(
        db, district=at.district, policy=at.policy, level=Level.COMMUNITY, year=year
    )
    counts = found.rows["year_class"].value_counts()
    names = ("demonstration", "standard", "below", "unknown")
    return Section(
        desk.t("reports.year", year=year),
        figures=[(desk.t(f"rankings.class_{one}"), desk.n(int(counts.get(one, 0))))
                 for one in names],
        source=_source(at, desk, "EVA-2"),
    )  # fmt: skip


def _totals(db: Session, analysis: Analysis, day: date) -> Mapping[str, Any]:
    return require_run(db, analysis, as_of=day).totals


def _figure(desk: Desk, value: float, digits: int = 1) -> str:
    return "—" if value != value else desk.n(float(value), digits)  # noqa: PLR0124 - NaN


def _source(house: House, desk: Desk, rule: str) -> str:
    text = rule_texts(house.policy).get(rule)
    source = desk.either(text.source_zh, text.source_en) if text else house.policy.source(rule)
    return f"{rule} · {source}"
