"""The way in: any file becomes typed, checked chunks of one kind, or is refused with the reason."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.ingest import categories, encodings, frames
from data.ingest.chunks import Plan, chunk_of
from data.ingest.fields import FIELDS, GEOMETRY_OPTIONAL, Shape, shape
from data.ingest.formats import digest, open_layer, vector
from data.ingest.formats.layer import Batch, Layer
from data.ingest.mapping import ColumnMap, is_personal, resolve
from data.ingest.positions import Placing, boxes, placing, raw_positions
from data.ingest.refusal import listed, masked, refuse
from data.ingest.types import Chunk, FileFacts, Kind, Options, Source
from data.ingest.values import Reading, as_text, moments, whole, words
from gis.crs import Frame
from gis.district import District


def open_source(path: Path, kind: Kind, options: Options, district: District) -> Source:
    """Open ``path`` as a file of ``kind``; the first rows are looked at, none is kept yet.

    Raises ImportRefused with a stable code: what the file is, which columns it lacks and which
    frame it is in are settled here; the chunks may still raise it for what only a later row shows.
    Rows in the chunks have Arrow types (``pandas.ArrowDtype``); ``geom`` and ``entrances`` are
    shapely.
    """
    layer = open_layer(path, kind, options)
    stamp = _stamp(path)
    columns = resolve(path, kind, layer.columns, options, placed=layer.has_geometry)
    columns = _with_layer_mapping(layer, columns)
    asked = set(options.mapping)
    how = None
    if shape(kind) is not Shape.NONE:
        how = placing(columns, asked, own_geometry=layer.has_geometry)
    _check_columns(path, kind, columns, how, layer)
    columns = _without_unused_positions(columns, how)
    wanted = list(dict.fromkeys([*columns.columns.values(), *(how.columns if how else ())]))
    batches = _decoded(path, layer.batches(wanted))
    first = next((b for b in batches if b.read), None)
    if first is None:
        raise refuse("no_rows", path, "没有数据行", "holds no rows", layer=layer.name)
    frame = _frame(path, kind, layer, options, district, first, how)
    _check_key(path, columns, first)
    facts = _facts(path, layer, columns, frame)
    reading = Reading(
        moments.Calendar(district.zone, since_1904=layer.since_1904), categories.load().words
    )
    plan = Plan(kind, columns, how, frame, district, reading)
    chunks = _chunks(plan, itertools.chain([first], batches), layer)
    return Source(facts, _unchanged(path, stamp, chunks))


def _chunks(plan: Plan, batches: Iterator[Batch], layer: Layer) -> Iterator[Chunk]:
    """Chunks one by one; ``layer`` is referred to until the last, so unpacked files stay."""
    assert layer
    for batch in batches:
        yield chunk_of(plan, batch)


def _decoded(path: Path, batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches; bytes that a file labels as UTF-8 and that are not are refused, and
    geometries whose lengths are none.
    """
    for batch in batches:
        try:
            if batch.wkb is not None:
                batch.wkb.validate(full=True)
        except pa.ArrowInvalid as exc:
            raise vector.unreadable(path, exc) from exc
        for name in batch.table.column_names:
            column = batch.table[name]
            try:
                column.validate(full=True)
            except pa.ArrowInvalid as exc:
                cells = whole(column).cast(pa.binary()).to_pylist()
                bad = next(at for at, cell in enumerate(cells) if not encodings.is_utf8(cell))
                raise refuse(
                    "encoding_wrong",
                    path,
                    "含有无法解码的字节",
                    "has bytes that do not decode",
                    row=int(batch.rows[bad]),
                    column=name,
                ) from exc
        yield batch


