"""The sharp-eyes board (VID-1, VID-2): the inventory, working rates, repairs, what is covered."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api import features
from api.deps import Db, needs
from api.web import runs as runs_page
from api.web import tables, verdicts
from api.web.desk import AtDesk, Desk
from gis.access.rights import Action, Capability
from gis.audit.service import note
from gis.errors import BadInput
from gis.layers.model import layer
from gis.runs import store as runs
from gis.runs.model import Analysis, Run
from gis.timeline import service as timeline
from gis.video import board, status, store
from gis.video.board import Board
from gis.video.ground import store as ground_store
from gis.video.rules import GroundRules, VideoRules
from gis.video.status import By

router = APIRouter(dependencies=[needs(Capability.VIDEO)])
_DAYS = 30  # shown without a choice
_VALUES = 8  # of one dimension of the inventory; the rest are summed
_GROUPS = (By.OWNER, By.CLASS, By.COMPOUND)
Day = Annotated[date | None, Query(description="a day of the district")]


@router.get("/sharp-eyes")
def read_board(
    desk: AtDesk, db: Db, since: Day = None, until: Day = None, by: By = By.OWNER
) -> Response:
    """The inventory counted, the working rate by day and group, repairs, and what to do next."""
    run = runs.latest_run(db, Analysis.VIDEO)
    until = until or (run.as_of if run else timeline.day_of(db, desk.house.district))
    since = since or until - timedelta(days=_DAYS - 1)
    by = by if by in _GROUPS else By.OWNER
    try:
        found = _board(desk, db, since, until, by)
    except BadInput:  # too many days, or none
        since, wrong = until - timedelta(days=_DAYS - 1), True
        found = _board(desk, db, since, until, by)
    else:
        wrong = False
    table = tables.view(
        desk, _groups(desk, db, found, by, until), _columns(desk), name="working-rate",
        title=desk.t("eyes.rates"), capability=Capability.VIDEO, key="value",
        search=("name",), kept=("since", "until", "by"), href=lambda row: row["href"],
    )  # fmt: skip
    return table.file() or desk.page(
        "sharp_eyes.html", table=table, since=since, until=until, by=by, groups=_GROUPS,
        wrong=wrong, whole=features.records(found.whole.to_frame().T)[0],
        counts=_counts(desk, found), chart=_chart(desk, found), rules=_rules(desk),
        ground=ground_sums(desk, db, run), findings=_findings(db, run),
        offer=None if run else runs_page.offered(desk, db),
        may_import=_may(desk, Capability.IMPORTS, Action.WRITE),
    )  # fmt: skip


def _board(desk: Desk, db: Session, since: date, until: date, by: By) -> Board:
    at = desk.house
    seen = status.watch(db, policy=at.policy, district=at.district, since=since, until=until)
    note(db, event="read", target="sharp eyes", rows=len(seen.cameras))
    return board.board(seen, by=by)


def _may(desk: Desk, capability: Capability, action: Action) -> bool:
    return bool(desk.user and desk.user.may(capability, action))


def _rules(desk: Desk) -> VideoRules:
    return VideoRules.of(desk.house.policy)


def _findings(db: Session, run: Run | None) -> int | None:
    """How many findings of the newest run the reader may see."""
    if run is None:
        return None
    asked = {"run_id": run.id, "area_prefix": "", "kind": None, "camera": None}
    return store.findings(db, limit=1, offset=0, **asked)[1]


def ground_sums(desk: Desk, db: Session, run: Run | None) -> dict[str, Any] | None:
    """Covered share and blind ground of the reader's compounds; None before the first run."""
    if run is None:
        return None
    rows = ground_store.coverage_rows(
        db, run_id=run.id, level="compound", area_prefix="", code=None, limit=tables.EVERY,
        offset=0, quality=GroundRules.of(desk.house.policy).quality,
    )  # fmt: skip
    known = rows[rows["answer"] == "measured"]
    public_m2 = float(known["public_m2"].sum())
    return {
        "share": float(known["seen_m2"].sum()) / public_m2 if public_m2 else None,
        "blind_m2": float(known["blind_m2"].sum()), "compounds": len(rows),
        "answered": len(known), "as_of": run.as_of,
    }  # fmt: skip


