"""Plans of video points for pages, maps and the API: asked once, kept while nothing changes."""

from typing import Any

from sqlalchemy.orm import Session

from api import features
from api.house import House
from api.serving.works import Asker
from api.shelf import SlowShelf
from gis.audit.service import note
from gis.errors import BadInput
from gis.progress import Say
from gis.timeline import service as timeline
from gis.video.siting import around, planning
from gis.video.siting.ask import Ask
from gis.video.siting.planning import Proposed

LARGEST = 100  # compounds planned while somebody waits; the command takes a whole district
MOST_KEPT = 24


def plan(shelf: SlowShelf[Proposed], db: Session, at: House, ask: Ask, asker: Asker) -> Proposed:
    """The plan that is asked for, with a line in the trail.

    Raises BadInput for neither or both of a compound and an area, or an area that is too large,
    and Stopped for an asker who left.
    """
    _of_one_place(ask)
    where = {"compound": ask.compound} if ask.compound else {"area": ask.area_prefix}
    note(db, event="read", target="video_plan", detail=where)
    return computed(shelf, db, at, ask, asker)


def computed(
    shelf: SlowShelf[Proposed], db: Session, at: House, ask: Ask, asker: Asker
) -> Proposed:
    """The same for nobody's eyes yet: only how far it is may be told of it."""
    _of_one_place(ask)
    day = timeline.day_of(db, at.district)
    if ask.area_prefix:
        many = around.count(db, district=at.district, as_of=day, area_prefix=ask.area_prefix)
        if many > LARGEST:
            raise BadInput(
                f"共 {many} 个小区，此处一次最多 {LARGEST} 个 / "
                f"{many} compounds: {LARGEST} are planned at once here, more by"
                f" wangge video plan --area {ask.area_prefix}"
            )

    def made(say: Say) -> Proposed:
        return planning.propose(
            db, policy=at.policy, district=at.district, as_of=day, ask=ask, say=say
        )

    return shelf.worked(db, (ask, day, at.policy.digest), asker, made)


def _of_one_place(ask: Ask) -> None:
    if (ask.compound is None) == (not ask.area_prefix):
        raise BadInput("请指定一个小区或一个区域 / say one compound, or one area")


def told(found: Proposed) -> dict[str, Any]:
    """A plan as JSON, without its GeoJSON."""
    return {
        "compound": found.ask.compound, "area": found.ask.area_prefix or None,
        "quality": found.quality, "public_m2": found.public_m2, "seen_m2": found.seen_m2,
        "fixed": found.fixed, "then_m2": found.then_m2, "entrances": list(found.entrances),
        "status": found.plan.status, "bound": features.plain(found.plan.bound),
        "gap": features.plain(found.plan.gap), "poses": found.poses, "excluded": found.excluded,
        "spacing_m": found.grain.spacing_m, "every_deg": found.grain.every_deg,
        "weighed": found.weighed, "places": features.records(found.places),
    }  # fmt: skip