def _stamp(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size


def _unchanged(path: Path, stamp: tuple[int, int], chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks; a file that was written to meanwhile is refused at their end."""
    yield from chunks
    if not path.exists() or _stamp(path) != stamp:
        raise refuse(
            "file_changed",
            path,
            "读取过程中文件被改动；请待文件写完后重试",
            "was changed while it was read; try again when it is complete",
        )


def _with_layer_mapping(layer: Layer, columns: ColumnMap) -> ColumnMap:
    """Fields that the reader itself has named (OSM) need no synonym."""
    chosen = {**layer.mapping, **columns.columns}
    left = tuple(c for c in columns.unmapped if c not in chosen.values())
    return replace(columns, columns=chosen, unmapped=left)


def _without_unused_positions(columns: ColumnMap, how: Placing | None) -> ColumnMap:
    unused = {"lon", "lat", "geometry"}
    if how is not None:
        unused -= {n for n, c in (("lon", how.lon), ("lat", how.lat), ("geometry", how.wkt)) if c}
    kept = {name: c for name, c in columns.columns.items() if name not in unused}
    left = [c for name, c in columns.columns.items() if name in unused]
    return replace(columns, columns=kept, unmapped=(*columns.unmapped, *left))


def _check_columns(
    path: Path, kind: Kind, columns: ColumnMap, how: Placing | None, layer: Layer
) -> None:
    there = columns.columns.keys() | columns.constants.keys()
    lacking = [f for f in FIELDS[kind] if f.required and f.default is None and f.name not in there]
    names = listed(layer.columns)
    if lacking:
        zh = "、".join(f"{f.name}（{f.label_zh}）" for f in lacking)
        en = ", ".join(f.name for f in lacking)
        raise refuse(
            "column_missing",
            path,
            f"缺少必填字段 {zh}；文件的列：{names}；请用 --map 字段=列名，或 --map 字段==固定值",
            f"lacks {en}; its columns: {names}; say --map FIELD=COLUMN, or --map FIELD==VALUE",
            layer=layer.name,
        )
    by_building = kind is Kind.DWELLINGS and "building_key" in there
    if shape(kind) is Shape.NONE or how is not None or kind in GEOMETRY_OPTIONAL or by_building:
        return
    raise refuse(
        "geometry_missing",
        path,
        f"没有几何，也没有经纬度列；文件的列：{names}；请用 --map lon=列名 --map lat=列名",
        f"has neither geometry nor coordinate columns; its columns: {names};"
        " say --map lon=COLUMN --map lat=COLUMN",
        layer=layer.name,
    )


def _frame(
    path: Path,
    kind: Kind,
    layer: Layer,
    options: Options,
    district: District,
    first: Batch,
    how: Placing | None,
) -> Frame | None:
    """The frame of the file, tried on the first rows; None for a table without positions."""
    if how is None:
        return None
    own = layer.crs if not how.columns else None
    frame = frames.decide(path, options.frame, own, layer.stated_frame, district)
    shaped, _ = raw_positions(first, how, kind)
    box = boxes(shaped.geom)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    there = np.isfinite(x) & np.isfinite(y)
    if frame is None:
        raise frames.missing(path, x[there], y[there], own, district)
    if not frames.plausible(box, frame, district):
        raise frames.implausible(path, x[there], y[there], frame, district)
    return frame


def _check_key(path: Path, columns: ColumnMap, first: Batch) -> None:
    for name in ("key", "code"):
        column = columns.columns.get(name)
        if column is not None and words.personal_share(as_text(whole(first.table[column]))) > 0.5:
            raise refuse(
                "key_personal",
                path,
                "该列像电话或身份证号，不能作为主键",
                "holds numbers that look like phones or identity numbers and cannot be a key",
                column=column,
            )


def _preferred(columns: ColumnMap, name: str) -> str:
    """That a field was fed by one of several columns that bear its name, and how to decide."""
    taken, others = masked(columns.columns[name]), listed(columns.passed[name])
    return (
        f"字段 {name} 取自 {taken}，未取 {others}；如不对请用 --map {name}=列名"
        f" · field {name} is taken from {taken}, not from {others}; if that is wrong, say"
        f" --map {name}=COLUMN"
    )


def _facts(path: Path, layer: Layer, columns: ColumnMap, frame: Frame | None) -> FileFacts:
    notes = list(layer.notes)
    accuracy = frames.accuracy_note(frame) if frame else None
    if accuracy:
        notes.append(accuracy)
    notes += [_preferred(columns, name) for name in columns.passed if name in columns.columns]
    personal = [c for c in columns.unmapped if is_personal(c)]
    if personal:
        notes.append(f"不读取个人信息列 / columns about persons are not read: {len(personal)}")
    left = [c for c in columns.unmapped if not is_personal(c)]
    if left:
        notes.append(f"未导入的列 / columns that were not taken: {listed(left)}")
    key = columns.columns.get("key") or columns.columns.get("code")
    return FileFacts(
        path=path,
        sha256=digest(path),
        format=layer.format,
        layer=layer.name,
        encoding=layer.encoding,
        frame=frame.word if frame else "none",
        columns=tuple(masked(c) for c in layer.columns),
        mapping=columns.stated,
        unmapped=tuple(masked(c) for c in columns.unmapped),
        rows=layer.rows,
        key_column=key,
        notes=tuple(notes),
        counting=layer.counting,
    )
