"""Who decided a colour: what people said of a rating, and the plaque that hangs by it."""

from dataclasses import dataclass

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from api.web.desk import Desk
from api.web.verdicts import Chip
from gis.access.rights import Action, Capability
from gis.legend import RATING
from gis.publication import store
from gis.publication.model import Decision


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
        reason=row["reason"] or "",
    )  # fmt: skip


def decided(desk: Desk, db: Session, run_id: int, code: str) -> str:
    """What people said of a compound's colour in a run; empty where the rule alone decided.

    Login names are for those who review.
    """
    row = store.said(db, run_id=run_id, code=code)
    if row is None:
        return ""
    if row["decision"] is not None:
        colour = RATING.entry(row["to_colour"])
        return desk.t(
            f"ratings.decided_{row['decision']}", colour=desk.either(colour.zh, colour.en),
            asked_by=_who(desk, row, "asked_by"),
            second=_who(desk, row, "decided_by") if row["decision"] != Decision.ASKED else "",
        )  # fmt: skip
    if row["reviewed_by"] is not None:
        return desk.t("ratings.decided_confirmed", who=_who(desk, row, "reviewed_by"))
    return ""


def _who(desk: Desk, row: RowMapping, name: str) -> str:
    user = desk.user
    if user is not None and user.may(Capability.RATING, Action.WRITE):
        return str(row[name])
    return desk.t(f"ratings.who_{name}")
