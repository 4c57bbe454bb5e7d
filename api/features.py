"""Frames as plain JSON values: NaN and infinity become null, dates ISO text, geometry GeoJSON."""

import json
import math
from decimal import Decimal
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely


def listed(frame: gpd.GeoDataFrame, *, key: str) -> list[dict[str, Any]]:
    """GeoJSON features (coordinates to 1e-7 degrees, about a centimetre)."""
    shapes = shapely.set_precision(frame.geometry.to_numpy(), 1e-7, mode="pointwise")
    texts = shapely.to_geojson(shapes)
    rows = records(frame.drop(columns=frame.geometry.name))
    return [
        {
            "type": "Feature",
            "id": row[key],
            "geometry": None if text is None else json.loads(text),
            "properties": row,
        }
        for row, text in zip(rows, texts, strict=True)
    ]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One dict per row with JSON values only."""
    return [
        {str(name): plain(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]


_PLAIN = {str, int, bool}


def plain(value: Any) -> Any:
    """One value as JSON has it."""
    if type(value) in _PLAIN:
        return value
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value.isoformat() if hasattr(value, "isoformat") else value
