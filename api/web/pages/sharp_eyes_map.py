"""Findings, blind areas, covered shares: each a list in step with its map; one point's record."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Response
from sqlalchemy.orm import Session

from api import features
from api.deps import Db, needs
from api.web import places, tables, verdicts
from api.web import runs as runs_page
from api.web.desk import AtDesk, Desk
from gis import legend
from gis.access.rights import Capability
from gis.audit.service import note
from gis.errors import NotFound
from gis.layers.model import layer
from gis.runs import store as runs
from gis.runs.model import Analysis
from gis.video import gb28181, store
from gis.video.ground import store as ground_store
from gis.video.rules import GroundRules
from maps import words as map_words

_PLACE_KINDS = map_words.values_of("video_places", "kind")
_WORST_PLACES = ("dark", "partly", "seen", "unknown")
router = APIRouter(dependencies=[needs(Capability.VIDEO)])
Camera = Annotated[str, Path(max_length=64)]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Sheet:
    """One page: its layer, the columns it shows and those that are shown when asked for."""

    layer: str
    tab: str
    columns: Sequence[str]
    more: Sequence[str] = ()


FINDINGS = _Sheet("video_findings", "findings",
                  ("topic", "kind", "name", "since", "rule", "reason"),
                  ("camera_key", "compound_code", "area_code"))  # fmt: skip
BLIND = _Sheet("blind_areas", "blind", ("compound_name", "name", "area_m2"),
               ("compound_code", "area_code"))  # fmt: skip
WATCHED = _Sheet("video_places", "watched",
                 ("seen", "place_kind", "name", "seen_percent", "points"),
                 ("length_m", "area_m2", "compound_code", "grid_code", "area_code"))  # fmt: skip
COVERED = _Sheet("video_coverage", "covered",
                 ("name", "share", "depth_shares", "met", "public_m2", "blind_m2", "entrances"),
                 ("seen_m2", "seen_twice_m2", "seen_all_m2", "seen_potential_m2", "code",
                  "area_code"))  # fmt: skip


@router.get("/sharp-eyes/findings")
def read_findings(desk: AtDesk, db: Db) -> Response:
    """What the newest run found wrong: rule, point or compound, since when."""
    topics = [(one.value, desk.either(one.zh, one.en)) for one in legend.VIDEO_FINDING.entries]
    kinds = [(one, desk.either(*both)) for one, both in _words("kind").items()]
    filters = [
        tables.Filter("topic", desk.t("eyes.topic"), topics, lambda row: row["topic"]),
        tables.Filter("kind", desk.t("eyes.finding"), kinds, lambda row: row["kind"]),
    ]
    return _in_step(desk, db, FINDINGS, filters, _finding_href)


def _finding_href(row: Row) -> str:
    if row["camera_key"]:
        return f"/sharp-eyes/points/{quote(row['camera_key'], safe='')}"
    return f"/places/compound/{row['compound_code']}"


@router.get("/sharp-eyes/blind")
def read_blind(desk: AtDesk, db: Db) -> Response:
    """Public ground that no working point shows, the largest first."""
    return _in_step(desk, db, BLIND, (), lambda row: _plan_href(row["compound_code"]))


@router.get("/sharp-eyes/watched")
def read_watched(desk: AtDesk, db: Db) -> Response:
    """Entrances, streets and key places, those out of view first."""
    answers = [(one.value, desk.either(one.zh, one.en)) for one in legend.VIDEO_PLACE.entries]
    kinds = [(one, desk.either(*both)) for one, both in _PLACE_KINDS.items()]
    filters = [
        tables.Filter("seen", desk.t("eyes.column_seen"), answers, lambda row: row["seen"]),
        tables.Filter("kind", desk.t("eyes.column_place_kind"), kinds, lambda row: row["kind"]),
    ]
    return _in_step(desk, db, WATCHED, filters, _watched_href)


def _watched_href(row: Row) -> str:
    return _plan_href(row["compound_code"]) if row["compound_code"] else ""


@router.get("/sharp-eyes/covered")
def read_covered(desk: AtDesk, db: Db) -> Response:
    """The covered share of every compound, the least first."""
    answers = [("yes", desk.t("eyes.met_yes")), ("no", desk.t("eyes.met_no"))]
    met = tables.Filter(
        "met", desk.t("eyes.met"), answers, lambda row: "yes" if row["met"] else "no"
    )
    return _in_step(desk, db, COVERED, [met], lambda row: _plan_href(row["code"]))


def _plan_href(compound: str) -> str:
    return f"/sharp-eyes/plan?{urlencode({'compound': compound})}"


def _in_step(
    desk: Desk, db: Session, sheet: _Sheet, filters: Sequence[tables.Filter], href: Any
) -> Response:
    shown = places.read(desk, db, sheet.layer)
    if shown is None:
        return desk.page("sharp_eyes_none.html", tab=sheet.tab, offer=runs_page.offered(desk, db))
    rows = places.rows(shown)
    if sheet is COVERED:
        rows = _with_ground(desk, db, rows, shown.run.id if shown.run else 0)
    rows.sort(key=lambda row: _rank(sheet, row))
    note(db, event="read", target=f"sharp eyes {sheet.tab}", rows=len(rows))
    table = tables.view(
        desk, rows, _columns(desk, sheet), name=f"sharp-eyes-{sheet.tab}", filters=filters,
        title=desk.t(f"eyes.{sheet.tab}"), capability=Capability.VIDEO, href=href,
        search=("name", "compound_name", "camera_key", "compound_code", "code"),
        kept=("area", "at"), internal=shown.layer.internal,
    )  # fmt: skip
    return table.file() or desk.page(
        "sharp_eyes_map.html", table=table, tab=sheet.tab, layer=sheet.layer,
        frame=frame(desk, sheet.layer, layers=sheet.layer), on=shown.as_of, total=len(rows),
        area=places.chosen_area(desk), areas=places.area_options(desk, db),
        sum_m2=sum(row["area_m2"] for row in rows) if sheet is BLIND else None,
    )  # fmt: skip


def _rank(sheet: _Sheet, row: Row) -> Any:
    if sheet is BLIND:
        return -row["area_m2"]
    if sheet is WATCHED:
        return _WORST_PLACES.index(row["seen"]), row["seen_percent"] or 0, row["name"]
    if sheet is COVERED:
        return row["share"] is None, row["share"] or 0
    order = [one.value for one in legend.VIDEO_FINDING.entries]
    return order.index(row["topic"]), row["since"] is None, row["since"]


def frame(desk: Desk, name: str, **view: str) -> str | None:
    """The address of a layer's map; None where this service shows no internal layer."""
    secret = layer(name).internal
    if secret and not desk.house.settings.serve_internal:
        return None
    asked = {"embed": "1"}
    if area := places.chosen_area(desk):
        asked["area"] = area
    shown = {"lang": desk.language, **view}
    if at := desk.request.query_params.get("at"):
        shown["at"] = f"{name}:{at}"
    return f"/maps/{name}?{urlencode(asked)}#{urlencode(shown, safe=',:/')}"


