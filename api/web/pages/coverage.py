"""The coverage board: divisions ranked by what they lack (FAC-1), with reasons and costs."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from api import features
from api.deps import AsOf, Db, PeriodText, needs
from api.web import tables, verdicts
from api.web.desk import AtDesk, Desk
from gis import legend
from gis.access.rights import Capability
from gis.areas import store as areas
from gis.areas.levels import Level
from gis.areas.size import CommunitySize, SizeRules, judge
from gis.errors import NoData, NotFound
from gis.facilities import service, store
from gis.facilities.analysis import allocate, premises
from gis.facilities.board import Costs, board
from gis.facilities.model import Function
from gis.facilities.rules import CoverageRules
from gis.facilities.service import Coverage
from gis.layers.model import layer
from gis.period import Period, quarter_of
from gis.rounding import floored
from gis.timeline import service as timeline
from maps import words as map_words

router = APIRouter(dependencies=[needs(Capability.COVERAGE)])
LEVELS = (Level.COMMUNITY, Level.STREET, Level.DISTRICT)
BARS = 30  # more do not fit a screen
QUARTERS_BACK = 4
WAN = 10_000  # yuan in the unit that budgets are written in
Code = Annotated[str, Path(max_length=20)]
Row = Mapping[str, Any]


@router.get("/coverage-board")
def read_board(
    desk: AtDesk,
    db: Db,
    level: Level = Level.COMMUNITY,
    period: PeriodText = None,
    as_of: AsOf = None,
) -> Response:
    """Divisions by the area they lack, with verdict, chart and cost."""
    try:
        day = _day(desk, db, period, as_of)
        found = coverage_on(desk, db, day)
    except NoData:
        return desk.page("coverage_none.html")
    rows = ranked(desk, found, level)
    shown = tables.view(
        desk, rows, _columns(desk), name="coverage", title=desk.t("coverage.title"),
        capability=Capability.COVERAGE, kept=("level", "period", "as_of"), filters=_filters(desk),
        href=lambda row: f"/coverage-board/{row['code']}?as_of={day}",
    )  # fmt: skip
    return shown.file() or desk.page(
        "coverage.html", table=shown, on=day, level=level, levels=LEVELS, sums=_sums(desk, found),
        chart=_chart(desk, shown.matching), threshold=_rules(desk).m2_per_100_households,
        costs=Costs.of(desk.house.policy), bars=min(BARS, len(shown.matching)),
    )  # fmt: skip


def coverage_on(desk: Desk, db: Any, day: date) -> Coverage:
    """The coverage as the store has it on ``day``; raises NoData without divisions."""
    return service.coverage(db, policy=desk.house.policy, district=desk.house.district, as_of=day)


def ranked(desk: Desk, found: Coverage, level: Level) -> list[dict[str, Any]]:
    """The board's rows that lie in the reader's own areas."""
    user = desk.user
    assert user is not None, "the board is no open page"
    rows = features.records(board(found.results, Costs.of(desk.house.policy), level=level))
    return [row for row in rows if user.reaches(str(row["code"]))]


def _day(desk: Desk, db: Any, period: str | None, as_of: date | None) -> date:
    if as_of is not None:
        return as_of
    asked = Period.parse(period) if period else None
    return timeline.day_of(db, desk.house.district, period=asked)


def _rules(desk: Desk) -> CoverageRules:
    return CoverageRules.of(desk.house.policy)


def _columns(desk: Desk) -> list[tables.Column]:
    t, column, n = desk.t, tables.Column, desk.n

    def number(name: str, label: str, *, at_first: bool = True) -> tables.Column:
        return column(
            name, t(f"coverage.{label}"), lambda row: n(row[name]), number=True,
            at_first=at_first,
        )  # fmt: skip

    return [
        column("name", t("coverage.name"), link=True),
        column("code", t("coverage.code"), at_first=False),
        column("verdict", t("coverage.verdict"), chip=lambda row: _class(row["verdict"])),
        column(
            "m2_per_100_households",
            t("coverage.ratio"),
            lambda row: desk.held(row["m2_per_100_households"], 1),
            number=True,
        ),
        number("households", "households"),
        number("facilities", "facilities", at_first=False),
        number("floor_area_m2", "floor_area_m2"),
        number("required_m2", "required_m2"),
        number("gap_m2", "gap_m2", at_first=False),
        number("to_build_m2", "to_build_m2"),
        number("short_communities", "short", at_first=False),
        column(
            "cost_yuan", t("coverage.cost"), lambda row: _wan(desk, row["cost_yuan"]), number=True
        ),
        number("floor_gap_m2", "floor", at_first=False),
        column("floor_rule", t("coverage.floor_rule"), at_first=False),
    ]


def _wan(desk: Desk, yuan: float | None) -> str:
    return desk.n(None if yuan is None else yuan / WAN, 1)


def _class(value: str) -> legend.Entry:
    return legend.COVERAGE.entry(value)


def _filters(desk: Desk) -> list[tables.Filter]:
    classes = [(one.value, desk.either(one.zh, one.en)) for one in legend.COVERAGE.entries]
    floors = [(one, desk.t(f"coverage.floor_{one}")) for one in ("short", "reached")]
    return [
        tables.Filter("verdict", desk.t("coverage.verdict"), classes, lambda row: row["verdict"]),
        tables.Filter("floor", desk.t("coverage.floor_state"), floors, _floor_state),
    ]


def _floor_state(row: Row) -> str:
    """How a community stands to FAC-2 or FAC-3; empty where neither applies."""
    if row["floor_rule"] is None:
        return ""
    return "short" if row["floor_gap_m2"] else "reached"


def _sums(desk: Desk, found: Coverage) -> dict[str, Any]:
    """Totals over the communities that the reader may see."""
    rows = ranked(desk, found, Level.COMMUNITY)
    known = [row for row in rows if row["households"]]
    households = sum(row["households"] for row in known)
    area_m2 = sum(row["floor_area_m2"] for row in known)
    return {
        "communities": len(rows),
        "met": sum(row["verdict"] == "met" for row in rows),
        "to_build_m2": sum(row["gap_m2"] or 0 for row in rows),
        "cost": desk.money(sum(row["cost_yuan"] or 0 for row in rows)),
        "ratio": 100 * area_m2 / households if households else None,
    }


def _chart(desk: Desk, rows: Sequence[Row]) -> str:
    """What the chart draws, as JSON: the first rows that have a ratio, in the table's order."""
    drawn = [row for row in rows if row["m2_per_100_households"] is not None][:BARS]
    classes = {row["verdict"]: _class(row["verdict"]) for row in drawn}
    return json.dumps({
        "threshold": _rules(desk).m2_per_100_households,
        "unit": desk.t("coverage.ratio"),
        "line": desk.t("coverage.threshold", value=desk.n(_rules(desk).m2_per_100_households)),
        "names": [row["name"] for row in drawn],
        "values": [floored(row["m2_per_100_households"], 1) for row in drawn],
        "fills": [classes[row["verdict"]].fill for row in drawn],
    })  # fmt: skip


