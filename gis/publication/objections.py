"""Objections to what is published: filed with a reason, taken up by a correction of the quarter."""

from sqlalchemy.orm import Session

from gis.errors import NotFound
from gis.publication import store
from gis.publication.model import CycleState, PublishedRating, RatingCycle, RatingObjection
from gis.publication.service import NotReady, reasoned
from gis.safety.rules import Colour


def object_to(
    session: Session, cycle_id: int, code: str, *, colour: Colour, reason: str
) -> RatingObjection:
    """File an objection to a published colour; the quarter's next cycle takes it up.

    Where the quarter is in review again, the other colour is asked for there at once, unless the
    newer rating gives it by itself, does not hold the compound, or another wish comes first: it is
    filed all the same, and `store.objections` says what becomes of it. Raises NotFound, NotReady
    (not the newest publication, or filed already), BadInput, PersonalText.
    """
    cycle = store.cycle(session, cycle_id)
    row = session.get(PublishedRating, (cycle_id, code))
    if cycle is None or row is None:
        raise NotFound("published rating", code)
    newest = store.newest_published(session, cycle.period)
    if newest is None or newest.id != cycle.id:
        raise _overtaken()
    clean = reasoned(reason, colour=colour, now=row.colour)
    store.hold_compound(session, cycle, code)  # of two who file at once one waits, and is told
    if code in {one["code"] for one in store.objections(session, cycle)}:
        raise NotReady(f"{code} 已有异议 / an objection to {code} has been filed already")
    review = _reviewed_again(session, cycle)
    if review is not None:
        store.hold_compound(session, review, code)
    filed = RatingObjection(
        cycle_id=cycle.id, area_code=row.area_code, compound_code=code, to_colour=colour,
        reason=clean, filed_by=session.info["user"].id,
    )  # fmt: skip
    session.add(filed)
    session.flush()
    if review is not None:
        store.take_up(session, cycle, review, code=code)
    return filed


def _reviewed_again(session: Session, published: RatingCycle) -> RatingCycle | None:
    """The cycle of the same quarter that is in review, which nobody ends meanwhile."""
    review = store.in_review(session, area_code=published.area_code, period=published.period)
    if review is None:
        return None
    held = store.cycle(session, review.id)
    if held is None or held.state != CycleState.REVIEW:  # ended while this one waited for it
        raise _overtaken()
    return held


def _overtaken() -> NotReady:
    return NotReady("此后已另行发布，请对新的发布提出 / published anew since: object to that one")
