"""GeoParquet, streamed by row group; geometry as WKB or as plain points."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer
from data.ingest.refusal import refuse

_NAMES = ("geometry", "geom", "wkb_geometry")


def open_parquet(path: Path) -> Layer:
    """A Parquet file as a layer; without ``geo`` metadata a binary ``geometry`` column is WKB."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as exc:
        raise _broken(path) from exc
    schema = file.schema_arrow
    geo = _geo(schema)
    name = _geometry_column(schema, geo)
    columns = tuple(c for c in schema.names if c != name)
    return Layer(
        "GeoParquet",
        None,
        columns,
        lambda wanted: _batches(path, wanted, name),
        has_geometry=name is not None,
        crs=_crs(geo, name),
        encoding="utf-8",
        rows=file.metadata.num_rows,
    )


def _geo(schema: pa.Schema) -> dict[str, Any]:
    raw = (schema.metadata or {}).get(b"geo")
    try:
        found = json.loads(raw) if raw else {}
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _geometry_column(schema: pa.Schema, geo: dict[str, Any]) -> str | None:
    primary = geo.get("primary_column")
    if primary in schema.names:
        return str(primary)
    for name in _NAMES:
        if name in schema.names and (
            pa.types.is_binary(schema.field(name).type)
            or pa.types.is_large_binary(schema.field(name).type)
        ):
            return name
    return None


def _crs(geo: dict[str, Any], name: str | None) -> CRS | None:
    """The stated CRS; GeoParquet's own default, lon/lat on WGS84, where the member is absent."""
    columns = geo.get("columns")
    column = columns.get(name) if isinstance(columns, dict) else None
    if not isinstance(column, dict) or not column:
        return None
    stated = column.get("crs", "OGC:CRS84")
    try:
        return CRS.from_user_input(stated) if stated else None
    except CRSError:
        return None


def _batches(path: Path, wanted: Sequence[str], name: str | None) -> Iterator[Batch]:
    columns = [*wanted, *([name] if name else [])]
    met = 0
    try:
        file = pq.ParquetFile(path)
        for part in file.iter_batches(BATCH_ROWS, columns=columns or None):
            rows = np.arange(met + 1, met + part.num_rows + 1, dtype=np.int64)
            met += part.num_rows
            table = pa.Table.from_batches([part])
            wkb = _wkb(path, table[name].combine_chunks()) if name else None
            yield Batch(table.select([c for c in table.column_names if c != name]), rows, wkb)
    except (pa.ArrowInvalid, OSError) as exc:
        raise _broken(path) from exc


def _wkb(path: Path, column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return column
    if pa.types.is_struct(kind) and {"x", "y"} <= {f.name for f in kind}:
        x, y = (column.field(axis).to_numpy(zero_copy_only=False) for axis in ("x", "y"))
        points = shapely.points(x, y)
        points[~column.is_valid().to_numpy(zero_copy_only=False)] = None
        return pa.array(shapely.to_wkb(points), pa.binary())
    raise refuse(
        "format_unsupported",
        path,
        "几何列不是 WKB 编码；请另存为 WKB 编码的 GeoParquet",
        "does not keep its geometry as WKB; save it with WKB encoding",
    )


def _broken(path: Path) -> Exception:
    return refuse("file_broken", path, "Parquet 文件损坏或不完整", "is a broken Parquet file")
