"""Objections to what is published: filed with a reason, taken up by a correction of the quarter."""

from sqlalchemy.orm import Session

from gis.errors import NotFound
from gis.publication import store
from gis.publication.model import Origin, PublishedRating, RatingObjection
from gis.publication.service import NotReady, ask, reasoned
from gis.safety.rules import Colour


def object_to(
    session: Session, cycle_id: int, code: str, *, colour: Colour, reason: str
) -> RatingObjection:
    """File an objection to a published colour; the quarter's correction takes it up.

    Where the quarter is in review again, the other colour is asked for there at once. Raises
    NotFound, NotReady (not the newest publication, or filed already), BadInput, PersonalText.
    """
    cycle = store.cycle(session, cycle_id)
    row = session.get(PublishedRating, (cycle_id, code))
    if cycle is None or row is None:
        raise NotFound("published rating", code)
    newest = store.newest_published(session, cycle.period)
    if newest is None or newest.id != cycle.id:
        raise NotReady(
            "此后已另行发布，请对新的发布提出 / published anew since: object to that one"
        )
    clean = reasoned(reason, colour=colour, now=row.colour)
    if code in {one["code"] for one in store.objections(session, cycle)}:
        raise NotReady(f"{code} 已有异议 / an objection to {code} has been filed already")
    review = store.in_review(session, area_code=cycle.area_code, period=cycle.period)
    if review is not None:
        ask(session, review.id, code, colour=colour, reason=clean, origin=Origin.OBJECTION)
    filed = RatingObjection(
        cycle_id=cycle.id, area_code=row.area_code, compound_code=code, to_colour=colour,
        reason=clean, filed_by=session.info["user"].id,
    )  # fmt: skip
    session.add(filed)
    session.flush()
    return filed