# -- the inventory --------------------


def _counts(desk: Desk, found: Board) -> list[tuple[str, list[tuple[str, int]]]]:
    """Each dimension with its values in words, the commonest first."""
    shown = []
    for dimension, part in found.counts.groupby("dimension", sort=False):
        counted = [
            (_value(desk, str(dimension), value), int(times))
            for value, times in zip(part["value"], part["cameras"], strict=True)
        ]
        rest = sum(times for _, times in counted[_VALUES:])
        counted = counted[:_VALUES] + ([(desk.t("eyes.rest"), rest)] if rest else [])
        shown.append((desk.t(f"eyes.by_{dimension}"), counted))
    return shown


def _value(desk: Desk, dimension: str, value: str | None) -> str:
    if value is None:
        return desk.t("eyes.not_stated")
    if dimension == "status":
        return desk.t(f"eyes.status_{value}")
    return verdicts.shown(desk, layer("cameras"), dimension, value)


# -- the working rate --------------------


def _chart(desk: Desk, found: Board) -> str:
    """One line of shares for each kind of duty, with its threshold, as JSON."""
    days = [str(day) for day in sorted(set(found.days["day"]))]
    series = []
    for key, part in found.days.groupby("key"):
        shares = part.assign(day=part["day"].astype(str)).set_index("day")["share"].reindex(days)
        required = float(part["required"].iloc[0])
        name = desk.t("eyes.key_industries" if key else "eyes.public_places")
        series.append({
            "name": name, "threshold": 100 * required,
            "line": desk.t("eyes.line", name=name, share=desk.share(required)),
            "values": [None if pd.isna(one) else round(100 * one, 2) for one in shares],
        })  # fmt: skip
    return json.dumps({"days": days, "series": series})


def _groups(desk: Desk, db: Session, found: Board, by: By, until: date) -> list[dict[str, Any]]:
    """The rows of the table with the group's name in words; the worst share first."""
    names: Mapping[str, str] = {}
    if by is By.COMPOUND:
        homes = store.compounds_on(db, as_of=until)
        names = dict(zip(homes["compound"], homes["name"], strict=True))
    rows = [
        {**row, "name": _group(desk, by, row["value"], names),
         "href": f"/places/compound/{row['value']}" if row["value"] in names else ""}
        for row in features.records(found.groups)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["share"] is None, row["share"] or 0, row["name"]))


def _group(desk: Desk, by: By, value: str, names: Mapping[str, str]) -> str:
    if not value:
        return desk.t("eyes.outside" if by is By.COMPOUND else "eyes.not_stated")
    return _value(desk, "point_class", value) if by is By.CLASS else names.get(value, value)


def _columns(desk: Desk) -> list[tables.Column]:
    t, column = desk.t, tables.Column

    def number(name: str, *, at_first: bool = True, digits: int = 0) -> tables.Column:
        return column(name, t(f"eyes.{name}"), lambda row: desk.n(row[name], digits),
                      number=True, at_first=at_first)  # fmt: skip

    def share(name: str, *, at_first: bool = True) -> tables.Column:
        return column(name, t(f"eyes.{name}"), lambda row: desk.share(row[name]),
                      number=True, at_first=at_first)  # fmt: skip

    return [
        column("name", t("eyes.group"), link=True),
        share("share"),
        column("met", t("eyes.met"), lambda row: _met(desk, row["met"])),
        number("in_use"), number("known"), number("working"), share("mean_share", at_first=False),
        number("failures", at_first=False), number("open"), number("overdue"),
        number("mean_hours", digits=1),
    ]  # fmt: skip


def _met(desk: Desk, met: bool | None) -> str:
    return desk.t("eyes.unknown" if met is None else f"eyes.met_{'yes' if met else 'no'}")
