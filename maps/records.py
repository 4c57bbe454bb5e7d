"""A frame as the page's script needs it: an index for marks and search, and the attribute table."""

import base64
import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.errors import BadInput
from gis.layers.model import Column, Geometry, Layer
from maps import html, palette

CANVAS_LIMIT = 3_000  # features up to which one canvas redraws fluidly; above come tiles
_MANY = 50  # features from which a crowded part makes a first view
_FACING = "direction_deg"
_PACKED_FROM = 500_000  # bytes of attributes; a click unpacks them in some milliseconds
_DIGITS = 6  # decimals of a degree: 0.1 m


class FrameContract(BadInput):
    """A frame that lacks a column of its layer or is not in EPSG:4326."""

    code = "frame_contract"


@dataclass(frozen=True)
class Records:
    """One layer's frame, its columns and the class of each row."""

    layer: Layer
    frame: gpd.GeoDataFrame
    columns: tuple[Column, ...]
    classes: palette.Classes

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def tiled(self) -> bool:
        """More features than one canvas should draw."""
        return len(self) > CANVAS_LIMIT

    @cached_property
    def drawn(self) -> int:
        """Rows that have a geometry."""
        return int(self.frame.geometry.notna().sum())

    @cached_property
    def label_points(self) -> "np.typing.NDArray[np.float64]":
        """(n, 2) lon, lat of a point inside each feature; NaN where there is no geometry."""
        inside = shapely.point_on_surface(self.frame.geometry.to_numpy())
        return np.column_stack([shapely.get_x(inside), shapely.get_y(inside)])

    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of the features; None when there is nothing to see."""
        if not self.drawn:
            return None
        west, south, east, north = (float(edge) for edge in self.frame.total_bounds)
        return west, south, east, north

    def core(self) -> tuple[float, float, float, float] | None:
        """Where nine tenths of many features lie, if that is a small part of the whole extent.

        The first view of a district whose compounds crowd at one end of it; None where the whole
        is the better view.
        """
        whole = self.bounds()
        if whole is None or self.drawn < _MANY:
            return None
        (west, south), (east, north) = np.nanquantile(self.label_points, [0.05, 0.95], axis=0)
        pad_lon, pad_lat = 0.08 * (east - west), 0.08 * (north - south)
        found = shapely.box(west - pad_lon, south - pad_lat, east + pad_lon, north + pad_lat)
        if found.area > 0.4 * shapely.box(*whole).area:
            return None
        west, south, east, north = (float(edge) for edge in found.bounds)
        return west, south, east, north

    def index(self) -> dict[str, Any]:
        """Key, label, class and label point of every row: what marks and search need."""
        lon, lat = (_numbers(axis) for axis in self.label_points.T)
        return {
            "key": _strings(self.frame[self.layer.key]),
            "label": _strings(self.frame[self.layer.label]),
            "class": self.classes.of.tolist(),
            "lon": lon,
            "lat": lat,
            "spots": self._spots(),
            "facing": self._facing(),
        }

    def _facing(self) -> list[float | None] | None:
        """Degrees from north in which points look, where the layer says so."""
        if not any(column.name == _FACING for column in self.columns):
            return None
        return [html.plain(value) for value in self.frame[_FACING]]

    def _spots(self) -> list[int]:
        """Rows drawn as a point although their layer also holds areas."""
        if self.layer.geometry is not Geometry.ANY:
            return []
        kinds = shapely.get_type_id(self.frame.geometry.to_numpy())
        return [int(row) for row in np.flatnonzero(kinds == shapely.GeometryType.POINT)]

    @property
    def mostly_areas(self) -> bool:
        """Whether the legend should show areas."""
        if self.layer.geometry is Geometry.ANY:
            return 2 * len(self._spots()) < self.drawn
        return self.layer.geometry is Geometry.AREA

    def table(self) -> dict[str, Any]:
        """Column name to a list with one JSON value per row."""
        return {c.name: [html.plain(v) for v in self.frame[c.name]] for c in self.columns}

    def stored_table(self) -> dict[str, Any]:
        """The table as a page holds it: as it is, or gzipped in base64 where it is large."""
        table = self.table()
        raw = json.dumps(table, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        if len(raw) < _PACKED_FROM:
            return table
        packed = gzip.compress(raw.encode(), compresslevel=9, mtime=0)
        return {"gz": base64.b64encode(packed).decode()}


def of(layer: Layer, frame: gpd.GeoDataFrame, *, internal: bool) -> Records:
    """Check ``frame`` and classify it.

    Raises FrameContract when a column is missing or the frame is not in EPSG:4326.
    """
    columns = layer.shown(internal=internal)
    missing = [column.name for column in columns if column.name not in frame]
    if missing:
        raise FrameContract(f"layer {layer.name}: the frame lacks {', '.join(missing)}")
    if frame.crs is None or frame.crs.to_epsg() != 4326:
        raise FrameContract(f"layer {layer.name}: the frame is not in EPSG:4326")
    return Records(layer, frame, columns, palette.classify(layer, frame))


def features(records: Records) -> dict[str, Any]:
    """GeoJSON that holds geometry, row number and class, and no text at all."""
    frame = records.frame
    texts = shapely.to_geojson(
        shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, _DIGITS))
    )
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": str(row),
                "properties": {"row": row, "class": int(records.classes.of[row])},
                "geometry": json.loads(text),
            }
            for row in drawing_order(records)
            if (text := texts[row]) is not None
        ],
    }


def drawing_order(records: Records) -> list[int]:
    """Rows from bottom to top: the ordinary (first) class below, the second on top of all."""
    of = records.classes.of
    return [int(row) for row in np.argsort(np.where(of == 0, -np.inf, -of), kind="stable")]


def _strings(column: Any) -> list[str]:
    return ["" if pd.isna(value) else str(value) for value in column]


def _numbers(values: "np.typing.NDArray[np.float64]") -> list[float | None]:
    return [None if np.isnan(v) else round(float(v), _DIGITS) for v in values]
