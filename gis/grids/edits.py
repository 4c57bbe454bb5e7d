"""Saves of the grid editor: new versions of a community's grids, their history, and its undoing."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from gis.audit.service import note
from gis.district import District
from gis.errors import BadInput, CannotUndo, ChangedMeanwhile, Forbidden, NotFound
from gis.grids import store
from gis.grids.drawing import Change, check, day_allowed, labels, sheet
from gis.grids.model import Grid, GridEdit, Network
from gis.grids.reshape import Drawn
from gis.policy import Policy
from gis.runs.by_hand import by_hand

_MOST_SEQUENCE = 999  # a grid id ends in three digits
_KEPT = ("id", "source_key", "import_id", "frame", "area_code", "code", "network", "name",
         "households")  # fmt: skip


def save(
    session: Session,
    community: str,
    drawn: Sequence[Drawn],
    *,
    mark: str,
    day: date,
    policy: Policy,
    district: District,
) -> GridEdit:
    """Write a drawing as versions that hold from ``day``; grids it leaves alone stay as they are.

    ``mark`` is `Sheet.mark` of what the drawing began with. Raises ChangedMeanwhile where the
    grids are others by now, BadInput where a check forbids it, Forbidden outside the user's areas.
    """
    _own(session, community)
    _alone(session, community)
    table = sheet(session, community)
    if table.mark != mark:
        raise ChangedMeanwhile(
            "本社区的网格刚被别人改过，没有保存：请打开最新版本，把您的改动再画一次 / somebody else"
            " changed these grids meanwhile and nothing was saved: open the newest version and draw"
            " your change again"
        )
    day_allowed(table, day)
    checked = check(table, drawn, policy=policy, district=district)
    stopped = next((one for one in checked.remarks if one.stops), None)
    if stopped is not None:
        raise BadInput(f"{stopped.zh} / {stopped.en}")
    if not checked.changes:
        raise BadInput("没有改动 / nothing was changed")
    edit = _written(session, community, drawn, checked.changes, day)
    note(session, event="grids_edited", target=community, area_code=community,
         rows=len(checked.changes),
         detail={"edit": edit.id, "day": str(day),
                 "changes": [f"{one.what} {one.code}" for one in checked.changes]})  # fmt: skip
    return edit


def _own(session: Session, community: str) -> None:
    if not session.info["user"].reaches(community):
        raise Forbidden.outside()


def _alone(session: Session, community: str) -> None:
    if not store.lock(session, community):
        raise ChangedMeanwhile(
            "正在导入数据，没有保存：请稍后再试 / an import is running and nothing was saved: try"
            " again in a while"
        )


def _written(
    session: Session, community: str, drawn: Sequence[Drawn], changes: Sequence[Change], day: date
) -> GridEdit:
    what = {one.code: one.what for one in changes}
    origin = by_hand(session, kind="grids", area_code=community, rows=len(changes)).id
    ended, replaced, ground = [], [], []
    for old in store.versions(session, community, what):
        ground.append(bytes(old.geom.data))
        if old.valid_from == day:
            replaced.append(_told(old))
            session.delete(old)
        else:
            ended.append(old.id)
            old.valid_to = day
    session.flush()  # the database takes no two versions of a grid on one day
    sequence = store.last_sequence(session, community)
    made = []
    for label, one in zip(labels(drawn), drawn, strict=True):
        if label not in what:
            continue
        if one.code is None:
            sequence += 1
        made.append(_version(community, one, sequence, day=day, origin=origin))
        ground.append(_area(one.geom).wkb)
    session.add_all(made)
    session.flush()
    store.place_again(session, ground)
    edit = GridEdit(
        area_code=community, day=day, made_by=session.info["user"].id, ended=ended,
        made=[one.id for one in made], replaced=replaced,
    )  # fmt: skip
    session.add(edit)
    session.flush()
    return edit


def _version(community: str, one: Drawn, sequence: int, *, day: date, origin: int) -> Grid:
    if sequence > _MOST_SEQUENCE:
        raise BadInput("本社区的网格编号已用完 / the community has no grid number left")
    return Grid(
        code=one.code or f"{community}{sequence:03d}", area_code=community,
        source_key=f"hand:{secrets.token_hex(6)}", import_id=origin, frame="wgs84",
        network=Network.UNIFIED, name=one.name, households=one.households, valid_from=day,
        geom=f"SRID=4326;{_area(one.geom).wkt}",
    )  # fmt: skip


def _area(geom: BaseGeometry) -> BaseGeometry:
    parts: BaseGeometry = shapely.MultiPolygon(list(shapely.get_parts(geom)))
    return parts


def _told(old: Grid) -> dict[str, Any]:
    """A version as JSON, to be written again by an undoing; the outline as hexadecimal WKB."""
    kept = {name: getattr(old, name) for name in _KEPT}
    return {**kept, "valid_from": old.valid_from.isoformat(), "geom": bytes(old.geom.data).hex()}


# -- history --------------------


def history(session: Session, community: str) -> Sequence[GridEdit]:
    """The saves in a community, newest first; undone ones stay in it."""
    return store.edits(session, community)


def undo(session: Session, community: str, edit_id: int) -> None:
    """Set the grids back to what they were before a save: the last one that stands.

    Raises NotFound, Forbidden, and CannotUndo where a later save or an import built on it.
    """
    _own(session, community)
    _alone(session, community)
    standing = [one for one in store.edits(session, community) if one.undone_at is None]
    edit = next((one for one in standing if one.id == edit_id), None)
    if edit is None:
        raise NotFound("edit", edit_id)
    made = store.by_ids(session, edit.made)
    ended = store.by_ids(session, edit.ended)
    whole = [one for one in made if one.valid_to is None]
    untouched = len(whole) == len(edit.made) and len(ended) == len(edit.ended)
    if edit is not standing[0] or not untouched or any(one.valid_to != edit.day for one in ended):
        raise CannotUndo(
            "之后还有改动或导入，请先撤销后来的 / a later save or an import built on it: undo that"
            " first"
        )
    _set_back(session, edit, made, ended)
    by_hand(session, kind="grids", area_code=community, rows=len(made))
    note(session, event="grids_edit_undone", target=community, area_code=community,
         rows=len(made), detail={"edit": edit.id})  # fmt: skip


def _set_back(
    session: Session, edit: GridEdit, made: Sequence[Grid], ended: Sequence[Grid]
) -> None:
    ground = [bytes(one.geom.data) for one in (*made, *ended)]
    for one in made:
        session.delete(one)
    session.flush()
    for one in ended:
        one.valid_to = None
    for told in edit.replaced:
        shape = bytes.fromhex(told["geom"])
        ground.append(shape)
        begun = date.fromisoformat(told["valid_from"])
        session.add(Grid(
            **{name: told[name] for name in _KEPT}, valid_from=begun,
            geom=f"SRID=4326;{shapely.from_wkb(shape).wkt}",
        ))  # fmt: skip
    store.undone(session, edit)
    store.place_again(session, ground)
