"""Asks the staged rows every question that a constraint or another table would ask of them."""

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Date,
    Table,
    Text,
    case,
    cast,
    delete,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from data.ingest.reasons import note
from data.ingest.report import Notes
from data.ingest.targets import Target
from data.ingest.types import Kind, RowNote, Severity
from gis.assignment.store import PLACED
from gis.db import sql
from gis.db.base import BEGINNING

_SQL = sql.load("data.ingest")

# What is filled in from other tables before anything is asked: queries of queries.sql, in order.
_PREPARE: dict[Kind, tuple[str, ...]] = {
    Kind.HOUSEHOLDS: ("count_names", "count_kinds", "count_areas"),
    Kind.CAMERA_STATUS: ("observation_keys", "observation_areas"),
}
# (query, reason, column): what other tables say about a row.
_QUESTIONS: dict[Kind, tuple[tuple[str, str, str], ...]] = {
    Kind.AREAS: (("area_parents", "parent_missing", "parent_code"),),
    Kind.GRIDS: (("grid_communities", "community_missing", "code"),),
    Kind.POSTS: (("post_grids", "grid_missing", "grid_code"),),
    Kind.HOUSEHOLDS: (("count_subjects", "subject_unknown", "subject_code"),),
    Kind.CAMERA_STATUS: (("observation_cameras", "camera_missing", "camera_key"),),
    Kind.EVALUATIONS: (("evaluation_areas", "subject_unknown", "area_code"),),
    Kind.INCIDENTS: (
        ("incidents_far_ahead", "far_ahead", "occurred_at"),
        ("incidents_ahead", "ahead", "occurred_at"),
    ),
    Kind.FACILITIES: (("shares_unreadable", "shares_unreadable", "shared_with"),),
    Kind.DWELLINGS: (("dwelling_buildings", "placed_by_building", "building_key"),),
}
_PARTS = (("rented_dwellings", "dwellings"), ("floating_residents", "residents"))
# What can only be filled in once the questions are answered.
_SETTLE: dict[Kind, tuple[str, ...]] = {
    Kind.POSTS: ("post_areas",),
    Kind.DWELLINGS: ("place_in_buildings",),
}


def check(session: Session, target: Target, staged: Table, notes: Notes, district: str) -> None:
    """Note what is wrong with staged rows and take the refused ones out.

    Afterwards every row left fits the table's own constraints, apart from keys and versions.
    """
    for name in _PREPARE.get(target.kind, ()):
        _run(session, name, district)
    for query, reason, column in _QUESTIONS.get(target.kind, ()):
        rows = session.execute(_SQL[query])
        remark(session, staged, notes, [note(r, reason, column=column, value=v) for r, v in rows])
    for name in _SETTLE.get(target.kind, ()):
        _run(session, name, district)
    remark(session, staged, notes, _missing(session, target, staged))
    remark(session, staged, notes, _breaches(session, target, staged))
    if target.kind is Kind.FACILITIES:
        _check_shares(session, staged, notes)


def _run(session: Session, name: str, district: str) -> None:
    parameters = {"district": district} if "district" in _SQL[name].compile().params else {}
    session.execute(_SQL[name], parameters)


def remark(session: Session, staged: Table, notes: Notes, remarks: list[RowNote]) -> None:
    """Take in remarks; rows that one of them refuses leave the staging table."""
    notes.add(remarks)
    gone = [said.row for said in remarks if said.severity is Severity.REFUSED]
    if gone:
        session.execute(delete(staged).where(staged.c.row == func.any(gone)))


def _missing(session: Session, target: Target, staged: Table) -> list[RowNote]:
    required = [
        column.name
        for column in target.table.c
        if column.name in target.columns
        and not column.nullable
        and column.server_default is None
        and column.name not in (*target.assigned, "source_key")
    ]
    first = case(*((staged.c[name].is_(None), literal(name)) for name in required))
    rows = session.execute(
        select(staged.c.row, first).where(first.is_not(None)).order_by(staged.c.row)
    )
    return [
        note(row, "geometry_missing" if column == "geom" else "value_missing", column=column)
        for row, column in rows
    ]


