"""Who decided a colour: what people said of a rating, the plaque that hangs, who objects to it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.web.desk import Desk
from api.web.verdicts import Chip
from gis.legend import RATING
from gis.publication import store
from gis.publication.model import CycleState, RatingCycle


@dataclass(frozen=True)
class Plaque:
    """What hangs at a compound's entrances; ``rated`` where the rule alone gave another colour."""

    chip: Chip
    period: str
    issuer: str
    published: str
    rated: Chip | None
    decided: str
    reason: str
    object_at: str  # where an objection is filed


def plaque(desk: Desk, db: Session, code: str) -> Plaque | None:
    """The newest published colour of a compound; None where none hangs."""
    row = store.hanging(db, code)
    if row is None:
        return None
    other = row["colour"] != row["rated_colour"]
    return Plaque(
        chip=desk.chip(RATING.entry(row["colour"])), period=row["period"], issuer=row["issuer"],
        published=desk.moment(row["published_at"]),
        rated=desk.chip(RATING.entry(row["rated_colour"])) if other else None,
        decided=decided(desk, db, row["run_id"], code),
        reason=row["reason"] or "", object_at=f"/ratings/{row['cycle_id']}/{code}",
    )  # fmt: skip


def decided(desk: Desk, db: Session, run_id: int, code: str) -> str:
    """What people said of a compound's colour in a run; empty where the rule alone decided.

    Who asked and who decided is for those who review: row rights keep it from the others, who read
    that people decided.
    """
    row = store.said(db, run_id=run_id, code=code)
    if row is not None and row["decision"] is not None:
        return desk.t(
            f"ratings.decided_{row['decision']}", colour=_word(desk, row["to_colour"]),
            asked_by=row["asked_by"], second=row["decided_by"],
        )  # fmt: skip
    if row is not None and row["reviewed_by"] is not None:
        return desk.t("ratings.decided_confirmed", who=row["reviewed_by"])
    hung = store.hanging(db, code)
    if hung is None or hung["run_id"] != run_id or hung["colour"] == hung["rated_colour"]:
        return ""
    return desk.t("ratings.decided_review", colour=_word(desk, hung["colour"]))


def _word(desk: Desk, colour: str) -> str:
    entry = RATING.entry(colour)
    return desk.either(entry.zh, entry.en)


def objected(desk: Desk, db: Session, cycle: RatingCycle) -> list[dict[str, Any]]:
    """What was filed against a publication; beside a review, against the one it follows."""
    against: RatingCycle | None = cycle
    if cycle.state == CycleState.REVIEW:
        against = store.newest_published(db, cycle.period)
    return objections(desk, db, against) if against else []


def objections(desk: Desk, db: Session, cycle: RatingCycle) -> list[dict[str, Any]]:
    """What was filed against a publication, with its colours as chips and what becomes of it."""
    return [
        {**one, "now": desk.chip(RATING.entry(one["colour"])), "of": cycle.id,
         "wish": desk.chip(RATING.entry(one["to_colour"])),
         "told": desk.t(f"ratings.fate_{one['fate']}", day=desk.day(one["as_of"]))}
        for one in store.objections(db, cycle)
    ]  # fmt: skip
