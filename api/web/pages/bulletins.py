"""A community's monthly page: preview, publication, and the open page that everybody reads."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.deps import Db, needs
from api.house import transaction
from api.web.desk import PASSER_BY, AtDesk, Desk, OpenDesk
from api.web.forms import Sent, form_of
from gis.access.rights import Action, Capability
from gis.areas.levels import SubjectKind
from gis.areas.store import subjects_on
from gis.audit.service import note
from gis.bulletins import service, store
from gis.bulletins.model import Bulletin
from gis.errors import NotFound
from gis.legend import COVERAGE, RATING
from gis.period import month_of
from gis.timeline import service as timeline
from maps import words

router = APIRouter()
Month = Annotated[str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
AreaCode = Annotated[str, Query(pattern=r"^[0-9A-Za-z-]{0,20}$")]
READ = needs(Capability.REPORTS)
PUBLISH = needs(Capability.REPORTS, Action.PUBLISH)


@router.get("/bulletins", dependencies=[needs(Capability.REPORTS, Action.WRITE)])
def read_bulletins(desk: AtDesk, db: Db, area: AreaCode = "", month: Month = None) -> Response:
    """Choose a community and a month; what its page would show, and what it has published."""
    day = timeline.day_of(db, desk.house.district)
    found = subjects_on(db, as_of=day, kinds=[SubjectKind.COMMUNITY])
    communities = list(zip(found["subject_code"], found["name"], strict=True))
    area = area or (communities[0][0] if communities else "")
    month = month or month_of(day).label
    at = desk.house
    content = service.compose(
        db, district=at.district, policy=at.policy, area_code=area, month=month
    ) if communities else None  # fmt: skip
    note(db, event="read", target="bulletin", area_code=area)
    return desk.page(
        "bulletins.html", communities=communities, area=area, month=month,
        shown=content and _shown(desk, content), published=store.months(db, area),
        may_publish=bool(desk.user and desk.user.may(Capability.REPORTS, Action.PUBLISH)),
        public_url=at.settings.public_url,
    )  # fmt: skip


@router.post("/bulletins", dependencies=[PUBLISH])
def publish(desk: AtDesk, db: Db, data: Sent) -> Response:
    """Publish the page of a community and month."""
    form, at = form_of(data), desk.house
    made = service.publish(
        db, district=at.district, policy=at.policy, area_code=form.text("area"),
        month=form.text("month"),
    )  # fmt: skip
    note(db, event="publish", target=f"bulletin {made.month}", area_code=made.area_code)
    return RedirectResponse(f"/bulletins?area={made.area_code}&month={made.month}", 303)


@router.get("/open/{area_code}")
def read_open(
    request: Request, desk: OpenDesk,
    area_code: Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{1,20}$")], month: Month = None,
) -> Response:  # fmt: skip
    """The published page of a community, without an account; only with ``WANGGE_PUBLIC_URL``."""
    if desk.house.settings.public_url is None:
        raise NotFound("page", f"/open/{area_code}")
    with transaction(request.app.state.engine, user=PASSER_BY) as session:
        page = service.published(session, area_code, month)
        months = store.months(session, area_code)
        shown = _published(desk, page)
    return desk.page("bulletin.html", shown=shown, months=months, area=area_code)


def _published(desk: Desk, page: Bulletin) -> dict[str, Any]:
    return {
        **_shown(desk, page.content),
        "published_at": page.published_at,
        "revision": page.revision,
    }


def _shown(desk: Desk, content: dict[str, Any]) -> dict[str, Any]:
    """The page's values with words in the reader's language."""
    colours = content["colours"] or {}
    coverage, counted = content["coverage"], content["incidents"]["kinds"]
    # A page that was published before it kept the titles has those of the same letters today.
    titles = content.get("documents") or service.cited(desk.house.policy, coverage)
    return {
        **content,
        "documents": [(letter, desk.either(*title)) for letter, title in titles.items()],
        "kinds": [(desk.t(f"kinds.{kind}"), times) for kind, times in counted.items()],
        "chips": [
            (desk.chip(one), colours[one.value]) for one in RATING.entries if one.value in colours
        ],
        "verdict": coverage and desk.chip(COVERAGE.entry(coverage["verdict"])),
        "functions": [
            (desk.either(*words.values_of("facilities", "function").get(name, (name, name))), n)
            for name, n in content["facilities"].items()
        ],
    }  # fmt: skip
