"""Cuts shapes into vector tiles with arrays: which tiles a shape is in, corners on their grid.

GDAL's writer takes many times as long and leaves out what is smaller than a unit of a tile; here a
tile holds every shape that touches it, in the order of the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from gis.arrays import Flags, Floats, Ints, Shapes
from maps import mvt
from maps.mvt import EXTENT, Paths, Tile

BUFFER = 160  # units round a tile: it also draws the symbols that reach into it
_BATCH = 20_000  # shapes at a time, so that a city's need little memory
_WHOLE = 4  # tiles up to which a shape is repeated whole; one across more is clipped to each
_KINDS = np.array([mvt.POINT, mvt.LINE, mvt.LINE, mvt.POLYGON])  # by type number of shapely
_FEWEST = np.array([0, 1, 2, 3])  # corners of each kind
_SMALLEST = np.array([[0, 0], [1, 0], [1, 1]])  # what a shape below a unit becomes

Address = tuple[int, int, int]  # zoom, column, row


@dataclass(frozen=True)
class Names:
    """What features are called: numbers per shape, none negative; classes are below 128."""

    rows: Ints
    classes: Ints

    def __getitem__(self, part: "slice | Ints") -> "Names":
        return Names(self.rows[part], self.classes[part])


def cut(
    shapes: Shapes, names: Names | None, *, layer: str, zooms: range
) -> Iterator[tuple[Address, bytes]]:
    """Every tile of ``zooms`` that one of ``shapes`` (EPSG:4326, none missing or empty) touches.

    Features have the numbers ``row`` and ``class`` where ``names`` are given. Corners that lie
    within half a unit of the last zoom are left out.
    """
    half_unit = 0.5 / EXTENT / 2 ** zooms[-1]
    tiles: dict[Address, Tile] = {}
    most = int(names.classes.max(initial=0)) + 1 if names else 0
    for begin in range(0, len(shapes), _BATCH):
        part = slice(begin, begin + _BATCH)
        square = shapely.simplify(shapely.transform(shapes[part], _mercator), half_unit)
        square = shapely.orient_polygons(square)
        for zoom in zooms:
            _add(tiles, square, names and names[part], zoom=zoom, most=most)
    for address in sorted(tiles):
        yield address, mvt.written(tiles.pop(address), layer, classes=most)


def _mercator(degrees: Floats) -> Floats:
    """Lon, lat as places in the Mercator square of side 1; y grows southward."""
    lon, lat = degrees.T
    sine = np.clip(np.sin(np.radians(lat)), -0.9999, 0.9999)
    return np.column_stack([lon / 360 + 0.5, 0.5 - np.arctanh(sine) / (2 * np.pi)])


def _add(
    tiles: dict[Address, Tile], square: Shapes, names: Names | None, *, zoom: int, most: int
) -> None:
    """Put the shapes of one batch into the tiles of one zoom."""
    shape, x, y = _touched(square, zoom)
    piece, pieces = _pieces(square, shape, x, y, zoom)
    features = mvt.features(_on_grid(pieces, zoom))
    held, which = features.of_pieces(piece)  # a piece of several kinds is several features
    order = np.lexsort((y[held], x[held]))
    held, which = held[order], which[order]
    column, row = x[held], y[held]
    begins = np.flatnonzero(np.diff(column, prepend=-1) | np.diff(row, prepend=-1))
    ends = np.append(begins[1:], len(held))
    found = [tiles.setdefault((zoom, int(column[at]), int(row[at])), Tile()) for at in begins]
    before = np.repeat([one.count for one in found], ends - begins)
    number = before + np.arange(len(held)) - np.repeat(begins, ends - begins)
    origin = EXTENT * np.column_stack([column, row])
    own = names and names[shape[held]]
    tags = (own.rows, own.classes, most + number) if own else None
    written = features.messages(which, origin, tags)
    for tile, begin, end in zip(found, begins, ends, strict=True):
        tile.take(written, int(begin), int(end))


def _touched(square: Shapes, zoom: int) -> tuple[Ints, Ints, Ints]:
    """Pairs of a shape and a tile whose buffer its bounds touch: shape, column, row."""
    across, pad = 2**zoom, BUFFER / EXTENT
    west, north, east, south = (shapely.bounds(square) * across).T
    first_x, last_x, first_y, last_y = (
        np.clip(np.floor(edge), 0, across - 1).astype(np.int64)
        for edge in (west - pad, east + pad, north - pad, south + pad)
    )
    columns = last_x - first_x + 1
    shape, nth = mvt.repeated(columns * (last_y - first_y + 1))
    return shape, first_x[shape] + nth % columns[shape], first_y[shape] + nth // columns[shape]


def _pieces(square: Shapes, shape: Ints, x: Ints, y: Ints, zoom: int) -> tuple[Ints, Shapes]:
    """What is drawn of the shape of each pair: a number of the second array."""
    wide = np.bincount(shape, minlength=len(square)) > _WHOLE
    clipped = np.flatnonzero(wide[shape])
    low, high = -BUFFER / EXTENT, 1 + BUFFER / EXTENT
    box = shapely.box(x[clipped] + low, y[clipped] + low, x[clipped] + high, y[clipped] + high)
    box = shapely.transform(box, lambda xy: xy / 2**zoom)
    whole = square.copy()
    whole[wide] = None
    inside = shapely.intersection(shapely.make_valid(square[shape[clipped]]), box)
    inside[shapely.is_empty(inside)] = None
    piece = shape.copy()
    piece[clipped] = len(square) + np.arange(len(clipped))
    return piece, np.concatenate([whole, shapely.orient_polygons(inside)])


def _on_grid(pieces: Shapes, zoom: int) -> Paths:
    """Points, lines and rings of ``pieces`` in whole units; none is lost, however small it is."""
    path, of, kind, hole = _paths(pieces)
    places, at = shapely.get_coordinates(path, return_index=True)
    xy: Ints = np.rint(places * (EXTENT * 2**zoom)).astype(np.int64)
    begins = np.diff(at, prepend=-1) != 0
    closing = np.append(begins[1:], True) & (kind[at] == mvt.POLYGON)
    kept = (begins | np.any(np.diff(xy, axis=0, prepend=xy[:1]) != 0, axis=1)) & ~closing
    last = np.flatnonzero(kept)[np.append(np.diff(at[kept]) != 0, True)]
    first = np.flatnonzero(begins)[at[last]]
    closed = (kind[at[last]] == mvt.POLYGON) & (last != first) & (xy[last] == xy[first]).all(axis=1)
    kept[last[closed]] = False  # it fell onto the first corner, which closes the ring already
    short = np.bincount(at[kept], minlength=len(path)) < _FEWEST[kind]
    grown = np.flatnonzero(short & ~hole)  # a hole below a unit is none
    again, corner = mvt.repeated(_FEWEST[kind[grown]])
    kept &= ~short[at]
    at, xy = (
        np.concatenate([at[kept], grown[again]]),
        np.concatenate([xy[kept], xy[begins][grown][again] + _SMALLEST[corner]]),
    )
    order = np.argsort(at, kind="stable")
    left = ~(short & hole)
    return Paths(of[left], kind[left], np.bincount(at, minlength=len(path))[left], xy[order])


def _paths(pieces: Shapes) -> tuple[Shapes, Ints, Ints, Flags]:
    """The points, lines and rings: geometry, number of the piece, kind, whether it is a hole."""
    parts, of = shapely.get_parts(pieces, return_index=True)
    if np.any(shapely.get_type_id(parts) > shapely.GeometryType.POLYGON):  # of a collection
        parts, again = shapely.get_parts(parts, return_index=True)
        of = of[again]
    areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, area = shapely.get_rings(parts[areas], return_index=True)
    path = np.concatenate([parts[~areas], rings])
    of = np.concatenate([of[~areas], of[areas][area]])
    kind = np.concatenate(
        [_KINDS[shapely.get_type_id(parts[~areas])], np.full(len(rings), mvt.POLYGON)]
    )
    hole = np.append(np.zeros(np.count_nonzero(~areas), bool), np.diff(area, prepend=-1) == 0)
    order = np.lexsort((kind, of))
    return path[order], of[order], kind[order], hole[order]
