"""The quarter's cycle: preview, data check, review, objection, second person, publication.

Colours come from a stored run of the quarter. Whoever reviews lets a change stand or asks for
another colour in writing; a second person decides; what is published is never changed, and a later
run of the same quarter opens a cycle of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import BadInput, BadPeriod, GisError, NoData, NotFound, WholeDistrict
from gis.period import Period
from gis.privacy import checked
from gis.publication import store
from gis.publication.model import (
    ColourOverride,
    CycleState,
    Decision,
    Origin,
    RatingCycle,
)
from gis.runs.model import Analysis
from gis.runs.store import latest_run
from gis.safety.rules import Colour

_SHORTEST_REASON = 10  # characters; the database asks for as many
_PLAQUE_COLOURS = (Colour.GREEN, Colour.YELLOW, Colour.RED)


class NotReady(GisError):
    """The step cannot be taken yet or not any more; the message says what comes first."""

    code = "not_ready"


class SecondPerson(GisError):
    """Whoever asked for another colour may not decide it."""

    code = "second_person"


@dataclass(frozen=True)
class Readiness:
    """What still stands between a cycle and its publication, as counts of compounds."""

    changes: int
    unreviewed: int
    undecided: int

    @property
    def ready(self) -> bool:
        """Nothing stands between."""
        return not (self.unreviewed or self.undecided)


def open_cycle(session: Session, *, district: District, period: str) -> RatingCycle:
    """The cycle of a quarter: the one in review, or a new one on the quarter's newest run.

    One that reviews an older run is withdrawn, for its colours have been overtaken. Objections to
    what is published are asked for in the new one; on the same run it is a correction. Raises
    BadPeriod for a month (a preview is never published), NoData when the quarter has not been
    rated, NotReady when the newest run is published and nobody objects, WholeDistrict for whoever
    works in a part of the district and finds no cycle in review.
    """
    if not Period.parse(period).is_quarter:
        raise BadPeriod(
            f"{period} 是月度预览，只发布季度 / a month is a preview; only quarters are published"
        )
    run = latest_run(session, Analysis.RATING, period)
    if run is None:
        raise NoData(
            f"{period} 尚未评级 / {period} has not been rated: wangge run rating --period {period}"
        )
    current = store.in_review(session, area_code=district.code, period=period)
    if current is not None and current.run_id == run.id:
        return current
    _works_in(session, district.code)
    if current is not None:
        _open(session, current.id, alone=True).state = CycleState.WITHDRAWN
        session.flush()
    published = store.newest_published(session, period)
    if published is not None:
        store.cycle(session, published.id, alone=True)  # nobody files an objection meanwhile
        if published.run_id == run.id and not store.objections(session, published):
            raise NotReady(
                f"{period} 已发布，此后没有新的评级，也没有异议 / "
                f"{period} is published, nothing was rated since and nobody objects"
            )
    revision = store.next_revision(session, area_code=district.code, period=period)
    opened = RatingCycle(
        area_code=district.code, period=period, revision=revision, run_id=run.id,
        opened_by=session.info["user"].id,
    )  # fmt: skip
    session.add(opened)
    session.flush()
    if published is not None:
        store.take_up(session, published, opened)
    return opened


def changes(session: Session, cycle: RatingCycle) -> pd.DataFrame:
    """Compounds whose colour differs from what hangs at their entrances, with what was said.

    Columns code, name, area_code, colour_before (None: none hangs), colour (by the rule), stands
    (unless another is asked for), observed, expected,
    p_red, quality, quality_notes, lifted_by, reason_zh, reason_en; reviewed_by, reviewed_at, note;
    override_id, origin, to_colour, reason, asked_by, asked_at, decision, decided_by,
    decision_reason of the newest asked-for colour. A compound without a change is listed when
    another colour was asked for it.
    """
    return store.changes(session, cycle, before_id=store.published_before(session, cycle))


def data_check(session: Session, cycle: RatingCycle) -> dict[str, int]:
    """What a reviewer should know of the data behind the run, as counts.

    compounds, unrated, quality_c (grade C), low_counts, stale_households, reporting_gaps, and
    newer_imports that were taken in or undone since the run: rating again heeds them, as a new
    revision.
    """
    return store.data_check(session, cycle)


def readiness(session: Session, cycle: RatingCycle) -> Readiness:
    """What still has to be done before the cycle can be published."""
    rows = changes(session, cycle)
    decided = rows["decision"].isin([Decision.APPROVED, Decision.REJECTED])
    return Readiness(
        changes=len(rows),
        unreviewed=int((rows["reviewed_by"].isna() & ~decided).sum()),
        undecided=int((rows["decision"] == Decision.ASKED).sum()),
    )


def confirm(
    session: Session, cycle_id: int, codes: Sequence[str], *, note: str | None = None
) -> int:
    """Let the colours of some compounds stand; how many had not been reviewed before.

    Raises NotFound for a compound that the cycle has not rated, NotReady for a closed cycle,
    PersonalText for a note about a person.
    """
    cycle = _open(session, cycle_id)
    known = set(store.rated(session, cycle, codes)["compound_code"])
    for code in codes:
        if code not in known:
            raise NotFound("compound in this quarter's rating", code)
    clean = checked(note, "复核意见") if note else None
    return store.confirm(session, cycle, codes, note=clean, user_id=session.info["user"].id)


def ask(
    session: Session, cycle_id: int, code: str, *, colour: Colour, reason: str, origin: Origin
) -> ColourOverride:
    """Ask for another colour of one compound, with a written reason; another person decides.

    Raises NotFound, NotReady (closed cycle, or one is asked for already), BadInput for a reason
    under ten characters or the colour it has, PersonalText for a reason about a person.
    """
    cycle = _open(session, cycle_id)
    rated = store.rated(session, cycle, [code])
    if rated.empty:
        raise NotFound("compound in this quarter's rating", code)
    now = str(rated["colour"].iloc[0])
    clean = reasoned(reason, colour=colour, now=now)
    store.hold_compound(session, cycle, code)
    pending = changes(session, cycle).set_index("code")["decision"].get(code)
    if pending in {Decision.ASKED, Decision.APPROVED}:
        raise NotReady(f"{code} 已有改色申请 / another colour has been asked for {code} already")
    asked = ColourOverride(
        cycle_id=cycle.id, area_code=str(rated["area_code"].iloc[0]), compound_code=code,
        origin=origin, from_colour=now, to_colour=colour, reason=clean,
        asked_by=session.info["user"].id,
    )  # fmt: skip
    session.add(asked)
    session.flush()
    return asked


def reasoned(reason: str, *, colour: Colour, now: str) -> str:
    """The reason for another colour than ``now``; raises BadInput and PersonalText."""
    clean = checked(reason, "理由")
    if len(clean) < _SHORTEST_REASON:
        raise BadInput("请写明理由，至少十个字 / give a reason of ten characters or more")
    if colour not in _PLAQUE_COLOURS or colour == now:
        raise BadInput(
            "请选择与评级结果不同的绿、黄、红之一 / "
            f"the compound is {now}: ask for another of green, yellow and red"
        )
    return clean


def decide(
    session: Session, override_id: int, *, approve: bool, reason: str | None = None
) -> ColourOverride:
    """The second person's word on an asked-for colour.

    An objection that stood behind a rejected one is asked for in its place. Raises NotFound,
    NotReady when it is decided or its cycle closed, SecondPerson when whoever asked decides,
    PersonalText.
    """
    asked = store.override(session, override_id)
    if asked is None:
        raise NotFound("asked-for colour", override_id)
    cycle = _open(session, asked.cycle_id)
    user_id = session.info["user"].id
    if asked.decision != Decision.ASKED:
        raise NotReady(f"该申请已有结论 / it is {asked.decision} already")
    if asked.asked_by == user_id:
        raise SecondPerson("须由另一人审批 / another person than the one who asked decides")
    clean = checked(reason, "审批意见") if reason else None
    store.hold_compound(session, cycle, asked.compound_code)
    asked.decision = Decision.APPROVED if approve else Decision.REJECTED
    asked.decided_by = user_id
    asked.decided_at = store.now(session)
    asked.decision_reason = clean
    session.flush()
    published = None if approve else store.newest_published(session, cycle.period)
    if published is not None:
        store.take_up(session, published, cycle, code=asked.compound_code)
    return asked


def publish(session: Session, cycle_id: int, *, issuer: str) -> RatingCycle:
    """Publish the quarter: from now on these colours hang at the entrances and never change.

    ``issuer`` is the unit named on the plaques. Raises NotReady naming what is missing, NotFound,
    PersonalText, WholeDistrict.
    """
    cycle = _open(session, cycle_id, alone=True)
    _works_in(session, cycle.area_code)
    missing = readiness(session, cycle)
    if not missing.ready:
        raise NotReady(
            f"尚未完成：{missing.unreviewed} 个变色未复核，{missing.undecided} 个改色申请待审批"
            f" / not yet: {missing.unreviewed} changes unreviewed, "
            f"{missing.undecided} asked-for colours undecided"
        )
    unit = checked(issuer, "发布单位")
    if not unit:
        raise BadInput("请填写发布单位 / name the unit that publishes")
    store.publish(session, cycle, issuer=unit, user_id=session.info["user"].id)
    return cycle


def published(
    session: Session, *, period: str | None = None, area_prefix: str = ""
) -> tuple[RatingCycle, pd.DataFrame]:
    """The newest published colours of a quarter (of the newest for None) within an area.

    Raises NoData when nothing is published.
    """
    cycle = require_published(session, period)
    return cycle, store.published(session, cycle, area_prefix=area_prefix)


def require_published(session: Session, period: str | None) -> RatingCycle:
    """The newest publication of a quarter, of the newest quarter for None; raises NoData."""
    cycle = store.newest_published(session, period)
    if cycle is None:
        raise NoData(
            f"{period} 尚未发布 / {period} is not published"
            if period
            else "还没有已发布的季度 / no quarter is published"
        )
    return cycle


def _works_in(session: Session, area_code: str) -> None:
    """Raises WholeDistrict for somebody who sees a part of the area."""
    if not session.info["user"].reaches(area_code):
        raise WholeDistrict(
            "季度评级由负责全区的人员启动和发布；您可以复核本辖区内的小区 / a quarter is taken up "
            "and published by whoever has the whole district; you review compounds of your areas"
        )


def _open(session: Session, cycle_id: int, *, alone: bool = False) -> RatingCycle:
    """The cycle, held by the reviewers or ``alone``, in review; raises NotFound and NotReady."""
    cycle = store.cycle(session, cycle_id, alone=alone)
    if cycle is None:
        raise NotFound("rating cycle", cycle_id)
    if cycle.state != CycleState.REVIEW:
        raise NotReady(
            f"{cycle.period} 已发布或已撤回，不能更改 / "
            f"{cycle.period} is {cycle.state}: nothing of it can be changed"
        )
    return cycle
