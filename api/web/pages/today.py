"""My area today: colours and what changed, incidents, cameras, facilities, rentals, findings."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response

from api.audit.reads import note_read
from api.deps import Db, needs
from api.web import places
from api.web.desk import AtDesk, Desk
from gis import legend
from gis.access.rights import Capability
from gis.dangers import service as dangers
from gis.layers.model import layer
from gis.layers.service import Scope
from gis.period import midnight, quarter_of
from gis.publication import store
from gis.timeline import service as timeline
from gis.visits import service as visits

router = APIRouter()
_MOST = 6  # rows of a card; the map has the rest
_ORDER = {"red": 0, "yellow": 1, "green": 2, "unrated": 3}


@router.get("/today", dependencies=[needs(Capability.GRIDS)])
def read_today(desk: AtDesk, db: Db) -> Response:
    """What a grid supervisor looks at first."""
    area = places.chosen_area(desk)
    day = timeline.day_of(db, desk.house.district)
    rating = places.read(desk, db, "rating")
    since = midnight(quarter_of(day).start, desk.house.district.zone)
    open_dangers = dangers.register(db, area_prefix=area, now=datetime.now(UTC))
    return desk.page(
        "today.html", area=area, areas=places.area_options(desk, db), as_of=day, since=since,
        period=rating.run.period if rating and rating.run else None,
        **_colours(desk, places.rows(rating), store.hanging_colours(db)),
        incidents=visits.incidents_since_visit(db, area_prefix=area, since=since, most=_MOST),
        dangers=[one for one in open_dangers if one["state"] != "closed"][:_MOST],
        overdue=sum(bool(one["overdue"]) for one in open_dangers),
        **_cameras(desk, db), **_coverage(desk, db), **_rentals(desk, db), most=_MOST,
        findings=_findings(desk, db),
    )  # fmt: skip


def _colours(
    desk: Desk, ratings: list[dict[str, Any]], hanging: Mapping[str, str]
) -> dict[str, Any]:
    """Compounds by colour, and those with another one than the period before or than hangs."""
    counted = Counter(row["colour"] for row in ratings)
    changed = [
        {**row, "now": desk.chip(legend.RATING.entry(row["colour"])),
         "before": desk.chip(legend.RATING.entry(row["previous_colour"]))}
        for row in ratings
        if row["previous_colour"] not in (None, row["colour"])
    ]  # fmt: skip
    colours = [(desk.chip(one), counted[one.value]) for one in legend.RATING.entries]
    worst = sorted(changed, key=lambda row: (_ORDER[row["colour"]], row["name"]))
    return {"colours": colours, "changed": worst[:_MOST], "changes": len(changed),
            "others": sum(places.hangs_other(row, hanging) for row in ratings)}  # fmt: skip


def _cameras(desk: Desk, db: Db) -> dict[str, Any]:
    """Points that are down or under repair; None without the right to see video points."""
    if desk.user is None or not desk.user.may(Capability.VIDEO):
        return {"cameras": None, "down": 0}
    area = Scope(area_prefix=places.chosen_area(desk))
    rows = places.rows(places.read(desk, db, "cameras"))
    note_read(db, layer("cameras"), area, rows=len(rows))
    out = [row for row in rows if row["state"] in ("down", "repair")]
    chips = [{**row, "chip": desk.chip(legend.CAMERA.entry(row["state"]))} for row in out]
    return {"cameras": sorted(chips, key=lambda row: row["state"])[:_MOST], "down": len(out)}


def _coverage(desk: Desk, db: Db) -> dict[str, Any]:
    """Communities with the floor area that counts, the largest gap first, and places by state."""
    rows = places.rows(places.read(desk, db, "coverage"))
    rows.sort(key=lambda row: -(row["gap_m2"] or 0))
    chips = [{**row, "chip": desk.chip(legend.COVERAGE.entry(row["verdict"]))} for row in rows]
    states = Counter(row["status"] for row in places.rows(places.read(desk, db, "facilities")))
    shown = [(desk.chip(one), states[one.value]) for one in legend.FACILITY.entries]
    return {
        "coverage": chips[:_MOST],
        "communities": len(chips),
        "facilities": [one for one in shown if one[1]],
    }


def _rentals(desk: Desk, db: Db) -> dict[str, Any]:
    """Compounds with most let dwellings of a hundred, and how many are known; not the withheld."""
    rows = places.rows(places.read(desk, db, "rental"))
    if rows:
        area = Scope(area_prefix=places.chosen_area(desk))
        note_read(db, layer("rental"), area, rows=len(rows))
    known = [row for row in rows if row["rented_per_100"] is not None and not row["suppressed"]]
    most = sorted(known, key=lambda row: -row["rented_per_100"])[:_MOST]
    return {"rentals": most, "let": len(known)}


def _findings(desk: Desk, db: Db) -> list[tuple[dict[str, str], int]]:
    """Findings of the grid audit by kind."""
    counted = Counter(row["kind"] for row in places.rows(places.read(desk, db, "grid_audit")))
    return [
        (desk.chip(one), counted[one.value]) for one in legend.AUDIT.entries if counted[one.value]
    ]
