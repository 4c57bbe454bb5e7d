"""Keeps what an import is about to change, and sets the last import of a kind back."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Result,
    Select,
    Table,
    Text,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from data.ingest.targets import TARGETS, Target, whole_of
from data.ingest.types import Kind
from gis.assignment import service as assignment
from gis.assignment.store import CODES, spot
from gis.db import sql, statistics
from gis.district import District
from gis.errors import CannotUndo, NotFound
from gis.runs.model import Import, ImportChange

_SQL = sql.load("data.ingest")
_CHANGES = ImportChange.metadata.tables["wangge.import_changes"]
_OUTLINES = (Kind.AREAS, Kind.GRIDS, Kind.COMPOUNDS)
# What names records of a kind: an undoing would leave it hanging in the air.
DEPENDENTS: Mapping[Kind, tuple[Kind, ...]] = MappingProxyType({
    Kind.AREAS: (Kind.AREAS, Kind.GRIDS, Kind.HOUSEHOLDS, Kind.FACILITIES, Kind.EVALUATIONS),
    Kind.GRIDS: (Kind.GRIDS, Kind.POSTS, Kind.HOUSEHOLDS),
    Kind.FACILITIES: (Kind.FACILITIES,),  # what was written by hand since
    Kind.COMPOUNDS: (Kind.HOUSEHOLDS,),
    Kind.CAMERAS: (Kind.CAMERA_STATUS,),
    Kind.BUILDINGS: (Kind.DWELLINGS,),
})  # fmt: skip


@dataclass(frozen=True)
class Undone:
    """What an undoing did: rows removed, rows set back, records that changed hands by table."""

    import_id: int
    kind: Kind
    removed: int
    restored: int
    reassigned: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, Any]:
        """The figures by name."""
        return {"removed": self.removed, "restored": self.restored, "reassigned": self.reassigned}


def keep(session: Session, target: Target, ids: Select[Any], import_id: int) -> None:
    """Keep the records that ``ids`` selects as they are now; one that is kept already stays so."""
    table = target.whole
    parts = {"before": _open(target)} | ({"withheld": target.withheld} if target.withheld else {})
    values = [_as_text(table, names).label(part) for part, names in parts.items()]
    rows = select(table.c.area_code, literal(import_id), table.c.id, *values).where(
        table.c.id.in_(ids), table.c.id.not_in(_kept(import_id))
    )
    named = ("area_code", "import_id", "record_id", *parts)
    session.execute(insert(_CHANGES).from_select(named, rows))


def _as_text(table: Table, names: Sequence[str]) -> ColumnElement[Any]:
    """Columns as one JSON object. Text is exact: EWKB in hexadecimal, every digit that counts."""
    return func.jsonb_build_object(*(p for n in names for p in (n, cast(table.c[n], Text))))


def anything_kept(session: Session, import_id: int) -> bool:
    """Whether an import changes any record that was there before."""
    return session.scalar(select(_kept(import_id).exists())) or False


def _kept(import_id: int) -> Select[Any]:
    """Ids of the records that an import changed."""
    return select(_CHANGES.c.record_id).where(_CHANGES.c.import_id == import_id)


def keep_shares(session: Session, target: Target, ids: Select[Any], import_id: int) -> None:
    """Keep the shares of the facilities that ``ids`` selects, and those facilities."""
    keep(session, target, ids, import_id)
    session.execute(_SQL["keep_shares"], {"import_id": import_id})


def supersede(session: Session, record: Import) -> None:
    """From now on ``record`` can be undone, and no earlier one of its kind that it met anywhere."""
    record.undoable = True
    session.flush()
    session.execute(_SQL["supersede"], {"import_id": record.id})


def alone(session: Session) -> None:
    """Wait until no other import or undoing writes; until the transaction ends nobody else does."""
    session.execute(_SQL["lock_imports"])


def undo_import(session: Session, import_id: int, district: District) -> Undone:
    """Take the rows of an import out again and set back those it changed; no commit.

    Raises
    ------
    NotFound
        There is no such import.
    CannotUndo
        It is undone already, is not the last of its kind, or later imports build on it.
    Forbidden
        It changed columns that the user may not read.
    """
    alone(session)
    record = session.get(Import, import_id, populate_existing=True)
    if record is None:
        raise NotFound("import", import_id)
    target = TARGETS[Kind(record.kind)]
    target.demand(session.info["user"])
    _refuse(session, record, target)
    with ExitStack() as stack:
        redrawing = None
        if target.layer is not None:
            redrawing = stack.enter_context(
                assignment.redrawing(
                    session, target.layer, _codes(session, target, record),
                    district_code=district.code,
                )
            )  # fmt: skip
        removed, restored = (
            _remove(session, target, import_id),
            _restore(session, target, import_id),
        )
    if target.kind is Kind.FACILITIES:
        session.execute(_SQL["restore_shares"], {"import_id": import_id})
    reassigned = dict(redrawing.reassigned) if redrawing else {}
    reassigned |= _follow(session, target, record, district)
    record.undoable, record.undone_at = False, func.now()
    session.execute(delete(_CHANGES).where(_CHANGES.c.import_id == import_id))
    session.flush()
    statistics.refresh(session, target.table.name)
    return Undone(import_id, target.kind, removed, restored, reassigned)


def _refuse(session: Session, record: Import, target: Target) -> None:
    if record.undone_at is not None:
        raise CannotUndo(f"导入 {record.id} 已撤销 / import {record.id} is undone already")
    if not record.undoable:
        raise CannotUndo(
            f"导入 {record.id} 不是该类别最近一次导入，不能撤销"
            f" / import {record.id} is not the last one of {record.kind}: only that can be undone"
        )
    user = session.info["user"]
    if not all(user.reaches(area) for area in record.summary.get("reach", ())):
        raise CannotUndo(
            f"导入 {record.id} 涉及您辖区以外的记录，请由上级撤销"
            f" / import {record.id} reaches beyond your areas: whoever has them all can undo it"
        )
    kinds = [kind.value for kind in DEPENDENTS.get(target.kind, ())]
    later = session.execute(_SQL["later_imports"], {"import_id": record.id, "kinds": kinds}).first()
    if later is not None:
        raise CannotUndo(
            f"之后的导入 {later.id}（{later.kind}）以它为依据，请先撤销那一次"
            f" / the later import {later.id} ({later.kind}) builds on it: undo that one first"
        )


def _codes(session: Session, target: Target, record: Import) -> list[str]:
    """Codes of the outlines that the import wrote or ended."""
    table = target.table
    touched = (table.c.import_id == record.id) | table.c.id.in_(_kept(record.id))
    return list(session.scalars(select(table.c.code).where(touched).distinct()))


def _remove(session: Session, target: Target, import_id: int) -> int:
    """Rows that the import brought."""
    table = target.table
    if target.kind is Kind.FACILITIES:
        session.execute(_SQL["drop_stated_shares"], {"import_id": import_id})
    new = (table.c.import_id == import_id) & table.c.id.not_in(_kept(import_id))
    return changed(session.execute(delete(table).where(new)))


def _restore(session: Session, target: Target, import_id: int) -> int:
    """Rows that the import changed, column by column as they were."""
    table = target.table
    kept = whole_of(_CHANGES) if target.withheld else _CHANGES
    values = {
        name: cast(part[name].astext, table.c[name].type)
        for part, names in ((kept.c.before, _open(target)), (kept.c.withheld, target.withheld))
        for name in names
    }
    here = (kept.c.import_id == import_id) & (table.c.id == kept.c.record_id)
    return changed(session.execute(update(table).values(values).where(here)))


def _follow(session: Session, target: Target, record: Import, district: District) -> dict[str, int]:
    """Restored records know the outlines of then: place them again where outlines changed since."""
    kinds = {"import_id": record.id, "kinds": [kind.value for kind in _OUTLINES]}
    if not target.assigned or session.execute(_SQL["later_imports"], kinds).first() is None:
        return assignment.follow(session)
    table = target.table
    restored = table.c.id.in_(_kept(record.id)) & table.c.geom.is_not(None)
    points = select(table.c.id, spot(table)).where(restored)
    named = [table.c[name] if name in table.c else literal(None, NullType()) for name in CODES]
    return assignment.place_again(
        session, table, points, select(table.c.id, *named).where(restored),
        district_code=district.code,
    )  # fmt: skip


def _open(target: Target) -> tuple[str, ...]:
    """The columns of a record that are its own, neither its id nor what the database computes, and
    that come with the row."""
    own = (c.name for c in target.table.c if c.name != "id" and c.computed is None)
    return tuple(name for name in own if name not in target.withheld)


def changed(result: Result[Any]) -> int:
    """Rows that an INSERT, UPDATE or DELETE changed."""
    assert isinstance(result, CursorResult)
    return result.rowcount