def _with_ground(desk: Desk, db: Session, rows: list[dict[str, Any]], run: int) -> Any:
    """Rows of the layer with the square metres behind the share."""
    ground = ground_store.coverage_rows(
        db, run_id=run, level="compound", area_prefix="", code=None, limit=tables.EVERY, offset=0,
        quality=GroundRules.of(desk.house.policy).quality,
    )  # fmt: skip
    columns = ["public_m2", "seen_m2", "seen_twice_m2", "seen_all_m2", "seen_potential_m2",
               "blind_m2", "entrances", "entrances_seen", "depth_shares"]  # fmt: skip
    known = ground.set_index("subject_code")[columns].astype(object)
    by_code = known.where(known.notna(), None).to_dict("index")
    return [
        {**row, **by_code[row["code"]],
         "share": None if row["covered_percent"] is None else row["covered_percent"] / 100}
        for row in rows
    ]  # fmt: skip


def _words(name: str) -> Mapping[str, tuple[str, str]]:
    return map_words.values_of("video_findings", name)


def _columns(desk: Desk, sheet: _Sheet) -> list[tables.Column]:
    linked = "compound_name" if sheet is BLIND else "name"
    made: dict[str, dict[str, Any]] = {
        "topic": {"chip": lambda row: legend.VIDEO_FINDING.entry(row["topic"])},
        "kind": {"text": lambda row: desk.either(*_words("kind").get(row["kind"], ("—", "—")))},
        "seen": {"chip": lambda row: legend.VIDEO_PLACE.entry(row["seen"])},
        "place_kind": {"text": lambda row: desk.either(*_PLACE_KINDS[row["kind"]])},
        "seen_percent": {"text": lambda row: _percent(desk, row), "number": True},
        "points": {"text": lambda row: desk.n(row["points"]), "number": True},
        "length_m": {"text": lambda row: desk.n(row["length_m"]), "number": True},
        linked: {"link": True},
        "reason": {"text": lambda row: desk.either(row["reason_zh"], row["reason_en"])},
        "share": {"text": lambda row: desk.share(row["share"]), "number": True},
        "depth_shares": {"text": lambda row: _depths(desk, row)},
        "met": {"text": lambda row: _met(desk, row)},
        "entrances": {"text": lambda row: _entrances(desk, row)},
    }
    return [
        tables.Column(
            name, desk.t(f"eyes.column_{_word(sheet, name)}"), at_first=name in sheet.columns,
            **made.get(name) or _figure(desk, name),
        )
        for name in (*sheet.columns, *sheet.more)
    ]  # fmt: skip


