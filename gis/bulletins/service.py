"""Composes a community's monthly page from the store, and publishes it."""

from typing import Any

from sqlalchemy.orm import Session

from gis.areas.levels import Level, SubjectKind
from gis.areas.store import subjects_on
from gis.bulletins import analysis, store
from gis.bulletins.model import Bulletin
from gis.district import District
from gis.errors import BadPeriod, NoData, NotFound
from gis.period import Period, midnight
from gis.policy import Policy
from gis.publication import store as publications
from gis.runs.model import Analysis
from gis.runs.store import latest_on
from gis.safety.model import Category

RULE = "PUB-1"


def compose(
    session: Session, *, district: District, policy: Policy, area_code: str, month: str
) -> dict[str, Any]:
    """What the page of one community and month shows, as plain JSON values.

    name, month, households, ``incidents`` (kinds, rest, total; small counts withheld), ``colours``
    and their quarter (the newest published one), ``coverage`` (verdict with figures and rule), the
    ``documents`` that its reason quotes (`cited`), ``facilities`` by function, ``below`` (the limit
    of small counts), ``policy_version``.
    Raises BadPeriod for a quarter, NotFound for no community of this district.
    """
    period = Period.parse(month)
    if period.is_quarter:
        raise BadPeriod(
            f"{month}：月报须写月份，如 2026-09 / "
            f"{month}: a monthly page is of a month, such as 2026-09"
        )
    name, households = _community(session, district, area_code, period)
    below = int(policy[RULE, "suppress_below"])
    counted = store.incidents(
        session, area_code, start=midnight(period.start, district.zone),
        end=midnight(period.end, district.zone), as_of=period.last_day,
    )  # fmt: skip
    shown = analysis.published_counts(counted, listed=len(Category), below=below)
    cycle = publications.newest_published(session, None)
    run = latest_on(session, Analysis.COVERAGE, period.last_day)
    coverage = None if run is None else store.coverage(session, area_code, run_id=run.id)
    return {
        "area_code": area_code, "name": name, "month": month, "households": households,
        "incidents": {"kinds": shown.kinds, "rest": shown.rest, "total": shown.total},
        "colours": None if cycle is None else store.colours(session, area_code, cycle_id=cycle.id),
        "quarter": None if cycle is None else cycle.period,
        "coverage": coverage, "documents": cited(policy, coverage),
        "facilities": store.facilities(session, area_code, as_of=period.last_day),
        "below": below, "rule": RULE, "policy_version": policy.version,
    }  # fmt: skip


def cited(policy: Policy, coverage: dict[str, Any] | None) -> dict[str, list[str]]:
    """Titles, Chinese and English, of the documents that a verdict's reason quotes, by letter."""
    if coverage is None:
        return {}
    quoted = policy.cited(coverage["reason_zh"])
    return {letter: [title.zh, title.en] for letter, title in quoted.items()}


def publish(
    session: Session, *, district: District, policy: Policy, area_code: str, month: str
) -> Bulletin:
    """Compose and keep the page; a month that is published again gets its next revision."""
    content = compose(session, district=district, policy=policy, area_code=area_code, month=month)
    return store.add(session, area_code=area_code, month=month, content=content)


def published(session: Session, area_code: str, month: str | None = None) -> Bulletin:
    """The newest published page of a community; raises NoData when there is none."""
    found = store.newest(session, area_code, month)
    if found is None:
        when = f" for {month}" if month else ""
        raise NoData(f"{area_code} 没有发布过该月报 / {area_code} has published no page{when}")
    return found


def _community(
    session: Session, district: District, area_code: str, period: Period
) -> tuple[str, int | None]:
    """Name and households of a community on the month's last day; raises NotFound."""
    kinds = [SubjectKind.COMMUNITY]
    found = subjects_on(session, as_of=period.last_day, kinds=kinds).set_index("subject_code")
    if district.level_of(area_code) != Level.COMMUNITY or area_code not in found.index:
        raise NotFound("community", area_code)
    households = found["households"].to_dict()[area_code]
    known = households == households  # noqa: PLR0124 - NaN is unknown
    return str(found["name"].to_dict()[area_code]), int(households) if known else None
