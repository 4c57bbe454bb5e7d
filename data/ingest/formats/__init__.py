"""From a path to one opened layer, whatever the format; a file is guarded before it is opened."""

import hashlib
from dataclasses import replace
from pathlib import Path

from data.ingest import encodings
from data.ingest.formats import (
    archive,
    drawing,
    kml,
    mapinfo,
    osm,
    parquet,
    records,
    shapefile,
    sheets,
    text,
    vector,
)
from data.ingest.formats.layer import Layer
from data.ingest.formats.recoded import recoded
from data.ingest.formats.sniff import Format, sniff
from data.ingest.refusal import listed, refuse
from data.ingest.types import Kind, Options

_PARTS = {  # files of one data set by its main file; the same stem may name several data sets
    ".shp": (".shp", ".dbf", ".shx", ".prj", ".cpg"),
    ".tab": (".tab", ".dat", ".map", ".id"),
    ".mif": (".mif", ".mid"),
}


def open_layer(path: Path, kind: Kind, options: Options) -> Layer:
    """The layer that ``options`` names, or the only one.

    Raises ImportRefused ``layer_required`` with the list where there are several, ``layer_missing``
    for a name that is not there, ``disk_full`` where what was sent packed cannot be unpacked.
    """
    try:
        return _open_layer(path, kind, options)
    except OSError as exc:
        if exc.errno not in archive.FULL:
            raise
        raise refuse(
            "disk_full",
            path,
            "临时目录空间不足，没有改动；请由管理员清理，或用 TMPDIR 指定别处",
            "needs more space than the folder for temporary files has; nothing was changed; have"
            " it cleared, or name another in TMPDIR",
        ) from exc


def _open_layer(path: Path, kind: Kind, options: Options) -> Layer:
    archive.guard(path)
    form = sniff(path)
    held = None
    if form is Format.ZIP:
        form, path, options, held = archive.unpack(path, options)
    path, link = archive.rightly_named(path, form)
    mended = None
    if form is Format.SHAPEFILE:
        path, mended = shapefile.complete(path, options.encoding)
    path, encoding, copy = recoded(path, form, options.encoding)
    layer = _opened(path, form, kind, replace(options, encoding=encoding))
    said = layer.encoding if copy is None else encoding
    return replace(layer, encoding=said, held=(held, link, mended, copy))


def _opened(path: Path, form: Format, kind: Kind, options: Options) -> Layer:
    if form is Format.CSV:
        return text.open_text(path, options.encoding)
    if form is Format.PARQUET:
        return parquet.open_parquet(path)
    if form is Format.EXCEL:
        if options.layer is None:
            _one_of(path, sheets.list_sheets(path), None)
        return sheets.open_sheet(path, options.layer)
    if form is Format.RECORDS:
        return records.open_records(path, options.encoding)
    if form is Format.OSM:
        return osm.open_osm(path, kind)
    return _layered(path, form, options)


def _layered(path: Path, form: Format, options: Options) -> Layer:
    """The layer asked for of a format that may hold several."""
    if form is Format.KML:
        codec, folders = kml.folders(path, options.encoding)
        _one_of(path, list(folders), options.layer)
        return kml.open_kml(path, codec, folders, options.layer or next(iter(folders)))
    if form is Format.DXF:
        drawing.check(path)
    names = vector.list_layers(path)
    if not names:
        raise refuse("file_broken", path, "没有可读的图层", "has no layer that can be read")
    _one_of(path, names, options.layer)
    layer = options.layer or names[0]
    if form is Format.MAPINFO and options.encoding == mapinfo.GB18030:
        return mapinfo.open_mapinfo(path, layer)
    return vector.open_vector(path, form, layer, options.encoding)


def _one_of(path: Path, names: list[str], asked: str | None) -> None:
    some = listed(names, like=asked or "")
    if not names:
        raise refuse("no_rows", path, "没有图层", "has no layer")
    if asked is None and len(names) > 1:
        raise refuse(
            "layer_required",
            path,
            f"有多个图层，请用 --layer 指明：{some}",
            f"has several layers, name one with --layer: {some}",
        )
    if asked is not None and asked not in names:
        raise refuse(
            "layer_missing",
            path,
            f"没有图层 {asked}；有：{some}",
            f"has no layer {asked}; it has: {some}",
        )


def digest(path: Path) -> str:
    """SHA-256 of the file with the parts that belong to it, by name and content."""
    if path.is_dir():
        parts = sorted(p for p in path.rglob("*") if p.is_file())
    elif family := _PARTS.get(path.suffix.lower()):
        parts = sorted(
            p for p in path.parent.glob(f"{_literal(path.stem)}.*") if p.suffix.lower() in family
        )
    else:
        parts = [path]
    total = hashlib.sha256()
    for part in parts:
        if len(parts) > 1:
            total.update(part.suffix.lower().encode() or part.name.encode())
        for block in encodings.blocks(part):
            total.update(block)
    return total.hexdigest()


def _literal(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)
