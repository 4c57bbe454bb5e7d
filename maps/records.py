"""A frame as the page's script needs it: an index for marks and search, and the attribute table."""

import base64
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup

from gis.crs import Box
from gis.errors import BadInput
from gis.layers.model import Geometry, Layer
from maps import html, palette

CANVAS_LIMIT = 3_000  # features up to which one canvas redraws fluidly; above come tiles
_MANY = 50  # features from which a crowded part makes a first view
_CROWD = 0.8  # share of the features that the first view of such a layer shows at least
_FACING = "direction_deg"
_PACKED_FROM = 500_000  # bytes of attributes; a click unpacks them in some milliseconds
_DIGITS = 6  # decimals of a degree: 0.1 m


class FrameContract(BadInput):
    """A frame that lacks a column of its layer or is not in EPSG:4326."""

    code = "frame_contract"


@dataclass(eq=False)
class Records:
    """One layer's frame and the class of each row; after `settle` the frame has no row."""

    layer: Layer
    frame: gpd.GeoDataFrame
    classes: palette.Classes

    def __len__(self) -> int:
        return len(self.classes.of)

    @property
    def large(self) -> bool:
        """More features than a served page should hold the attributes of."""
        return len(self) > CANVAS_LIMIT

    @property
    def points(self) -> bool:
        """Points alone: drawn from the index, which holds their places."""
        return self.layer.geometry is Geometry.POINT

    @property
    def tiled(self) -> bool:
        """More areas than one canvas should draw, and some of them have a place."""
        return self.large and not self.points and self.drawn > 0

    @cached_property
    def drawn(self) -> int:
        """Rows that have a geometry."""
        return int(self.frame.geometry.notna().sum())

    @cached_property
    def label_points(self) -> "np.typing.NDArray[np.float64]":
        """(n, 2) lon, lat of a point inside each feature; NaN where there is no geometry."""
        inside = shapely.point_on_surface(self.frame.geometry.to_numpy())
        return np.column_stack([shapely.get_x(inside), shapely.get_y(inside)])

    def settle(self) -> None:
        """Make what saved pages hold of the rows, and let go of the frame: no page needs it again.

        A city's frames do not fit side by side; the texts made of them do. The tiles of the layer
        must have been cut before.
        """
        texts = ("index", "stored_table", *(() if self.tiled or self.points else ("shapes",)))
        for name in ("bounds", "core", "mostly_areas", *texts):
            getattr(self, name)
        self.frame = self.frame.iloc[:0].copy()

    @cached_property
    def bounds(self) -> Box | None:
        """West, south, east, north of the features; None when there is nothing to see."""
        if not self.drawn:
            return None
        west, south, east, north = (float(edge) for edge in self.frame.total_bounds)
        return west, south, east, north

    @cached_property
    def core(self) -> Box | None:
        """Where four fifths of many features crowd, if that is a small part of the whole extent.

        The first view of a district whose compounds crowd at one end of it: the features nearest
        to the median place. None where the whole is the better view.
        """
        whole = self.bounds
        if whole is None or self.drawn < _MANY:
            return None
        places = self.label_points[~np.isnan(self.label_points[:, 0])]
        scale = np.array([np.cos(np.radians(np.median(places[:, 1]))), 1.0])
        distance = np.hypot(*((places - np.median(places, axis=0)) * scale).T)
        near = places[distance <= np.quantile(distance, _CROWD)]
        (west, south), (east, north) = near.min(axis=0), near.max(axis=0)
        pad_lon, pad_lat = 0.04 * (east - west), 0.04 * (north - south)
        found = shapely.box(west - pad_lon, south - pad_lat, east + pad_lon, north + pad_lat)
        if found.area > 0.4 * shapely.box(*whole).area:
            return None
        west, south, east, north = (float(edge) for edge in found.bounds)
        return west, south, east, north

    @cached_property
    def index(self) -> Markup:
        """Key, label, class and label point of every row as JSON: what marks and search need."""
        lon, lat = (_numbers(axis) for axis in self.label_points.T)
        return html.json_block({
            "key": _strings(self.frame[self.layer.key]),
            "label": _strings(self.frame[self.layer.label]),
            "class": self.classes.of.tolist(),
            "lon": lon,
            "lat": lat,
            "spots": self._spots(),
            "facing": self._facing(),
        })  # fmt: skip

    def _facing(self) -> list[float | None] | None:
        """Degrees from north in which points look, where the layer says so."""
        if not any(column.name == _FACING for column in self.layer.columns):
            return None
        return html.plain_column(self.frame[_FACING])

    def _spots(self) -> list[int]:
        """Rows drawn as a point although their layer also holds areas."""
        if self.layer.geometry is not Geometry.ANY:
            return []
        kinds = shapely.get_type_id(self.frame.geometry.to_numpy())
        return [int(row) for row in np.flatnonzero(kinds == shapely.GeometryType.POINT)]

    @cached_property
    def mostly_areas(self) -> bool:
        """Whether the legend should show areas."""
        if self.layer.geometry is Geometry.ANY:
            return 2 * len(self._spots()) < self.drawn
        return self.layer.geometry is Geometry.AREA

    def table(self) -> dict[str, list[Any]]:
        """Column name to a list with one JSON value per row."""
        return {c.name: html.plain_column(self.frame[c.name]) for c in self.layer.columns}

    @cached_property
    def stored_table(self) -> Markup:
        """The table as a page holds it: JSON, gzipped in base64 where it is large."""
        text = html.json_block(self.table())
        if len(text) < _PACKED_FROM:
            return text
        packed = gzip.compress(text.encode(), compresslevel=6, mtime=0)
        return html.json_block({"gz": base64.b64encode(packed).decode()})

    @cached_property
    def shapes(self) -> str:
        """``[[row, GeoJSON geometry], ...]`` from bottom to top; it holds no text of a record."""
        return shape_list(self.frame.geometry.to_numpy(), self._order())

    def _order(self) -> list[int]:
        """Rows from bottom to top: areas, lines, points; of each the ordinary (first) class below,
        the second on top of all.
        """
        of, dimensions = self.classes.of, shapely.get_dimensions(self.frame.geometry.to_numpy())
        ranked = np.lexsort((np.where(of == 0, -np.inf, -of), -dimensions))
        return [int(row) for row in ranked]


def of(layer: Layer, frame: gpd.GeoDataFrame) -> Records:
    """Check ``frame`` and classify it.

    Raises FrameContract when a column is missing or the frame is not in EPSG:4326.
    """
    missing = [column.name for column in layer.columns if column.name not in frame]
    if missing:
        raise FrameContract(f"layer {layer.name}: the frame lacks {', '.join(missing)}")
    if frame.crs is None or frame.crs.to_epsg() != 4326:
        raise FrameContract(f"layer {layer.name}: the frame is not in EPSG:4326")
    return Records(layer, frame, palette.classify(layer, frame))


def shape_list(shapes: "np.typing.NDArray[np.object_]", rows: Iterable[int]) -> str:
    """Number and GeoJSON geometry of the shapes in ``rows``, as JSON; missing ones are left out."""
    rounded = shapely.transform(shapes, lambda xy: np.round(xy, _DIGITS))
    texts = shapely.to_geojson(rounded)
    return f"[{','.join(f'[{row},{texts[row]}]' for row in rows if texts[row] is not None)}]"


def _strings(column: Any) -> list[str]:
    return ["" if pd.isna(value) else str(value) for value in column]


def _numbers(values: "np.typing.NDArray[np.float64]") -> list[float | None]:
    return [None if v != v else round(v, _DIGITS) for v in values.tolist()]  # noqa: PLR0124 - NaN
