"""Map, list and detail in step: compounds with their colours, searched, filtered, compared."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from api.deps import Db, needs
from api.web import places, tables
from api.web.desk import AtDesk, Desk
from gis import legend
from gis.access.rights import Capability
from gis.compounds.store import addresses
from gis.layers.model import layer
from gis.publication import store
from gis.timeline.store import rated_periods
from maps import words

router = APIRouter()
_KEPT = ("area", "period", "before", "box", "at", "lon", "lat")


@router.get("/map", dependencies=[needs(Capability.RATING)])
def read_map(desk: AtDesk, db: Db) -> Response:
    """The map beside the list of compounds."""
    asked = desk.request.query_params
    known = rated_periods(db)
    period = asked["period"] if asked.get("period") in known else (known[0] if known else None)
    before = asked["before"] if asked.get("before") in known else None
    rated = places.read(desk, db, "rating", period=period)
    rows = [_with_before(row) for row in places.rows(rated)]
    if before:
        old = {
            row["code"]: row for row in places.rows(places.read(desk, db, "rating", period=before))
        }
        rows = [_with_before(row, old.get(row["code"])) for row in rows]
    known_at, hanging = addresses(db), store.hanging_colours(db)
    rows = [
        {
            **row,
            "address": known_at.get(row["code"]),
            "plaque": hanging.get(row["code"]),
            "hung": "other" if places.hangs_other(row, hanging) else "same",
        }
        for row in rows
        if _inside(row, asked.get("box", ""))
    ]
    view = tables.view(
        desk, rows, _columns(desk), name="compounds", title=desk.t("map.list"),
        capability=Capability.RATING, href=lambda row: f"/places/compound/{row['code']}",
        filters=_filters(desk), search=("name", "code", "address"), kept=_KEPT,
    )  # fmt: skip
    return view.file() or desk.page(
        "map.html", table=view, periods=known, period=period, before=before,
        frames=_frames(desk, period, before), area=places.chosen_area(desk),
        areas=places.area_options(desk, db), box=asked.get("box", ""),
    )  # fmt: skip


def _with_before(row: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A row with the colour it is compared with: the period before, or a chosen one."""
    earlier = old["colour"] if old is not None else row["previous_colour"]
    changed = earlier not in (None, row["colour"])
    return {**row, "previous_colour": earlier, "changed": "yes" if changed else "no"}


def _inside(row: Mapping[str, Any], box: str) -> bool:
    """Whether a row's point lies in ``west,south,east,north``; everything does in no box."""
    try:
        west, south, east, north = map(float, box.split(","))
    except ValueError:
        return True
    return bool(west <= row["lon"] <= east and south <= row["lat"] <= north)


def _columns(desk: Desk) -> list[tables.Column]:
    t, names = desk.t, {one.name: desk.either(one.zh, one.en) for one in layer("rating").columns}
    kinds = words.values_of("rating", "peer_group")
    return [
        tables.Column("name", names["name"], link=True),
        tables.Column("colour", names["colour"], chip=lambda row: _class(row["colour"])),
        tables.Column("previous_colour", t("map.before"),
                      chip=lambda row: _class(row["previous_colour"])),
        tables.Column("plaque", t("ratings.plaque"), chip=lambda row: _class(row["plaque"]),
                      at_first=False),
        tables.Column("observed", names["observed"], number=True),
        tables.Column("relative_risk", names["relative_risk"], number=True, at_first=False),
        tables.Column("peer_group", names["peer_group"],
                      lambda row: desk.either(*kinds.get(row["peer_group"], ("—", "—"))),
                      at_first=False),
        tables.Column("households", names["households"], number=True, at_first=False),
        tables.Column("quality", names["quality"], at_first=False),
        tables.Column("address", t("map.address"), at_first=False),
        tables.Column("code", names["code"], at_first=False),
    ]  # fmt: skip


def _class(value: str | None) -> legend.Entry:
    return legend.RATING.entry(value)


def _filters(desk: Desk) -> list[tables.Filter]:
    t = desk.t
    colours = [(one.value, desk.either(one.zh, one.en)) for one in legend.RATING.entries]
    hung = [("other", t("map.plaque_other")), ("same", t("map.plaque_same"))]
    changed = [("yes", t("map.changed_yes")), ("no", t("map.changed_no"))]
    return [
        tables.Filter("colour", t("map.colour"), colours, lambda row: str(row["colour"])),
        tables.Filter("changed", t("map.changed"), changed, lambda row: str(row["changed"])),
        tables.Filter("hung", t("ratings.plaque"), hung, lambda row: str(row["hung"])),
    ]


def _frames(desk: Desk, period: str | None, before: str | None) -> list[tuple[str, str]]:
    """Label and address of the maps: one, or the earlier period beside the later one."""
    asked = desk.request.query_params
    view = {"lang": desk.language, "layers": "rating"}
    if "at" in asked:
        view["at"] = f"rating:{asked['at']}"
    elif "lon" in asked and "lat" in asked:
        view["map"] = f"17/{asked['lat']}/{asked['lon']}"
    shown = [one for one in (before, period) if one]
    queries = [(one, urlencode({"period": one, "embed": "1"})) for one in shown]
    queries = queries or [("", "embed=1")]
    return [
        (one, f"/maps/combined?{query}#{urlencode(view, safe=',:/')}") for one, query in queries
    ]
