"""One compound: its colour with the reasons, its figures, notes, dangers, and what can be done."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Response

from api.deps import Db, needs
from api.web import decisions, places
from api.web.desk import AtDesk, Desk
from api.web.verdicts import Chip, Verdict, figures, verdict
from gis.access.rights import Capability
from gis.audit.service import note
from gis.dangers import service as dangers
from gis.errors import NoData, NotFound
from gis.layers.model import layer
from gis.legend import RATING
from gis.period import month_of
from gis.runs import store as runs
from gis.runs.model import Analysis
from gis.safety import reasons
from gis.safety import service as safety
from gis.safety.rules import AlarmRules
from gis.timeline import service as timeline
from gis.video.ground import store as ground_store
from gis.video.rules import GroundRules
from gis.visits import service as visits
from gis.visits.model import PlaceKind

router = APIRouter()


@dataclass(frozen=True)
class Preview:
    """What the newest month would give, by the incidents that are in."""

    period: str
    chip: Chip
    reason: str
    over: bool


@dataclass(frozen=True)
class Video:
    """How many working points see the public ground, and which failure blinds most of it."""

    as_of: date
    figures: list[tuple[str, str]]


@router.get("/places/compound/{code}", dependencies=[needs(Capability.COMPOUNDS)])
def read_compound(desk: AtDesk, db: Db, code: str) -> Response:
    """A compound's page."""
    found = places.rows(places.read(desk, db, "compounds", area_prefix="", key=code))
    if not found:
        raise NotFound("compound", code)
    row, may = found[0], desk.user is not None and desk.user.may(Capability.DANGERS)
    now = datetime.now(UTC)
    here = dangers.register(db, area_prefix=row["area_code"], now=now) if may else ()
    rating, preview = _rating(desk, db, code)
    alarm, rental, video = _alarm(desk, db, code), _rental(desk, db, code), _video(desk, db, code)
    _note(desk, db, row, rental=bool(rental), video=video is not None)
    return desk.page(
        "compound.html", row=row, facts=figures(desk, layer("compounds"), row),
        rating=rating, plaque=decisions.plaque(desk, db, code), preview=preview,
        alarm=alarm, may=may, rental=rental, video=video,
        dangers=[one for one in here if one["compound_code"] == code],
        notes=visits.notes(db, kind=PlaceKind.COMPOUND, code=code) if may else (),
    )  # fmt: skip


def _note(desk: Desk, db: Db, row: dict[str, Any], *, rental: bool, video: bool) -> None:
    """One line of the trail for what the page tells of incidents, rental housing and video."""
    incidents = desk.user is not None and desk.user.may(Capability.INCIDENTS)
    parts = {"incidents": incidents, "rental": rental, "video": video}
    told = [name for name, shown in parts.items() if shown]
    if told:
        note(db, event="read", target="compound", area_code=row["area_code"], rows=1,
             detail={"code": row["code"], "of": told})  # fmt: skip


def _rating(desk: Desk, db: Db, code: str) -> tuple[Verdict | None, Preview | None]:
    shown = places.read(desk, db, "rating", area_prefix="", key=code)
    rows = places.rows(shown)
    if not rows or shown is None or shown.run is None:
        return None, None
    stored = verdict(
        desk, shown.layer, rows[0], version=shown.run.policy_version,
        history=places.colours(db, desk, code),
        decided=decisions.decided(desk, db, shown.run.id, code),
    )  # fmt: skip
    may = _may_preview(desk, db, shown.run.id, code)
    return stored, _preview(desk, db, code) if may else None


def _may_preview(desk: Desk, db: Db, run_id: int, code: str) -> bool:
    """It is nobody's verdict yet, so it is for who works with incidents.

    Small neighbours are rated together, and some may lie in an area that the caller does not see.
    """
    user = desk.user
    if user is None or not user.may(Capability.INCIDENTS):
        return False
    whole = user.reaches(desk.house.district.code)
    return whole or safety.rated_alone(db, run_id, code)


def _preview(desk: Desk, db: Db, code: str) -> Preview | None:
    """Of the newest incident's month, which is at most the present one: dates can be mistyped."""
    district, today = desk.house.district, datetime.now(desk.house.district.zone).date()
    with suppress(NoData):  # no incidents, or a month for which nothing can be rated
        month = month_of(min(timeline.newest_incident_day(db, district), today))
        found = safety.preview_one(
            db, policy=desk.house.policy, district=district, code=code, period=month
        )
        row = found[found["compound_code"] == code].to_dict("records")[0]
        reason = desk.either(row["reason_zh"], row["reason_en"])
        chip = desk.chip(RATING.entry(row["colour"]))
        return Preview(month.label, chip, reason, over=month.last_day < today)
    return None


def _alarm(desk: Desk, db: Db, code: str) -> str:
    """More incidents than usual up to the last month that is over; empty where there are not."""
    if desk.user is None or not desk.user.may(Capability.INCIDENTS):
        return ""
    house, today = desk.house, datetime.now(desk.house.district.zone).date()
    with suppress(NoData):  # no incidents, or not enough months
        newest = timeline.newest_incident_day(db, house.district)
        month = month_of(min(newest, today))
        over = newest == month.last_day < today  # a month whose end is not imported looks quiet
        found = safety.change_alarm(
            db, policy=house.policy, district=house.district, code=code,
            period=month if over else month.previous(),
        )  # fmt: skip
        if found is not None:
            rules = AlarmRules.of(house.policy)
            return desk.either(
                reasons.alarm_chinese(found, rules=rules), reasons.alarm_english(found, rules=rules)
            )
    return ""


def _rental(desk: Desk, db: Db, code: str) -> list[tuple[str, str]]:
    rows = places.rows(places.read(desk, db, "rental", area_prefix="", key=code))
    return figures(desk, layer("rental"), rows[0]) if rows else []


def _video(desk: Desk, db: Db, code: str) -> Video | None:
    """None for who may not read video, before the first run, and where buildings are missing."""
    run = runs.latest_run(db, Analysis.VIDEO)
    if run is None or desk.user is None or not desk.user.may(Capability.VIDEO):
        return None
    asked: dict[str, Any] = {
        "run_id": run.id, "area_prefix": "", "limit": 1, "offset": 0,
        "quality": GroundRules.of(desk.house.policy).quality,
    }  # fmt: skip
    covered = ground_store.coverage_rows(db, level="compound", code=code, **asked)
    shares = next(iter(covered["depth_shares"]), None) or ()
    shown = [
        (desk.t("place.video_depth", points=points), desk.share(share))
        for points, share in enumerate(shares, start=1)
    ]
    for weak in ground_store.weak_points(db, compound=code, **asked)[0].to_dict("records"):
        area = desk.n(weak["lost_m2"])
        lost = desk.t("place.video_lost", camera=weak["camera_key"], area=area)
        shown.append((desk.t("place.video_weakest"), lost))
    return Video(run.as_of, shown) if shown else None
