"""Rankings by evaluations, the year's classes, and the quarterly report they stand in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from api import features
from api.audit.exported import printed, said_purpose
from api.deps import Db, needs
from api.house import House
from api.serving.limits import export_limited
from api.web import places, tables
from api.web.desk import AtDesk, Desk
from api.web.paper import reports
from gis.access.rights import Action, Capability
from gis.areas.levels import Level
from gis.audit.service import note
from gis.errors import NoData
from gis.period import Period
from gis.ranking import service, store
from maps import report

router = APIRouter()
Quarter = Annotated[str | None, Query(pattern=r"^\d{4}Q[1-4]$")]
_LEVELS = (Level.COMMUNITY, Level.STREET)
Row = Mapping[str, Any]


@router.get("/rankings", dependencies=[needs(Capability.REPORTS)])
def read_rankings(
    desk: AtDesk, db: Db, period: Quarter = None, level: Level = Level.COMMUNITY
) -> Response:
    """The ranking of a quarter, with the class of the last whole year beside it."""
    periods = store.quarters(db)
    if not periods:
        return desk.page("rankings_none.html")
    at, period = desk.house, period or periods[0]
    year = Period.parse(period).start.year - 1
    found = service.ranking(db, district=at.district, policy=at.policy, level=level, period=period)
    classes = _classes(db, at, level, year)
    rows = [
        {**row, **classes.get(row["code"], {"year_class": None, "loses_name": False})}
        for row in features.records(found.rows)
    ]
    shown = tables.view(
        desk, rows, _columns(desk, found.weights), name="rankings",
        title=desk.t("rankings.title"), capability=Capability.REPORTS, kept=("period", "level"),
    )  # fmt: skip
    return shown.file() or desk.page(
        "rankings.html", table=shown, period=period, periods=periods, level=level, levels=_LEVELS,
        year=year, weights=found.weights, whole=desk.reaches(at.district.code),
        own=places.own_areas(desk, db),
        losing=[row["name"] for row in rows if row["loses_name"]],
    )  # fmt: skip


def _classes(db: Session, at: House, level: Level, year: int) -> dict[str, Row]:
    """Class of the year and whether the name is lost, by code; empty for a year without scores."""
    try:
        found = service.year(db, district=at.district, policy=at.policy, level=level, year=year)
    except NoData:
        return {}
    columns = ["code", "year_class", "loses_name"]
    return {row["code"]: row for row in features.records(found.rows[columns])}


def _columns(desk: Desk, weights: Mapping[str, float]) -> list[tables.Column]:
    t, column = desk.t, tables.Column

    def year_class(row: Row) -> str:
        return t(f"rankings.class_{row['year_class'] or 'unknown'}")

    def step(row: Row) -> str:
        if row["rank"] is None or row["previous_rank"] is None:
            return "—"
        moved = int(row["previous_rank"] - row["rank"])
        return "=" if moved == 0 else f"{'▲' if moved > 0 else '▼'} {abs(moved)}"

    return [
        column("rank", t("rankings.rank"), number=True),
        column("name", t("rankings.name")),
        column("code", t("rankings.code"), at_first=False),
        *(column(one, t(f"rankings.{one}"), number=True) for one in weights),
        column("total", t("rankings.total"), number=True),
        column("previous_rank", t("rankings.moved"), text=step),
        column("year_class", t("rankings.year_class"), text=year_class),
        column("missing", t("rankings.missing"), at_first=False),
    ]


@router.get(
    "/reports/{period}.pdf",
    dependencies=[needs(Capability.REPORTS, Action.EXPORT), Depends(export_limited)],
)
def read_report(
    desk: AtDesk, db: Db, period: Annotated[str, Path(pattern=r"^\d{4}Q[1-4]$")],
    purpose: Annotated[str, Query(max_length=200)] = "",
) -> Response:  # fmt: skip
    """The quarterly report of one of the reader's own areas as a PDF; ``area`` says of which."""
    made = reports.quarterly(db, desk, Period.parse(period).label)
    made = replace(made, taken=printed(db, desk.house, purpose=purpose, wanted=True))
    note(db, event="export", target=f"report {period}", rows=len(made.sections),
         purpose=said_purpose(purpose))  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="report-{period}.pdf"'}
    return Response(report.pdf(made), media_type="application/pdf", headers=headers)
