"""The frames of one call with what pages are made of; each part is made once for all pages."""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gis.crs import Box
from gis.layers.model import Layer
from maps import records, tiles
from maps.layers import areas
from maps.records import Records, shape_list


class Material(Mapping[str, gpd.GeoDataFrame]):
    """Frames by name; several pages of the same frames share classes, tables and archives.

    The frames must not be changed afterwards; `add` brings further ones.
    """

    def __init__(self, frames: Mapping[str, gpd.GeoDataFrame]) -> None:
        self._frames = dict(frames)
        self._records: dict[str, Records] = {}
        self._archives: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._settled: set[str] = set()

    def __getitem__(self, name: str) -> gpd.GeoDataFrame:
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frames: Mapping[str, gpd.GeoDataFrame]) -> None:
        """Take in the frames of layers that another page shows as well; settled ones stay so."""
        self._frames |= {name: one for name, one in frames.items() if name not in self._settled}

    def settle(self) -> None:
        """Of what a saved page has shown keep the texts, which are all that the next ones need.

        A frame then has no row. Classes and tiles are made of all of it before.
        """
        for name, one in self._records.items():
            if name not in self._settled and (not one.tiled or name in self._archives):
                one.settle()
                self._let_go(name)
        if areas.BUILDINGS in self._archives:
            self._let_go(areas.BUILDINGS)

    def _let_go(self, name: str) -> None:
        self._frames[name] = self._frames[name].iloc[:0].copy()
        self._settled.add(name)

    def forget(self, names: Collection[str]) -> None:
        """Let go of layers that no further page shows, with all that was made of them."""
        for name in names:
            self._frames.pop(name, None)
            self._archives.pop(name, None)
            self._records.pop(name, None)
            self._settled.discard(name)

    def records(self, layer: Layer) -> Records:
        """The records of one layer; raises FrameContract."""
        if layer.name not in self._records:
            self._records[layer.name] = records.of(layer, self[layer.name])
        return self._records[layer.name]

    def archive(self, one: Records) -> str:
        """The layer's tiles as a block of a saved page."""
        name = one.layer.name
        if name not in self._archives:
            self._archives[name] = tiles.archive_block(f"wg-archive-{name}", tiles.archive(one))
        return self._archives[name]

    @cached_property
    def outlines(self) -> dict[str, gpd.GeoDataFrame]:
        """Outlines of the divisions by frame key."""
        return areas.outlines(self._frames)

    @cached_property
    def extent(self) -> list[Box]:
        """West, south, east, north of each kind of outline."""
        return [_edges(frame) for frame in self.outlines.values()]

    @cached_property
    def background(self) -> dict[str, str]:
        """Shapes below the layers, by kind and bottom first: JSON of what `maps.canvas` draws."""
        found = {
            kind: _text(shapely.GeometryCollection(list(areas.thinned(frame.geometry.to_numpy()))))
            for kind, frame in self.outlines.items()
        }
        for main, lines in areas.street_lines(self._frames).items():
            found["streets_main" if main else "streets"] = _text(lines)
        order = (areas.DISTRICT, areas.COMMUNITIES, "streets_main", "streets", areas.SUBDISTRICTS)
        return {kind: found[kind] for kind in order if kind in found}

    @property
    def many_buildings(self) -> bool:
        """More footprints than one canvas should draw."""
        name = areas.BUILDINGS
        return name in self._archives or len(self._frames.get(name, ())) > records.CANVAS_LIMIT

    def ground(self) -> dict[str, str]:
        """Footprints, unless they are many, and the outline of what was asked about, as above."""
        kinds = [areas.COMPOUND] if self.many_buildings else [areas.BUILDINGS, areas.COMPOUND]
        held = [kind for kind in kinds if len(self._frames.get(kind, ()))]
        for kind in set(held) - set(self._texts):
            shapes = list(self._frames[kind].geometry)
            self._texts[kind] = _text(shapely.GeometryCollection(shapes))
        return {kind: self._texts[kind] for kind in held}

    def building_archive(self) -> str:
        """The tiles of many footprints as a block of a saved page."""
        name = areas.BUILDINGS
        if name not in self._archives:
            content = tiles.ground_archive(self._frames[name], name)
            self._archives[name] = tiles.archive_block(f"wg-archive-{name}", content)
        return self._archives[name]

    @cached_property
    def places(self) -> dict[str, list[list[Any]]]:
        """Names of divisions with a point inside them, for quiet labels."""
        found = {}
        for kind, frame in self.outlines.items():
            if kind == areas.DISTRICT:
                continue
            inside = shapely.point_on_surface(frame.geometry.to_numpy())
            found[kind] = [
                [str(name), round(float(lon), 6), round(float(lat), 6)]
                for name, lon, lat in zip(
                    frame["name"], shapely.get_x(inside), shapely.get_y(inside), strict=True
                )
            ]
        return found


def _text(shape: shapely.Geometry) -> str:
    return shape_list(np.array([shape]), [0])


def _edges(frame: gpd.GeoDataFrame) -> Box:
    west, south, east, north = (float(edge) for edge in frame.total_bounds)
    return west, south, east, north