def _breaches(session: Session, target: Target, staged: Table) -> list[RowNote]:
    """Rows that a CHECK constraint of the table would reject; the constraint is its own text."""
    rules = {
        str(constraint.sqltext): _columns_of(str(constraint.sqltext), target)
        for constraint in target.table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    if not rules:
        return []
    broken = case(*((not_(_rule(rule)), literal(rule)) for rule in rules))
    found = select(staged.c.row, broken.label("rule")).where(broken.is_not(None))
    notes = []
    for row, rule in session.execute(found.order_by(staged.c.row)):
        notes.append(note(row, "breaks_rule", column=", ".join(rules[rule]), rule=rule))
    return notes


def _rule(rule: str) -> ColumnElement[bool]:
    return literal_column("(" + rule + ")")


def _columns_of(rule: str, target: Target) -> list[str]:
    named = set(re.findall(r"\w+", re.sub(r"'[^']*'", "", rule)))
    return [name for name in target.columns if name in named]


def _check_shares(session: Session, staged: Table, notes: Notes) -> None:
    for name in ("drop_shares", "create_shares", "split_shares"):
        session.execute(_SQL[name])
    for query, reason in (
        ("shares_exceed", "shares_exceed"),
        ("share_areas", "share_area_missing"),
    ):
        rows = session.execute(_SQL[query])
        said = [note(row, reason, column="shared_with", value=value) for row, value in rows]
        remark(session, staged, notes, said)


def settle_keys(
    session: Session, target: Target, staged: Table, notes: Notes, digest: str
) -> str | None:
    """Give every staged row a key of its own.

    Kinds with a natural key refuse a row that repeats one. Otherwise a key column that repeats is
    no key: all rows get ``digest`` and row number, and the remark for the file is returned.
    """
    if target.key:
        session.execute(update(staged).values(source_key=_natural_key(target, staged)))
        remark(session, staged, notes, _repeats(session, target, staged))
        return None
    key = staged.c.source_key
    counted = select(func.count(key) - func.count(key.distinct()))
    repeated = session.scalar(counted) or 0
    if not repeated:
        return None
    numbered = literal(digest) + literal(":") + cast(staged.c.row, Text)
    session.execute(update(staged).values(source_key=numbered))
    return (
        f"{repeated}行重复了前面的键，键列不唯一，改用文件摘要加行号 · {repeated} rows repeat an"
        " earlier key, so the column is no key: file digest and row number are used"
    )


def within_reach(session: Session, target: Target, staged: Table, notes: Notes) -> None:
    """Refuse placed rows outside the user's areas, and keys of records that lie outside them."""
    prefixes = session.info["user"].area_prefixes
    if "" in prefixes:
        return
    row, key = staged.c.row, staged.c.source_key
    held = select(func.array_agg(key)).scalar_subquery()
    keys = func.wangge.keys_elsewhere(target.table.name, held)
    own = or_(false(), *(PLACED.c.area_code.startswith(one, autoescape=True) for one in prefixes))
    beyond = select(PLACED.c.id).where(not_(func.coalesce(own, False))).order_by(PLACED.c.id)
    remark(session, staged, notes, [note(r, "beyond_areas") for r in session.scalars(beyond)])
    rows = session.execute(select(row, key).where(key.in_(select(keys))).order_by(row))
    said = [note(r, "key_elsewhere", column="source_key", value=value) for r, value in rows]
    remark(session, staged, notes, said)


def beside_stored(
    session: Session, target: Target, staged: Table, notes: Notes, present: Collection[str]
) -> None:
    """Refuse a part above the whole that the store holds, or a whole below the stored part."""
    stored = target.whole
    for part, whole in _PARTS:
        if part not in target.columns or (part in present) == (whole in present):
            continue
        of_part, of_whole = (
            (staged if name in present else stored).c[name] for name in (part, whole)
        )
        above = (
            select(staged.c.row)
            .join_from(staged, stored, stored.c.source_key == staged.c.source_key)
            .where(of_part > of_whole)
            .order_by(staged.c.row)
        )
        named = {"column": f"{part}, {whole}", "rule": f"{part} <= {whole}"}
        said = [note(row, "breaks_rule", **named) for row in session.scalars(above)]
        remark(session, staged, notes, said)


def _natural_key(target: Target, staged: Table) -> ColumnElement[str]:
    parts: list[ColumnElement[Any]] = []
    for name in target.key:
        column = staged.c[name]
        if isinstance(target.table.c[name].type, Date):
            parts.append(func.nullif(func.to_char(column, "YYYY-MM-DD"), BEGINNING))
        elif name == "observed_at":
            parts.append(func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US'))
        else:
            parts.append(func.nullif(column, "unified"))
    return func.concat_ws("@", *parts)


def _repeats(session: Session, target: Target, staged: Table) -> list[RowNote]:
    key, row = staged.c.source_key, staged.c.row
    kept = func.min(row).over(partition_by=key)
    twice = select(row, key.label("key"), kept.label("kept")).subquery()
    found = select(twice).where(twice.c.row > twice.c.kept).order_by(twice.c.row)
    column = ", ".join(target.key)
    return [
        note(row, "duplicate_key", column=column, value=f"{key} (= {kept})")
        for row, key, kept in session.execute(found)
    ]


def codes(session: Session, staged: Table) -> list[str]:
    """The codes of the staged outlines."""
    return list(session.scalars(select(staged.c.code).distinct()))


def keys(session: Session, staged: Table) -> dict[int, str]:
    """The key of every row that is still there, by row number."""
    return dict(session.execute(select(staged.c.row, staged.c.source_key)).all())


def count(session: Session, staged: Table) -> int:
    """Rows that are still there."""
    return session.scalar(select(func.count()).select_from(staged)) or 0