def _word(sheet: _Sheet, name: str) -> str:
    return "nearest" if sheet is BLIND and name == "name" else name


def _figure(desk: Desk, name: str) -> dict[str, Any]:
    """A column of square metres, or of plain text."""
    if not name.endswith("_m2"):
        return {}
    return {"text": lambda row: desk.n(row[name]), "number": True}


def _percent(desk: Desk, row: Row) -> str:
    known = row["seen_percent"]
    return "—" if known is None else desk.share(known / 100)


def _met(desk: Desk, row: Row) -> str:
    if row["met"] is None:
        return desk.t("eyes.no_buildings")
    return desk.t(f"eyes.met_{'yes' if row['met'] else 'no'}")


def _depths(desk: Desk, row: Row) -> str:
    """By at least 1, 2, 3 ... points, in this order."""
    return " · ".join(desk.share(one) for one in row["depth_shares"] or ()) or "—"


def _entrances(desk: Desk, row: Row) -> str:
    if row["entrances"] is None:
        return "—"
    return f"{desk.n(row['entrances_seen'])} / {desk.n(row['entrances'])}"


# -- one point --------------------


@router.get("/sharp-eyes/points/{camera}")
def read_point(desk: AtDesk, db: Db, camera: Camera) -> Response:
    """One point: its record, the parts of its id, what is wrong with it, and what it shows."""
    found = places.rows(places.read(desk, db, "cameras", area_prefix="", key=camera))
    if not found:
        raise NotFound("camera", camera)
    note(db, event="read", target="camera", rows=1, detail={"camera": camera})
    (row,) = found
    run = runs.latest_run(db, Analysis.VIDEO)
    asked = {"run_id": run.id if run else 0, "area_prefix": "", "kind": None, "camera": camera}
    wrong = store.findings(db, limit=100, offset=0, **asked)[0]
    fields = ground_store.views(db, camera=camera)
    parts = gb28181.parse(row["gb28181_id"]) if row["gb28181_id"] else None
    place = f"18/{row['lat']:.6f}/{row['lon']:.6f}"
    return desk.page(
        "sharp_eyes_point.html", row=row, findings=features.records(wrong),
        parts=asdict(parts) if parts else None,
        state=desk.chip(legend.CAMERA.entry(row["state"])), fields=_fields(desk, fields),
        kind=verdicts.shown(desk, layer("cameras"), "kind", row["kind"]),
        point_class=verdicts.shown(desk, layer("cameras"), "point_class", row["point_class"]),
        frame=frame(desk, "view_fields", map=place, layers="view_fields,cameras"),
        assumed=bool(fields["assumed"].any()),
    )  # fmt: skip


def _fields(desk: Desk, fields: Any) -> list[tuple[str, float, float]]:
    """Each quality with the square metres of the recorded position and of the whole circle."""
    shown = []
    for quality in dict.fromkeys(fields["quality"]):
        own = fields[fields["quality"] == quality].groupby("looks")["area_m2"].sum()
        word = desk.either(*map_words.values_of("view_fields", "shows")[quality])
        shown.append((word, float(own.get("home", 0)), float(own.get("potential", 0))))
    return shown
