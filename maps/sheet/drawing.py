"""The drawing of a sheet as SVG in millimetres: outlines, areas with hatches, shapes of points."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from markupsafe import escape

from gis.arrays import Floats, Shapes
from gis.legend import DARK, Entry
from maps.palette import HATCHES, SHAPES, classify
from maps.sheet.frame import Window
from maps.sheet.model import Drawn, Sheet

_FINE_MM = 0.05  # nobody sees less on paper
_POINT_MM = 2.4
_HATCH_MM = 1.6
_LABEL_MM = 2.3
_MOST_LABELS = 40
_LINE_MM, _BED_MM = 0.55, 0.9
_DASHES_MM = {"forward": "1.6 .9", "cross": ".5 .9", "dots": ".2 1"}  # by hatch


def bounds_m(sheet: Sheet) -> Floats:
    """West, south, east, north of the outlines and of what is drawn over them, in its frame."""
    shapes = [sheet.outlines, *(one.features for one in sheet.layers)]
    found = np.vstack([one.to_crs(sheet.srid).total_bounds for one in shapes if len(one)])
    return np.concatenate([found[:, :2].min(axis=0), found[:, 2:].max(axis=0)])


def svg(sheet: Sheet, window: Window) -> str:
    """The window's drawing; records' names are escaped text."""
    patterns: dict[str, Entry] = {}
    body = [*_lines(sheet, window)]
    for drawn in sheet.layers:
        body += _layer(drawn, sheet.srid, window, patterns)
    body += _labels(sheet, window)
    size = f"{window.width_mm:g} {window.height_mm:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" '
        f'width="{window.width_mm:g}mm" height="{window.height_mm:g}mm">'
        f"<defs>{''.join(_pattern(name, one) for name, one in patterns.items())}</defs>"
        f"{''.join(body)}</svg>"
    )


def swatch(entry: Entry, *, point: bool) -> str:
    """The legend's picture of one class, 6 × 4 mm."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 6 4" width="6mm" height="4mm">'
    if point:
        return f"{head}{_symbol(entry, 3, 2)}</svg>"
    hatch = "" if entry.hatch == "none" else '<rect width="6" height="4" fill="url(#h)"/>'
    defs = "" if entry.hatch == "none" else f"<defs>{_pattern('h', entry)}</defs>"
    edge = f'<path d="M.1.1H5.9V3.9H.1Z" fill="none" stroke="{DARK}" stroke-width=".2"/>'
    return f'{head}{defs}<rect width="6" height="4" fill="{entry.fill}"/>{hatch}{edge}</svg>'


def _lines(sheet: Sheet, window: Window) -> Iterator[str]:
    path = _path(_simple(sheet.outlines, sheet.srid, window), window)
    if path:
        yield f'<path d="{path}" fill="#F5F6F7" stroke="#8A939C" stroke-width=".25"/>'


def _layer(drawn: Drawn, srid: int, window: Window, patterns: dict[str, Entry]) -> Iterator[str]:
    classes = classify(drawn.layer, drawn.features)
    shapes = _simple(drawn.features, srid, window)
    for index, entry in enumerate(classes.entries):
        members = shapes[classes.of == index]
        points = members[shapely.get_dimensions(members) == 0]
        areas = members[shapely.get_dimensions(members) == 2]
        path = _path(areas, window)
        if path:
            yield f'<path d="{path}" fill="{entry.fill}" stroke="{DARK}" stroke-width=".15"/>'
        if path and entry.hatch != "none":
            name = f"{drawn.layer.name}-{index}"
            patterns[name] = entry
            yield f'<path d="{path}" fill="url(#{name})"/>'
        yield from _tracks(members[shapely.get_dimensions(members) == 1], entry, window)
        for x_mm, y_mm in window.on_paper(shapely.get_coordinates(points)):
            yield _symbol(entry, x_mm, y_mm)


def _tracks(lines: Shapes, entry: Entry, window: Window) -> Iterator[str]:
    """Lines in the class's colour on a dark bed; a class with a hatch is broken."""
    parts = [window.on_paper(shapely.get_coordinates(part)) for part in shapely.get_parts(lines)]
    paths = "".join(f'<path d="{_trace(mm)}"/>' for mm in parts)
    dashes = f' stroke-dasharray="{_DASHES_MM[entry.hatch]}"' if entry.hatch in _DASHES_MM else ""
    for colour, width, broken in ((DARK, _BED_MM, ""), (entry.fill, _LINE_MM, dashes)):
        if paths:
            yield f'<g fill="none" stroke="{colour}" stroke-width="{width}"{broken}>{paths}</g>'


def _simple(frame: gpd.GeoDataFrame, srid: int, window: Window) -> Shapes:
    if frame.empty:
        return np.empty(0, dtype=object)
    shapes = frame.to_crs(srid).geometry.to_numpy()
    return np.asarray(shapely.simplify(shapes, _FINE_MM / window.mm_per_m), dtype=object)


def _path(areas: Shapes, window: Window) -> str:
    """The rings of all the areas as one path: thousands of paths take the printer's time.

    Rings of holes run against the others, so that a hole stays open, and not where another of the
    areas lies over it.
    """
    parts = shapely.get_parts(areas)
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    rings = shapely.get_rings(shapely.orient_polygons(parts))
    xy_m, ring_of = shapely.get_coordinates(rings, return_index=True)
    begins = np.diff(ring_of, prepend=-1) > 0
    words = [
        f"{'ZM' if new else 'L'}{x:.2f} {y:.2f}"
        for (x, y), new in zip(window.on_paper(xy_m).tolist(), begins.tolist(), strict=True)
    ]
    return f"{''.join(words)[1:]}Z" if words else ""


def _trace(mm: Floats) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in mm)


def _symbol(entry: Entry, x_mm: float, y_mm: float) -> str:
    size = _POINT_MM / 24  # the shapes' box
    return (
        f'<path d="{SHAPES[entry.shape]}" transform="translate({x_mm:.2f} {y_mm:.2f}) '
        f'scale({size:g})" fill="{entry.fill}" stroke="{DARK}" stroke-width="1.6"/>'
    )


def _pattern(name: str, entry: Entry) -> str:
    scale = _HATCH_MM / 8  # the hatches' tile
    return (
        f'<pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse" '
        f'patternTransform="scale({scale:g})"><path d="{HATCHES[entry.hatch]}" fill="none" '
        f'stroke="{DARK}" stroke-opacity=".55" stroke-width="1" stroke-linecap="round"/></pattern>'
    )


def _labels(sheet: Sheet, window: Window) -> Iterator[str]:
    """Names of the outlines where they are few enough to be read."""
    if not 0 < len(sheet.outlines) <= _MOST_LABELS:
        return
    shapes = sheet.outlines.to_crs(sheet.srid).geometry.representative_point()
    places = window.on_paper(shapely.get_coordinates(shapes.to_numpy()))
    for name, (x_mm, y_mm) in zip(sheet.outlines["name"], places, strict=True):
        if 0 <= x_mm <= window.width_mm and 0 <= y_mm <= window.height_mm:
            common = f'x="{x_mm:.2f}" y="{y_mm:.2f}" text-anchor="middle" font-size="{_LABEL_MM}"'
            halo = 'stroke="#FFFFFF" stroke-width=".7" stroke-linejoin="round"'
            text = escape(str(name))
            font = 'font-family="Noto Sans CJK SC"'
            yield f"<text {common} {font} {halo} fill='#FFFFFF'>{text}</text>"
            yield f"<text {common} {font} fill='{DARK}'>{text}</text>"
