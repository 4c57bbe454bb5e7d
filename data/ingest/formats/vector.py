"""Every format that GDAL opens, streamed as Arrow with WKB geometry."""

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError
from pyproj import CRS
from pyproj.exceptions import CRSError

from data.ingest import encodings
from data.ingest.formats import attributes
from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer, unique_names
from data.ingest.formats.sniff import Format
from data.ingest.refusal import refuse
from gis.privacy import hidden

_GEOMETRY = "wkb_geometry"
_MIF_SHAPE = re.compile(
    rb"\s*(none|point|line|pline|region|arc|text|rect|roundrect|ellipse|multipoint|collection)\b",
    re.IGNORECASE,
)
_CURVES = frozenset(range(8, 13))  # WKB types that GEOS cannot hold
_OPEN = {Format.GML: {"DOWNLOAD_SCHEMA": "NO", "EXPOSE_GML_ID": "NO"}}
pyogrio.set_gdal_config_options({
    "GML_DOWNLOAD_SCHEMA": "NO",  # layers are listed without options
    # The driver's own Arrow stream (GDAL 3.12) gives a row without geometry an offset of 0.
    "OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES",
})  # fmt: skip
_DRIVERS = {  # GDAL's names for what `sniff` found
    Format.GEOJSON: {"GeoJSON", "GeoJSONSeq", "JSONFG"},
    Format.GEOPACKAGE: {"GPKG"},
    Format.SHAPEFILE: {"ESRI Shapefile"},
    Format.GML: {"GML"},
    Format.FLATGEOBUF: {"FlatGeobuf"},
    Format.FILEGDB: {"OpenFileGDB"},
    Format.MAPINFO: {"MapInfo File"},
    Format.DXF: {"DXF"},
    Format.OSM: {"OSM"},
}
_FRAME_MEMBERS = {
    "gcj02": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
    "wgs84": "wgs84",
    "cgcs2000": "cgcs2000",
}


def list_layers(path: Path) -> list[str]:
    """Names of the layers of a file that GDAL opens."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        except (DataSourceError, UnicodeDecodeError) as exc:
            raise unreadable(path, exc) from exc


def open_vector(path: Path, form: Format, layer: str | None, encoding: str | None) -> Layer:
    """One layer of a vector file; ``layer`` must exist where the file has several."""
    codec, stated, options = None, None, dict(_OPEN.get(form, {}))
    if form is Format.SHAPEFILE:
        options["ENCODING"] = codec = attributes.of_dbf(path, encoding)
    elif form is Format.GEOJSON:
        stated = stated_frame(path)
    elif form is Format.DXF:
        codec = encodings.of_text(path, encoding).removesuffix("-sig")
        options["ENCODING"] = codec.upper()  # GDAL tells UTF-8 by its capitals
    info = info_of(path, layer, options)
    check_driver(path, form, info)
    check_whole(path, form)
    known = int(info["features"]) if info["features"] >= 0 else None
    sure = known if form is not Format.SHAPEFILE else None  # deleted records are counted there

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        if form is Format.DXF:
            return checked(path, layer, options, wanted)
        return stream(path, layer, options, wanted, sure)

    return Layer(
        str(form),
        layer or str(info["layer_name"]),
        unique_names([str(name) for name in info["fields"]]),
        batches,
        has_geometry=info["geometry_type"] is not None,
        crs=crs_of(info["crs"]),
        stated_frame=stated,
        encoding=codec or info["encoding"],
        rows=known,
    )


def info_of(path: Path, layer: str | None, options: dict[str, str]) -> dict[str, Any]:
    """What GDAL says of a layer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dict(pyogrio.read_info(path, layer=layer, **options))
        except UnicodeDecodeError as exc:
            raise refuse(
                "encoding_wrong",
                path,
                "字段名的编码与文件所称不符；请用 --encoding 指明",
                "its column names are not in the encoding it states; declare --encoding",
                layer=layer,
            ) from exc
        except UnboundLocalError as exc:  # of pyogrio, where GDAL cannot write the CRS down
            raise refuse(
                "crs_broken",
                path,
                "所附坐标系（.prj）损坏；请删去后用 --frame 指明",
                "comes with a broken CRS (.prj); remove it and declare --frame",
                layer=layer,
            ) from exc
        except (DataSourceError, DataLayerError) as exc:
            raise unreadable(path, exc, layer) from exc


def check_driver(path: Path, form: Format, info: dict[str, Any]) -> None:
    """Refuse a file that GDAL takes for another format than it was found to be."""
    if info["driver"] not in _DRIVERS[form]:
        raise unreadable(path, TypeError(f"{form}, but taken for {info['driver']}"))


def stream(
    path: Path,
    layer: str | None,
    options: dict[str, str],
    wanted: Sequence[str],
    rows: int | None,
    where: str | None = None,
) -> Iterator[Batch]:
    """Rows of a layer in file order; a file that ends before ``rows`` came is refused."""
    met = 0
    opened = pyogrio.open_arrow(
        path,
        layer=layer,
        columns=list(wanted),
        where=where,
        use_pyarrow=True,
        batch_size=BATCH_ROWS,
        **options,
    )
    with ExitStack() as stack:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # measured coordinates: noted by geometry
                meta, reader = stack.enter_context(opened)
            name = meta["geometry_name"] or _GEOMETRY
            for part in _quietly(reader):
                numbers = np.arange(met + 1, met + part.num_rows + 1, dtype=np.int64)
                table = pa.Table.from_batches([part])
                wkb = _wkb(table, name)
                if wkb is not None and _curved(wkb):
                    wkb = _linear(path, met, part.num_rows, layer)
                met += part.num_rows
                kept = [column for column in table.column_names if column != name]
                yield Batch(table.select(kept), numbers, wkb)
        except (DataSourceError, DataLayerError, RuntimeError, OSError) as exc:
            raise unreadable(path, exc, layer) from exc
    if rows is not None and met != rows:
        raise unreadable(path, EOFError(f"{met} of {rows} rows"), layer)