@router.get("/coverage-board/{code}")
def read_division(desk: AtDesk, db: Db, code: Code, as_of: AsOf = None) -> Response:
    """One division: the verdict with its reasons, earlier quarters, and its facilities."""
    day = _day(desk, db, None, as_of)
    found = coverage_on(desk, db, day)
    level = desk.house.district.level_of(code)
    rows = ranked(desk, found, level) if level in LEVELS else []
    row = next((one for one in rows if one["code"] == code), None)
    if row is None:
        raise NotFound("area", code)
    verdict = verdicts.verdict(
        desk, layer("coverage"), row, version=desk.house.policy.version,
        history=_history(desk, db, code, day),
    )  # fmt: skip
    return desk.page(
        "coverage_one.html", row=row, verdict=verdict, on=day,
        here=_facilities(desk, db, code, day),
        size=_size(desk, db, row, day) if level is Level.COMMUNITY else None,
        size_rules=SizeRules.of(desk.house.policy),
    )  # fmt: skip


def _size(desk: Desk, db: Any, row: Row, day: date) -> CommunitySize:
    """COM-1 and COM-2 beside the verdict."""
    households, workers = row["households"], areas.workers_on(db, code=row["code"], as_of=day)
    known = None if households is None else int(households)
    return judge(known, workers, SizeRules.of(desk.house.policy))


def _history(desk: Desk, db: Any, code: str, day: date) -> list[tuple[date, str]]:
    """The verdict at the ends of earlier quarters, newest first."""
    ends, quarter = [], quarter_of(day).previous()
    for _ in range(QUARTERS_BACK):
        ends.append(quarter.last_day)
        quarter = quarter.previous()
    past = service.history(
        db, code, policy=desk.house.policy, district=desk.house.district, dates=ends
    )
    return list(zip(past["as_of"], past["verdict"], strict=True))[::-1]


def _facilities(desk: Desk, db: Any, code: str, day: date) -> list[dict[str, Any]]:
    """Facilities that stand in a division or are shared with it, those that count first.

    ``counted_m2`` is the part that the division counts; the parts add up to its area.
    """
    kept = store.facilities_on(db, as_of=day, srid=desk.house.district.srid)
    parts = allocate(premises(kept, _rules(desk)), store.shares(db))
    own = parts[parts["area_code"].str.startswith(code)]
    counted_m2 = own.groupby("facility")["area_m2"].sum()
    unknown = set(own.loc[own["unmeasured"] == 1, "facility"])
    inside = kept[kept["area_code"].str.startswith(code) | kept["facility"].isin(counted_m2.index)]
    words = map_words.values_of("facilities", "function")
    rows = [
        {
            **row,
            "counts": row["facility"] in counted_m2.index,
            "counted_m2": None if row["facility"] in unknown else counted_m2.get(row["facility"]),
            "word": desk.either(*words.get(row["function"], words[Function.OTHER])),
        }
        for row in features.records(inside)
    ]
    return sorted(rows, key=lambda row: (not row["counts"], row["name"]))
