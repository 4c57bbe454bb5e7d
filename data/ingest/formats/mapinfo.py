"""MapInfo files in GB18030: GDAL hands the bytes of their text over, and Python reads them.

The charsets of MapInfo end at CP936. Of a character of four bytes GDAL would drop two and keep two
as digits, without a word.
"""

import codecs
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer, unique_names
from data.ingest.formats.sniff import Format
from data.ingest.formats.vector import check_driver, check_whole, crs_of, unreadable
from data.ingest.refusal import refuse

GB18030 = "gb18030"
_AS_BYTES = "latin-1"  # every byte is the character of its number
_BROKEN = (DataSourceError, DataLayerError, FeatureError, RuntimeError, OSError)


def open_mapinfo(path: Path, layer: str) -> Layer:
    """A layer whose label makes GDAL leave its text alone (`recoded`), and whose text is GB18030.

    Rows are read in file order. Raises ImportRefused ``encoding_wrong`` for text that is not.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            info = pyogrio.read_info(path, layer=layer, encoding=_AS_BYTES)
    except _BROKEN as exc:
        raise unreadable(path, exc, layer) from exc
    check_driver(path, Format.MAPINFO, info)
    check_whole(path, Format.MAPINFO)
    names = [str(name) for name in info["fields"]]
    shown = unique_names([_text(path, name, None, None) for name in names])
    known = int(info["features"]) if info["features"] >= 0 else None

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        chosen = {name: label for name, label in zip(names, shown, strict=True) if label in wanted}
        return _batches(path, layer, chosen, known)

    return Layer(
        str(Format.MAPINFO),
        layer,
        shown,
        batches,
        has_geometry=info["geometry_type"] is not None,
        crs=crs_of(info["crs"]),
        encoding=GB18030,
        rows=known,
    )


def _batches(path: Path, layer: str, chosen: dict[str, str], rows: int | None) -> Iterator[Batch]:
    """Batches with the columns ``chosen`` (name in bytes → header), as many rows as announced."""
    met = 0
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                meta, fids, wkb, columns = pyogrio.raw.read(
                    path, layer=layer, columns=list(chosen), encoding=_AS_BYTES,
                    skip_features=met, max_features=BATCH_ROWS, return_fids=True,
                )  # fmt: skip
        except _BROKEN as exc:
            raise unreadable(path, exc, layer) from exc
        count = len(fids)
        found = dict(zip(meta["fields"], columns, strict=True))
        table = {label: _column(path, found[name], label, met) for name, label in chosen.items()}
        numbers = np.arange(met + 1, met + count + 1, dtype=np.int64)
        met += count
        if count or not rows:
            shapes = None if wkb is None else pa.array(wkb, pa.binary())
            yield Batch(pa.table(table), numbers, shapes)
        if count < BATCH_ROWS:
            break
    if rows is not None and met != rows:
        raise unreadable(path, EOFError(f"{met} of {rows} rows"), layer)


def _column(path: Path, values: Any, label: str, before: int) -> pa.Array:
    if values.dtype != object:
        return pa.array(values)
    found = [
        _text(path, value, before + at, label) if isinstance(value, str) else value
        for at, value in enumerate(values, start=1)
    ]
    empty = all(value is None for value in found)
    return pa.array(found, pa.string() if empty else None)  # a time of day is no text


def _text(path: Path, value: str, row: int | None, column: str | None) -> str:
    """The text that stands there; half a character at its end, cut by the column's width, goes."""
    if value.isascii():
        return value
    try:
        return codecs.getincrementaldecoder(GB18030)("strict").decode(value.encode(_AS_BYTES))
    except UnicodeDecodeError as exc:
        raise refuse(
            "encoding_wrong",
            path,
            "属性不是 GB18030 编码；请核对 --encoding，或在 MapInfo 中另存为 UTF-8 后重试",
            "its attributes are not GB18030; check --encoding, or save it as UTF-8 in MapInfo",
            row=row,
            column=column,
        ) from exc