def _quietly(reader: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; what GDAL warns of (harmless or noted elsewhere) stays inside."""
    batches = iter(reader)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            part = next(batches, None)
        if part is None:
            return
        yield part


def checked(
    path: Path,
    layer: str | None,
    options: dict[str, str],
    wanted: Sequence[str],
    where: str | None = None,
) -> Iterator[Batch]:
    """Rows of a layer, for drivers whose Arrow stream ends quietly where a file is broken.

    It is read twice: once for its row numbers alone, which says what is wrong, then streamed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            numbers = pyogrio.raw.read(
                path, layer=layer, where=where, columns=[], read_geometry=False, return_fids=True,
                **options,
            )[1]  # fmt: skip
    except (DataSourceError, DataLayerError, FeatureError, RuntimeError, OSError) as exc:
        raise unreadable(path, exc, layer) from exc
    return stream(path, layer, options, wanted, len(numbers), where)


def check_whole(path: Path, form: Format) -> None:
    """Refuse a cut Shapefile or MIF: GDAL would take the lost rows for rows without geometry."""
    shx = attributes.sibling(path, ".shx")
    if form is Format.SHAPEFILE and shx is not None:
        index = np.frombuffer(shx.read_bytes()[100:], ">i4")  # pairs: offset, length; 16-bit words
        ends = index[0::2].astype(np.int64)[: len(index) // 2] * 2 + index[1::2] * 2 + 8
        if path.stat().st_size < ends.max(initial=0):
            raise unreadable(path, EOFError(f"{int(ends.max())} bytes are indexed"))
    mid = attributes.sibling(path, ".mid")
    if form is Format.MAPINFO and path.suffix.lower() == ".mif" and mid is not None:
        rows = sum(1 for line in mid.read_bytes().splitlines() if line.strip())
        with path.open("rb") as file:
            shapes = sum(1 for line in file if _MIF_SHAPE.match(line))
        if shapes != rows:
            raise unreadable(path, EOFError(f"{shapes} objects for {rows} rows"))


def _wkb(table: pa.Table, name: str) -> pa.Array | None:
    if name not in table.column_names:
        return None
    column = table[name].combine_chunks()
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _curved(wkb: pa.Array) -> bool:
    """Whether any geometry is a circular or compound curve, by the type word of its WKB."""
    lengths = pa.compute.binary_length(wkb).fill_null(0).to_numpy(zero_copy_only=False)
    if not len(wkb) or not (lengths >= 5).any():
        return False
    kinds = pa.compute.binary_slice(wkb.filter(pa.array(lengths >= 5)), 1, 5)
    words = np.frombuffer(b"".join(kinds.unique().to_pylist()), "<u4")
    plain = (words & 0x0FFFFFFF) % 1000
    return bool(np.isin(plain, list(_CURVES)).any())


def _linear(path: Path, skip: int, count: int, layer: str | None) -> pa.Array:
    """The same geometries with curves turned into lines by GDAL (4 degrees a step)."""
    found = pyogrio.raw.read(path, layer=layer, columns=[], skip_features=skip, max_features=count)
    return pa.array(found[2], pa.binary())


def crs_of(text: str | None) -> CRS | None:
    """The reference system that GDAL names, if it can be understood."""
    if not text:
        return None
    try:
        return CRS.from_user_input(text)
    except CRSError:
        return None


def stated_frame(path: Path) -> str | None:
    """A frame that a GeoJSON states in a ``crs`` member of its own making, such as ``GCJ-02``.

    A member that points to another file or address is refused: it would be fetched.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16).decode("utf-8", "ignore")
    found = re.search(r'"crs"\s*:\s*("(?:[^"\\]|\\.)*"|\{[^{}]*(?:\{[^{}]*\})?[^{}]*\})', head)
    if not found:
        return None
    try:
        member = json.loads(found.group(1))
    except json.JSONDecodeError:
        return None
    if isinstance(member, dict):
        if member.get("type") in {"link", "url", "URL"}:
            raise refuse(
                "crs_link",
                path,
                "坐标系以链接给出，不会访问；请用 --frame 指明",
                "names its CRS by a link, which is not fetched; declare --frame",
            )
        member = member.get("properties", {}).get("name", "")
    word = re.sub(r"[-_\s]", "", str(member)).lower()
    return _FRAME_MEMBERS.get(word)


def unreadable(path: Path, exc: Exception, layer: str | None = None) -> Exception:
    """The refusal of a file that is broken, incomplete or not of its format."""
    reason = str(exc).replace(str(path), path.name).replace(str(path.parent), "")
    return refuse(
        "file_broken",
        path,
        "无法读取：文件损坏、不完整或格式不符",
        f"cannot be read: broken, incomplete or not of its format ({hidden(reason[:200])})",
        layer=layer,
    )
