"""One batch of a file into one chunk: cells typed, geometry shaped and moved, rows checked."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from data.ingest import frames, geometry
from data.ingest.derive import Rows, derive
from data.ingest.fields import FIELDS, GEOMETRY_OPTIONAL, POSITIONS, Field, Shape, Type, shape
from data.ingest.formats.layer import Batch
from data.ingest.mapping import ColumnMap
from data.ingest.positions import Placing, boxes, entrances, raw_positions
from data.ingest.remarks import REMARKS, remarks
from data.ingest.types import Chunk, Kind, RowNote, Severity
from data.ingest.values import ARROW, Reading, moments, numerals, read, whole
from data.ingest.values.cells import mask_of
from gis.arrays import Flags, Shapes
from gis.crs import Frame, geometry_to_wgs84
from gis.district import District


@dataclass(frozen=True)
class Plan:
    """Everything that is the same for all batches of a file."""

    kind: Kind
    columns: ColumnMap
    how: Placing | None
    frame: Frame | None
    district: District
    reading: Reading


class _Work:
    """A chunk in the making: columns so far, rows refused so far, notes so far."""

    def __init__(self, plan: Plan, batch: Batch) -> None:
        self.plan, self.batch = plan, batch
        self.count = len(batch.rows)
        self.columns: dict[str, pa.Array] = {}
        self.raw: dict[str, pa.Array] = {}
        self.refused: Flags = np.zeros(self.count, bool)
        self.notes: list[RowNote] = list(batch.notes)

    def say(
        self, code: str, where: Flags, *, field: str | None = None, severity: Severity | None = None
    ) -> None:
        """Note ``code`` about rows that are still in; a refusal takes them out."""
        where = where & ~self.refused
        column = self.plan.columns.columns.get(field) if field else None
        values = self.raw.get(field) if field else None
        self.notes += remarks(
            self.batch.rows, where, code, column=column or field, values=values, severity=severity
        )
        if (severity or REMARKS[code][0]) is Severity.REFUSED:
            self.refused |= where


def chunk_of(plan: Plan, batch: Batch) -> Chunk:
    """The rows of ``batch`` that are fit to be stored, and what was said about the others."""
    work = _Work(plan, batch)
    for field in FIELDS[plan.kind]:
        if field.type not in POSITIONS:
            _cells(work, field)
    geom = _geometry(work) if plan.how is not None else np.full(work.count, None, dtype=object)
    if plan.kind is Kind.COMPOUNDS:
        gates = _entrances(work)
    rows = Rows(work.columns, work.raw, plan.district, plan.columns)
    derive(plan.kind, rows)
    for code, name, where in rows.wrong:
        work.say(code, where, field=name)
    _required(work)
    frame = _frame(work, geom)
    if plan.kind is Kind.COMPOUNDS:
        frame["entrances"] = gates[~work.refused]
    return Chunk(frame, tuple(work.notes), batch.read)


def _cells(work: _Work, field: Field) -> None:
    """Read the cells of one field, or lay down its constant, its default or nothing."""
    plan = work.plan
    column = plan.columns.columns.get(field.name)
    constant = plan.columns.constants.get(field.name, field.default)
    if column is not None:
        cells = whole(work.batch.table[column])
    elif constant is not None:
        cells = pa.repeat(pa.scalar(constant), work.count)
    else:
        kind = ARROW.get(field.type, pa.string())
        if field.type is not Type.PIXELS:
            work.columns[field.name] = pa.nulls(work.count, kind)
        if field.type is Type.MOMENT:
            work.columns.setdefault("occurred_precision", pa.nulls(work.count, pa.string()))
        return
    work.raw[field.name] = cells
    if field.type in _SEVERAL:
        _SEVERAL[field.type](work, field, cells)
        return
    if field.name == "occurred_at":
        found, precision = moments.moments(cells, plan.reading.calendar)
        work.columns["precision_as_written"] = precision
    else:
        found = read(cells, field, plan.reading)
    work.columns[field.name] = found.values
    _flaws(work, field, found.flaws)


def _flaws(work: _Work, field: Field, flaws: dict[str, Flags]) -> None:
    fatal = field.required and field.fallback is None
    for code, where in flaws.items():
        work.say(code, where, field=field.name, severity=Severity.REFUSED if fatal else None)


def _pixels(work: _Work, field: Field, cells: pa.Array) -> None:
    width, height = numerals.pixels(cells)
    for name, found in (("width_px", width), ("height_px", height)):
        work.columns[name] = pc.coalesce(work.columns[name], found.values)
    _flaws(work, field, width.flaws)


def _lens(work: _Work, field: Field, cells: pa.Array) -> None:
    """One focal length, or the two ends of a zoom."""
    single, ends = numerals.focal_lengths(cells, field)
    found = {"focal_mm": single.values, "focal_min_mm": ends[0], "focal_max_mm": ends[1]}
    for name, values in found.items():
        known = work.columns.get(name)
        work.columns[name] = values if known is None else pc.coalesce(known, values)
    _flaws(work, field, single.flaws)


_SEVERAL: dict[Type, Callable[[_Work, Field, pa.Array], None]] = {
    Type.PIXELS: _pixels, Type.LENS: _lens,
}  # fmt: skip


def _required(work: _Work) -> None:
    """Refuse rows without a required value; what was refused before is not said twice."""
    for field in FIELDS[work.plan.kind]:
        if field.required and field.name in work.columns:
            work.say("value_missing", mask_of(work.columns[field.name].is_null()), field=field.name)


def _geometry(work: _Work) -> Shapes:
    """The geometries in EPSG:4326; None where the row has none or was refused for it."""
    plan = work.plan
    assert plan.how is not None
    assert plan.frame is not None
    shaped, wrong = raw_positions(work.batch, plan.how, plan.kind)
    absent = shapely.is_missing(shaped.geom)
    shaped = geometry.shape_up(shaped, shape(plan.kind))
    from_columns = plan.how.lon is not None
    bad = np.zeros(work.count, bool)
    for side, where in wrong.items():
        if where.any():
            work.raw[side] = whole(work.batch.table[plan.columns.columns[side]])
        work.say("not_a_number", where, field=side, severity=Severity.REFUSED)
        bad |= where
    for code, where in shaped.marks.items():
        work.say(code, where)
    lost = absent & ~np.isin(np.arange(work.count), np.flatnonzero(bad))
    if plan.kind is Kind.DWELLINGS:
        lost &= mask_of(work.columns["building_key"].is_null())
    if plan.kind not in GEOMETRY_OPTIONAL:
        work.say("position_missing" if from_columns else "geometry_missing", lost)
    geom = geometry_to_wgs84(shaped.geom, plan.frame)
    box = boxes(geom)
    far = ~frames.near(box, plan.district)
    if plan.kind is not Kind.AREAS:  # a province may be larger
        far |= frames.beyond(box, plan.district) & (shapely.get_dimensions(geom) == 2)
    far &= ~shapely.is_missing(geom)
    work.say("far_area" if plan.kind is Kind.AREAS else "outside_district", far)
    return geom


def _entrances(work: _Work) -> Shapes:
    texts = work.columns.pop("entrances").to_pylist()
    found, bad = entrances(texts)
    work.say("entrance_unreadable", bad, field="entrances")
    if work.plan.frame is not None:
        found = geometry_to_wgs84(found, work.plan.frame)
    far = ~frames.near(boxes(found), work.plan.district) & ~shapely.is_missing(found)
    work.say("entrance_far", far, field="entrances")
    found[far] = None
    return found


def _frame(work: _Work, geom: Shapes) -> pd.DataFrame:
    precision = work.columns.pop("precision_as_written", None)
    if precision is not None:
        work.columns["occurred_precision"] = pc.coalesce(
            work.columns["occurred_precision"], precision
        )
    if work.plan.kind is not Kind.INCIDENTS:
        work.columns.pop("occurred_precision", None)
    work.columns["source_key"] = work.columns.pop("key")
    table = pa.table({"row": work.batch.rows, **work.columns})
    kept = ~work.refused
    if not kept.all():
        table = table.filter(pa.array(kept))
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    if shape(work.plan.kind) is not Shape.NONE:
        frame["geom"] = pd.Series(geom[kept], dtype=object)
    return frame
