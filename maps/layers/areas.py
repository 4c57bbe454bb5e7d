"""The quiet background: outlines of the divisions and street lines, when the frames hold them."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely

# Frame keys that are background, not layers of the registry.
DISTRICT, SUBDISTRICTS, COMMUNITIES = "district_outline", "street_outlines", "community_outlines"
STREETS = "street_lines"
BUILDINGS, COMPOUND = "buildings", "compound_outline"  # of one question's surroundings
BACKGROUND = (DISTRICT, SUBDISTRICTS, COMMUNITIES, STREETS, BUILDINGS, COMPOUND)

_MAJOR = {"motorway", "trunk", "primary", "secondary", "main", "arterial", "major", "主干路"}
_MOST_VERTICES = 60_000  # above, only main streets stay: about 1 MB of page
_TOLERANCE_DEG = 2e-5  # about 2 m


def outlines(frames: Mapping[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Outlines by frame key; communities fall back to those of the coverage layer."""
    found = {key: frames[key] for key in (DISTRICT, SUBDISTRICTS, COMMUNITIES) if key in frames}
    if COMMUNITIES not in found and "coverage" in frames:
        found[COMMUNITIES] = frames["coverage"][["code", "name", "geom"]]
    drawn = {key: frame[frame.geometry.notna()] for key, frame in found.items()}
    return {key: frame for key, frame in drawn.items() if len(frame)}


def street_lines(frames: Mapping[str, gpd.GeoDataFrame]) -> dict[bool, shapely.MultiLineString]:
    """Street lines as one simplified geometry for main and one for other streets.

    Beyond 60,000 vertices the other streets are left out: they are background.
    """
    streets = frames.get(STREETS)
    if streets is None or streets.empty:
        return {}
    lines = thinned(streets.geometry.to_numpy())
    kind = streets["kind"].fillna("").astype(str) if "kind" in streets else None
    main = (
        np.array([word.lower() in _MAJOR for word in kind])
        if kind is not None
        else np.zeros(len(streets), dtype=bool)
    )
    few = shapely.get_num_coordinates(lines).sum() <= _MOST_VERTICES
    parts = {True: lines[main], False: lines[~main] if few else lines[:0]}
    return {which: _one(part) for which, part in parts.items() if len(part)}


def thinned(shapes: "np.typing.NDArray[np.object_]") -> "np.typing.NDArray[np.object_]":
    """Shapes without vertices that lie closer than about 2 m to the one before.

    Not Douglas-Peucker: GEOS recurses there and a line of 70,000 vertices ends the process.
    """
    return shapely.remove_repeated_points(shapes, tolerance=_TOLERANCE_DEG)


def _one(lines: "np.typing.NDArray[np.object_]") -> shapely.MultiLineString:
    parts = shapely.get_parts(lines)
    kept = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    return shapely.MultiLineString(list(parts[kept]))
