"""Reports a danger and moves it on: who has to act, by when, with which photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from gis import privacy
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.assignment import service as assignment
from gis.audit import service as audit
from gis.dangers import analysis, photo, store
from gis.dangers.model import (
    Danger,
    DangerPhoto,
    DangerStep,
    Handler,
    Kind,
    Move,
    Severity,
    State,
)  # fmt: skip
from gis.db.once import own_key
from gis.errors import BadInput, ChangedMeanwhile, NotFound
from gis.policy import Policy
from gis.worktime import WorkTime


class Elsewhere(BadInput):
    """The place lies outside the areas of whoever reports it."""

    code = "elsewhere"

    def __init__(self) -> None:
        super().__init__("该位置不在您的辖区内 / this place lies outside your areas")


class SameAccount(BadInput):
    """Whoever said that it was fixed does not check it where somebody else can."""

    code = "same_account"

    def __init__(self) -> None:
        super().__init__(
            "整改由您登记，须由另一账户复查 / you said it was fixed: another account checks it"
        )


@dataclass(frozen=True)
class Assignment:
    """Whom a danger is assigned to: a level, and a post or unit in words (empty: none named)."""

    to: Handler | None = None
    post: str = ""


@dataclass(frozen=True)
class Report:
    """What somebody saw: kind, words, place in degrees (EPSG:4326), a photo as it was taken."""

    key: str
    kind: Kind
    severity: Severity
    what: str
    lon: float
    lat: float
    place: str | None = None
    photo: bytes | None = None


@dataclass(frozen=True)
class Rules:
    """What due times are counted with."""

    policy: Policy
    time: WorkTime


def report(
    session: Session,
    seen: Report,
    *,
    now: datetime,
    rules: Rules,
    district_code: str,
    role: Role | None,
) -> Danger:
    """Put a danger on the register of the community it lies in; the same key adds nothing twice.

    Raises PersonalText, BadPhoto and Elsewhere; nothing is stored then.
    """
    what = privacy.checked(seen.what, "情况")
    place = privacy.checked(seen.place or "", "位置说明") or None
    key = own_key(session, seen.key)
    known = store.by_key(session, key)
    if known is not None:
        return known
    jpeg = None if seen.photo is None else photo.clean(seen.photo)
    where = assignment.locate(session, lon=seen.lon, lat=seen.lat)
    area_code = where.community or district_code
    if not session.info["user"].reaches(area_code):
        raise Elsewhere
    term = analysis.due(seen.severity, found=now, time=rules.time, policy=rules.policy)
    danger = Danger(
        key=key, area_code=area_code, grid_code=where.grid,
        compound_code=where.compound, kind=seen.kind, severity=seen.severity, what=what,
        place=place, state=State.FOUND, handler=Handler.COMMUNITY, found_at=now,
        due_at=term.at, due_known=term.known, geom=f"SRID=4326;POINT({seen.lon} {seen.lat})",
    )  # fmt: skip
    session.add(danger)
    session.flush()
    audit.note(session, event="danger_reported", target=f"danger {danger.id}", area_code=area_code)
    _step(session, danger, Move.REPORT, now=now, role=role, remark=None)
    if jpeg is not None:
        _keep(session, danger, jpeg, now=now, policy=rules.policy)
    return danger


def move(
    session: Session,
    id: int,
    move: Move,
    *,
    now: datetime,
    rules: Rules,
    role: Role | None,
    remark: str | None = None,
    after: int | None = None,
    assigned: Assignment | None = None,
) -> Danger:
    """Move a danger on; the same move with the same remark after the same step is made once.

    ``after`` is the last step that whoever moves it had before the eyes. What one account has
    fixed another one checks, where another one may. Raises NotFound, WrongMove, SameAccount,
    PersonalText (for remark and post), and ChangedMeanwhile where another move followed it.
    """
    remark, assigned = privacy.checked(remark or "", "说明") or None, assigned or Assignment()
    post = privacy.checked(assigned.post, "责任岗位") or None
    danger = store.locked(session, id)
    if danger is None:
        raise NotFound("danger", id)
    if after is not None and _taken(session, id, move, remark, after=after):
        return danger
    turn = analysis.turn(
        State(danger.state), Handler(danger.handler), move,
        now=now, time=rules.time, policy=rules.policy, to=assigned.to,
    )  # fmt: skip
    _signed(session, danger, move, post)
    audit.note(  # its steps keep the role, the trail keeps who
        session, event="danger_moved", target=f"danger {id}", area_code=danger.area_code,
        detail={"move": move, "from": danger.state, "to": turn.state},
    )  # fmt: skip
    danger.state, danger.handler = turn.state, turn.handler
    if turn.due is not None:
        danger.due_at, danger.due_known = turn.due.at, turn.due.known
    danger.closed_at = now if turn.state is State.CLOSED else None
    _step(session, danger, move, now=now, role=role, remark=remark)
    session.flush()
    return danger


def _signed(session: Session, danger: Danger, move: Move, post: str | None) -> None:
    """Keep the post it is assigned to and who fixed it; raises SameAccount."""
    user_id = session.info["user"].id
    if move is Move.ASSIGN:
        danger.post = post
    elif move is Move.FIX:
        danger.fixed_by = user_id
    elif (
        move is Move.CHECK
        and danger.fixed_by == user_id
        and store.another_may(session, area_code=danger.area_code, roles=_MOVERS)
    ):
        raise SameAccount


_MOVERS = [
    role.value for role, rights in PERMISSIONS.items()
    if (Capability.DANGERS, Action.WRITE) in rights
]  # fmt: skip


def _taken(session: Session, id: int, move: Move, remark: str | None, *, after: int) -> bool:
    """Whether this very move followed a step; raises ChangedMeanwhile where another one did."""
    since = [one for one in store.steps(session, id) if one["id"] > after]
    if since and (since[0]["move"], since[0]["remark"]) != (move, remark):
        raise ChangedMeanwhile(
            "这条隐患已有新的处理，请刷新页面查看 / it was moved on meanwhile: reload the page"
        )
    return bool(since)


def register(session: Session, *, area_prefix: str, now: datetime) -> Sequence[RowMapping]:
    """The register below a code prefix: open dangers by due time, closed ones last."""
    return store.register(session, area_prefix=area_prefix, now=now)


@dataclass(frozen=True)
class File:
    """One danger with its history and what can be done with it now."""

    danger: RowMapping
    steps: Sequence[Any]
    photos: Sequence[int]
    moves: Sequence[Move]


def read(session: Session, id: int, *, now: datetime) -> File:
    """One danger with all that belongs to it; raises NotFound."""
    found = store.register(session, area_prefix="", now=now, id=id)
    if not found:
        raise NotFound("danger", id)
    danger = found[0]
    return File(
        danger,
        store.steps(session, id),
        store.photos(session, id, now=now),
        analysis.moves(State(danger["state"]), Handler(danger["handler"])),
    )


def read_photo(session: Session, id: int, *, now: datetime) -> bytes:
    """A photo's JPEG; raises NotFound once it has expired."""
    found = store.photo(session, id, now=now)
    if found is None:
        raise NotFound("photo", id)
    return found


def _step(
    session: Session,
    danger: Danger,
    move: Move,
    *,
    now: datetime,
    role: Role | None,
    remark: str | None,
) -> None:
    session.add(
        DangerStep(
            danger_id=danger.id, area_code=danger.area_code, at=now, move=move,
            state=danger.state, handler=danger.handler, role=role, remark=remark,
        )
    )  # fmt: skip


def _keep(session: Session, danger: Danger, jpeg: bytes, *, now: datetime, policy: Policy) -> None:
    store.add_photo(
        session,
        DangerPhoto(
            danger_id=danger.id, area_code=danger.area_code, added_at=now, jpeg=jpeg,
            expires_at=now + timedelta(days=policy["SAF-4", "photo_days"]),
        ),
    )  # fmt: skip
