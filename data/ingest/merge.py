"""Writes staged rows into their table: new ones inserted, different updated, equal ones left."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Table,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from data.ingest import undo
from data.ingest.checks import remark
from data.ingest.reasons import note
from data.ingest.report import Notes
from data.ingest.targets import Target
from data.ingest.types import Kind
from data.ingest.versions import Fit, Version, fit
from gis.assignment.store import CODES, PLACED, spot
from gis.db import sql

_SQL = sql.load("data.ingest")
_STREAMED = 20_000  # versions that come from the server at a time


@dataclass(frozen=True)
class Provenance:
    """What every written row says about its import."""

    import_id: int
    frame: str
    district_code: str
    metric_srid: int


@dataclass(frozen=True)
class Written:
    """Rows inserted and rows updated; the other staged rows were there already, equal."""

    inserted: int
    updated: int


def fit_versions(
    session: Session, target: Target, staged: Table, notes: Notes, *, import_id: int
) -> int:
    """Refuse versions that overlap, set the ends of the others, end the ones before them.

    Returns how many versions of the store were ended.
    """
    found = fit(_timelines(session, target, staged))
    said = [
        note(row, "overlapping_version", column="valid_from", value=other)
        for row, other in found.refused.items()
    ]
    said += [note(row, "older_version", column="valid_from") for row in found.older]
    remark(session, staged, notes, sorted(said, key=lambda n: n.row))
    undo.keep(session, target, select(target.table.c.id).where(_among(target, found)), import_id)
    return _set_ends(session, target, staged, found)


def _version_key(table: Table) -> ColumnElement[str]:
    parts = [table.c[name] for name in ("network", "code") if name in table.c]
    return func.concat_ws("@", *parts)


def _timelines(session: Session, target: Target, staged: Table) -> Iterator[Version]:
    """Versions of the file and of the store, code by code, where there is something to fit.

    A code with one version is left as it is, and so is one whose only version is in the file
    again: of a million codes none has to be held here.
    """
    table, nothing = target.table, cast(None, BigInteger)
    both = union_all(
        select(
            _version_key(table).label("key"), table.c.valid_from, table.c.valid_to,
            nothing.label("row"), table.c.id.label("id"),
        ).where(table.c.code.in_(select(staged.c.code))),
        select(_version_key(staged), staged.c.valid_from, staged.c.valid_to, staged.c.row, nothing),
    ).subquery()  # fmt: skip
    start, end, of_key = both.c.valid_from, both.c.valid_to, both.c.key
    line = select(
        *both.c,
        func.min(start).over(partition_by=of_key).label("first"),
        func.max(start).over(partition_by=of_key).label("last"),
        func.max(end).over(partition_by=of_key).label("ended"),
    ).subquery()
    several = or_(line.c.first < line.c.last, line.c.ended.is_not(None))
    fits = select(*(line.c[one.name] for one in both.c)).where(several).order_by(line.c.key)
    for one in session.execute(fits, execution_options={"yield_per": _STREAMED}):
        yield Version(*one)


def _among(target: Target, found: Fit) -> ColumnElement[bool]:
    """Which stored versions are to be ended."""
    return target.table.c.id == func.any(cast(list(found.closed), ARRAY(BigInteger)))


def _set_ends(session: Session, target: Target, staged: Table, found: Fit) -> int:
    for table, key, known in ((staged, "row", found.ends), (target.table, "id", found.closed)):
        if known:
            new = _pairs(known)
            here = update(table).where(table.c[key] == new.c.key)
            differs = table.c.valid_to.is_distinct_from(new.c.value)
            session.execute(here.where(differs).values(valid_to=new.c.value))
    return len(found.closed)


def _pairs(known: Mapping[int, date]) -> Any:
    """A mapping as a table with columns key and value, in two parameters."""
    keys = cast(list(known), ARRAY(BigInteger))
    values = cast(list(known.values()), ARRAY(Date))
    return func.unnest(keys, values).table_valued("key", "value", name="pairs").render_derived()


def points(target: Target, staged: Table) -> Select[Any]:
    """(row, point) of every staged row that has a position."""
    geom = staged.c.geom
    at = geom if _is_point(target) else spot(staged)
    return select(staged.c.row, at).where(geom.is_not(None))


def declared(target: Target, staged: Table, present: Collection[str]) -> Select[Any] | None:
    """(row, area, grid, compound) as the file names them; None where it names nothing.

    A code in the column of the area that belongs to a grid or compound names that.
    """
    named = [name for name in CODES if name in present and name in staged.c]
    if not named or not target.assigned:
        return None
    area = staged.c.area_code
    codes = [func.coalesce(staged.c[name], area) if name in staged.c else area for name in CODES]
    return select(staged.c.row, *codes).where(or_(*(staged.c[name].is_not(None) for name in named)))


def _is_point(target: Target) -> bool:
    return getattr(target.table.c.geom.type, "geometry_type", None) == "POINT"


def merge(
    session: Session,
    target: Target,
    staged: Table,
    *,
    present: Collection[str],
    by: Provenance,
) -> Written:
    """Bring the table to what is staged.

    A row whose key is there is updated in the columns ``present`` in the file, and only if one of
    them differs; columns that the file does not have keep their values.
    """
    fresh = _fresh(target, staged, by)
    table = target.table
    stored = session.scalar(select(select(table.c.id).exists())) or False
    updated = _update(session, target, fresh, present, by.import_id) if stored else 0
    rows = select(*fresh.c)
    if stored:
        rows = rows.where(
            ~select(table.c.id).where(table.c.source_key == fresh.c.source_key).exists()
        )
    inserted = undo.changed(
        session.execute(insert(table).from_select(rows.selected_columns.keys(), rows))
    )
    return Written(inserted, updated)


def _fresh(target: Target, staged: Table, by: Provenance) -> Any:
    """Staged rows as the table wants them: defaults filled in, codes as assigned, provenance."""
    values: list[ColumnElement[Any]] = [_value(target, staged, name, by) for name in target.columns]
    values.append(literal(by.import_id).label("import_id"))
    values.append(literal(by.frame).label("frame"))
    if "ground_m2" in target.table.c:  # measured once, not by every question
        metric = func.ST_Transform(staged.c.geom, by.metric_srid, type_=NullType())
        values.append(func.ST_Area(metric).label("ground_m2"))
        values.append(literal(by.metric_srid).label("ground_srid"))
    source = staged
    if target.assigned:
        return (
            select(*values)
            .select_from(source.outerjoin(PLACED, PLACED.c.id == source.c.row))
            .subquery("fresh")
        )
    return select(*values).select_from(source).subquery("fresh")


def _value(target: Target, staged: Table, name: str, by: Provenance) -> ColumnElement[Any]:
    default = target.table.c[name].server_default
    if name in target.assigned:
        code = PLACED.c[name]
        value: ColumnElement[Any] = (
            func.coalesce(code, by.district_code) if name == "area_code" else code
        )
    elif default is not None:
        stated = literal(str(getattr(default, "arg", "")))
        value = func.coalesce(staged.c[name], cast(stated, target.table.c[name].type))
    else:
        value = staged.c[name]
    return value.label(name)


def _update(
    session: Session, target: Target, fresh: Any, present: Collection[str], import_id: int
) -> int:
    table = target.table
    names = [n for n in target.columns if n in present or n in target.assigned or n == "valid_to"]
    names = [n for n in names if n != "source_key"]
    if "geom" in names:
        names += [n for n in ("frame", "ground_m2", "ground_srid") if n in table.c]
    whole = target.whole
    differs = tuple_(*(whole.c[n] for n in names)).is_distinct_from(
        tuple_(*(fresh.c[n] for n in names))
    )
    values = {name: fresh.c[name] for name in (*names, "import_id")}
    known = select(whole.c.id).join_from(whole, fresh, whole.c.source_key == fresh.c.source_key)
    if _states_shares(target, present):
        undo.keep_shares(session, target, known, import_id)
    undo.keep(session, target, known.where(differs), import_id)
    if not undo.anything_kept(session, import_id):
        return 0  # the rows are equal, as in most repeated imports: joined once, not twice
    same_key = table.c.source_key == fresh.c.source_key
    different = differs if whole is table else table.c.id.in_(known.where(differs))
    return undo.changed(session.execute(update(table).values(values).where(same_key, different)))


def _states_shares(target: Target, present: Collection[str]) -> bool:
    return target.kind is Kind.FACILITIES and "shared_with" in present


def write_shares(session: Session, target: Target, present: Collection[str]) -> int:
    """Replace the shares of facilities whose shares the file states; returns shares changed."""
    if not _states_shares(target, present):
        return 0
    session.execute(_SQL["drop_shares"])
    session.execute(_SQL["create_shares"])
    session.execute(_SQL["split_shares"])
    done = (session.execute(_SQL[f"{verb}_shares"]) for verb in ("forget", "write"))
    return sum(map(undo.changed, done))
