"""The quarterly report of one area: published colours, coverage, grids, video, rankings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.web import places
from api.web.desk import Desk
from gis.access.rights import Capability
from gis.areas.levels import Level, SubjectKind
from gis.errors import NoData, NotFound
from gis.facts import service as facts
from gis.grids.model import Network
from gis.grids.store import grids_on
from gis.legend import COVERAGE, RATING
from gis.period import Period
from gis.publication import service as publication
from gis.ranking import service as ranking
from gis.results.store import read
from gis.runs.model import Analysis, Run
from gis.runs.store import require_run
from gis.safety.communities import safe_communities
from gis.safety.rules import RatingRules
from gis.video.ground import store as ground
from gis.video.rules import GroundRules
from maps.context import RuleText, rule_texts
from maps.report import Report, Section

_BEST = 10  # communities listed of a ranking
_EVERY = 1_000_000  # rows of an analysis


@dataclass(frozen=True)
class About:
    """What a report speaks of: every figure in it is of this quarter and of this area alone."""

    quarter: Period
    area: str
    level: Level


def quarterly(db: Session, desk: Desk, period: str) -> Report:
    """The report of a quarter; a part whose analysis has not run for its last day is left out.

    It is of the area that the address asks for, else the reader's first one, and is named by it.
    A part that the reader may not see elsewhere is not in it. Raises NoData when nothing of the
    quarter is there, NotFound for no division of the district.
    """
    about = _about(desk, Period.parse(period))
    sections = [made for part in _PARTS for made in _made(part, db, desk, about)]
    if not sections:
        raise NoData(
            f"{period} 没有评定、发布或考评 / nothing of {period} is rated, published or evaluated"
        )
    at = desk.house
    return Report(
        title=desk.t("reports.title", area=places.name(desk, db, about.area)),
        subtitle=desk.t("reports.subtitle", period=period), maker=desk.t("reports.maker"),
        day=about.quarter.last_day, sections=sections, demo=facts.is_demo(db),
        foot=desk.t("reports.foot", version=at.policy.version),
    )  # fmt: skip


def _about(desk: Desk, quarter: Period) -> About:
    own = desk.user.area_prefixes if desk.user else ()
    area = places.division(desk, places.chosen_area(desk) or next(iter(own), ""))
    level = desk.house.district.level_of(area)
    if level is None or not desk.reaches(area):
        raise NotFound("area", area)
    return About(quarter, area, level)


Part = Callable[[Session, Desk, About], Section]


def _made(
    part: tuple[Capability, Part], db: Session, desk: Desk, about: About
) -> Iterator[Section]:
    needed, make = part
    if desk.user is None or not desk.user.may(needed):
        return
    try:
        yield make(db, desk, about)
    except NoData:
        return


def _colours(db: Session, desk: Desk, about: About) -> Section:
    period, area = about.quarter.label, _prefix(desk, about)
    cycle, rows = publication.published(db, period=period, area_prefix=area)
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
        source="\n".join([
            _source(desk, "SAF-1", run=db.get_one(Run, cycle.run_id)), _source(desk, "SAF-3")
        ]),
    )  # fmt: skip


def _coverage(db: Session, desk: Desk, about: About) -> Section:
    run, rows = _results(db, desk, Analysis.COVERAGE, about, level=SubjectKind.COMMUNITY)
    if rows.empty:
        raise NoData(f"{about.area} 没有社区结果 / the run has no communities of {about.area}")
    verdicts = rows["verdict"].value_counts()
    floor_m2, gap_m2 = (float(rows[name].sum()) for name in ("floor_area_m2", "gap_m2"))
    return Section(
        desk.t("reports.coverage"),
        desk.t("reports.coverage_lead", threshold=desk.n(float(rows["threshold"].max()), 1)),
        figures=[(desk.either(one.zh, one.en), desk.n(int(verdicts.get(one.value, 0))))
                 for one in COVERAGE.entries],
        head=[desk.t("reports.figure"), "m²"],
        rows=[[desk.t("reports.floor"), desk.n(floor_m2)],
              [desk.t("reports.to_build"), desk.n(gap_m2)]],
        source=_source(desk, "FAC-1", run=run),
    )  # fmt: skip


def _grids(db: Session, desk: Desk, about: About) -> Section:
    run, found = _results(db, desk, Analysis.GRIDS, about)
    kinds = found.loc[found["network"] == Network.UNIFIED, "kind"].value_counts()
    drawn = grids_on(db, as_of=about.quarter.last_day, networks=[Network.UNIFIED])
    own = drawn["area_code"].str.startswith(_prefix(desk, about))
    return Section(
        desk.t("reports.grids"), desk.t("reports.grids_lead"), figures=[
            (desk.t("reports.grids_count"), desk.n(int(own.sum()))),
            *((desk.t(f"reports.grid_{name}"), desk.n(int(kinds.get(name, 0))))
              for name in ("gap", "overlap", "no_worker")),
        ], source=_source(desk, "GRD-1", run=run),
    )  # fmt: skip


def _video(db: Session, desk: Desk, about: About) -> Section:
    level = SubjectKind(about.level)
    run, counted = _results(db, desk, Analysis.VIDEO, about, level=level, code=about.area)
    if counted.empty:
        raise NoData(f"{about.area} 没有视频点位 / no video points of {about.area}")
    row = counted.iloc[0]
    working = None if pd.isna(row["working_share"]) else float(row["working_share"])
    return Section(
        desk.t("reports.video"), figures=[
            (desk.t("reports.cameras"), desk.n(int(row["cameras"]))),
            (desk.t("reports.working"), desk.share(working)),
            (desk.t("reports.covered"), desk.share(_covered(db, desk, about))),
            (desk.t("reports.without"), desk.n(int(row["compounds_without"]))),
        ], source=_source(desk, "VID-2", run=run),
    )  # fmt: skip


def _covered(db: Session, desk: Desk, about: About) -> float | None:
    """Share of the public ground that working points show; where it is blind is not for print."""
    run = require_run(db, Analysis.VIDEO, as_of=about.quarter.last_day)
    rows = ground.coverage_rows(
        db, run_id=run.id, level=about.level, area_prefix="", code=about.area, limit=1, offset=0,
        quality=GroundRules.of(desk.house.policy).quality,
    )  # fmt: skip
    known = rows["covered_share"].dropna()
    return None if known.empty else float(known.iloc[0])


def _streets(db: Session, desk: Desk, about: About) -> Section:
    return _ranked(db, desk, about, Level.STREET, most=None)


def _communities(db: Session, desk: Desk, about: About) -> Section:
    return _ranked(db, desk, about, Level.COMMUNITY, most=_BEST)


def _ranked(db: Session, desk: Desk, about: About, level: Level, *, most: int | None) -> Section:
    """The order among the divisions of the area; one alone has no order, and none is shown."""
    at = desk.house
    found = ranking.ranking(
        db, district=at.district, policy=at.policy, level=level, period=about.quarter.label,
        area_prefix=_prefix(desk, about),
    )  # fmt: skip
    if about.level == level:
        raise NoData(f"{about.area} 只有一个 / a {level} is not ranked with itself")
    return Section(
        desk.t(f"reports.ranking_{level}"),
        desk.t("reports.best", most=most) if most else "",
        head=[desk.t("rankings.name"), *(desk.t(f"rankings.{one}") for one in found.weights),
              desk.t("rankings.total"), desk.t("rankings.rank")],
        rows=[[str(row["name"]), *(_figure(desk, row[one]) for one in found.weights),
               _figure(desk, row["total"]), _figure(desk, row["rank"], 0)]
              for row in found.rows.head(most or len(found.rows)).to_dict("records")],
        source=_source(desk, "EVA-1"),
    )  # fmt: skip


def _year(db: Session, desk: Desk, about: About) -> Section:
    at, year = desk.house, about.quarter.start.year - 1
    found = ranking.year(
        db, district=at.district, policy=at.policy, level=Level.COMMUNITY, year=year,
        area_prefix=_prefix(desk, about),
    )  # fmt: skip
    counts = found.rows["year_class"].value_counts()
    names = ("demonstration", "standard", "below", "unknown")
    return Section(
        desk.t("reports.year", year=year),
        figures=[(desk.t(f"rankings.class_{one}"), desk.n(int(counts.get(one, 0))))
                 for one in names],
        source=_source(desk, "EVA-2"),
    )  # fmt: skip


_PARTS: tuple[tuple[Capability, Part], ...] = (
    (Capability.RATING, _colours),
    (Capability.COVERAGE, _coverage),
    (Capability.GRIDS, _grids),
    (Capability.VIDEO, _video),
    (Capability.REPORTS, _streets),
    (Capability.REPORTS, _communities),
    (Capability.REPORTS, _year),
)


def _prefix(desk: Desk, about: About) -> str:
    return desk.house.district.prefix_of(about.area)


def _results(
    db: Session, desk: Desk, analysis: Analysis, about: About, *,
    level: SubjectKind | None = None, code: str | None = None,
) -> tuple[Run, pd.DataFrame]:  # fmt: skip
    """The run of the quarter's last day, its rows of the area; raises NoData without that run."""
    run = require_run(db, analysis, as_of=about.quarter.last_day)
    found = read(
        db, analysis, run.id, level=level, code=code, area_prefix=_prefix(desk, about),
        limit=_EVERY, offset=0,
    )  # fmt: skip
    return run, found.rows


def _figure(desk: Desk, value: float, digits: int = 1) -> str:
    return "—" if value != value else desk.n(float(value), digits)  # noqa: PLR0124 - NaN


def _source(desk: Desk, rule: str, *, run: Run | None = None) -> str:
    """The rule, its thresholds and where it stands.

    Where another policy than the one in force judged the figures of a ``run``, its version is told
    in place of thresholds.
    """
    policy = desk.house.policy
    told = rule_texts(policy)[rule]
    if run is None or run.policy_digest == policy.digest:
        held = _thresholds(desk, told)
    else:
        held = desk.t("reports.judged_then", version=run.policy_version)
    return " · ".join(filter(None, (rule, held, desk.either(told.source_zh, told.source_en))))


def _thresholds(desk: Desk, rule: RuleText) -> str:
    zh = desk.language == "zh"
    held = (
        f"{one.zh} {one.value_zh}" if zh else f"{one.en} {one.value_en}" for one in rule.thresholds
    )
    return desk.either("；", "; ").join(held)
