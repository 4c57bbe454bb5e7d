"""One fingerprint for all the frames that an analysis reads, equal wherever the figures are."""

import hashlib
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely


def of_frames(frames: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 over names, columns and values of ``frames``, as hexadecimal text.

    The order of rows counts (queries sort theirs), that of columns and frames does not. Surrogate
    keys do not belong in the frames: a second import of the same file must give the same digest.
    Numbers count by value, geometry by its WKB, None and NaN alike as missing.
    """
    digest = hashlib.sha256()
    for name in sorted(frames):
        frame = frames[name]
        digest.update(f"frame {name} {len(frame)}\n".encode())
        for column in sorted(frame.columns):
            digest.update(f"column {column}\n".encode())
            digest.update(_bytes(frame[column]))
    return digest.hexdigest()


def _bytes(column: "pd.Series[Any]") -> bytes:
    if isinstance(column, gpd.GeoSeries):
        parts = shapely.to_wkb(column.to_numpy(), byte_order=1)
        return b"".join(b"-" if part is None else part for part in parts)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype="<f8", na_value=np.nan)
        return np.where(np.isnan(values), np.nan, values + 0.0).tobytes()  # one NaN, one zero
    return _text_bytes(_texts(column))


def _texts(column: "pd.Series[Any]") -> pa.Array:
    """The column as text; anything but text (days, truth values) as Python writes it."""
    try:
        return pa.array(column.to_numpy(dtype=object), pa.large_string(), from_pandas=True)
    except pa.ArrowTypeError:
        words = [None if _missing(value) else str(value) for value in column]
        return pa.array(words, pa.large_string())


def _text_bytes(texts: pa.Array) -> bytes:
    """Lengths in bytes, -1 where missing, and then all the text; no separator can be forged."""
    lengths = pc.fill_null(pc.binary_length(texts), -1).to_numpy(zero_copy_only=False)
    text = texts.buffers()[2]
    whole = b"" if text is None else text.to_pybytes()[: lengths.clip(min=0).sum()]
    return bytes(lengths.astype("<i8").tobytes() + whole)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or value != value  # noqa: PLR0124
