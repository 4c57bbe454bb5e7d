"""Builds one map page: layers from frames, words, legend, data, and the page's own protection."""

from collections.abc import Iterator, Mapping
from typing import Any

import folium
import geopandas as gpd
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from gis.crs import Box
from gis.layers.model import Geometry
from gis.legend import PLAIN, Legend, Ramp
from maps import assets, basemap, canvas, html, layers, palette, tiles, words
from maps.context import API_URL, ASSETS_URL, TILES_URL, MapContext
from maps.layers.areas import BUILDINGS
from maps.layers.drawing import Sheet
from maps.material import Material
from maps.records import Records

_TEMPLATES = Environment(
    loader=PackageLoader("maps"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_TITLES = {"combined": ("综合一张图", "Combined map")}


def build(name: str, frames: Mapping[str, gpd.GeoDataFrame], *, context: MapContext) -> str:
    """The page that `pieces` writes, as one text."""
    return "".join(pieces(name, frames, context=context))


def pieces(
    name: str, frames: Mapping[str, gpd.GeoDataFrame], *, context: MapContext
) -> Iterator[str]:
    """The page ``name`` (a layer of the registry, or ``combined``) as HTML, piece by piece.

    A city's page is some hundred MB, of which a writer never needs to hold two copies.

    ``frames`` (a `Material` where several pages are made of them) holds one frame per layer in the
    registry's columns (EPSG:4326, geometry ``geom``); `maps.layers.wanted` says which a page can
    show. Background frames are optional:
    ``district_outline``, ``street_outlines``, ``community_outlines`` (code, name) and
    ``street_lines`` (kind).

    Raises NotFound for an unknown page, BadInput for a missing frame or an internal layer on a
    page that is not internal, FrameContract for a frame of other columns or another frame of
    reference, LibrariesMissing when the browser libraries are not installed.
    """
    sheet = layers.sheet(name)
    chosen = layers.shown(name, frames, internal=context.internal)
    material = frames if isinstance(frames, Material) else Material(frames)
    content = {layer.name: material.records(layer) for layer, _ in chosen}
    visible = {layer.name: at_first for layer, at_first in chosen}
    bounds = _bounds(content, material, visible)
    page = canvas.Page()
    page.add_child(_map(sheet, content, material, bounds, context))
    blocks = _blocks(sheet, content, visible, bounds, material, context)
    below = _below(sheet, material, context)
    return _written(page, sheet, content, visible, blocks, below, context)


def _bounds(content: Mapping[str, Records], material: Material, visible: Mapping[str, bool]) -> Box:
    """What the page shows first: its visible features, else any outline, else China."""
    seen = [found for key, one in content.items() if visible[key] and (found := one.bounds)]
    seen = seen or material.extent
    if not seen:
        return 73.0, 18.0, 135.0, 54.0
    west, south, east, north = zip(*seen, strict=True)
    return min(west), min(south), max(east), max(north)


def _map(
    sheet: Sheet, content: Mapping[str, Records], material: Material, bounds: Box,
    context: MapContext,
) -> canvas.OfflineMap:  # fmt: skip
    map_ = canvas.offline_map(bounds)
    base = basemap.layer(context)
    if base is not None:
        map_.add_child(base)
    for kind in _background(sheet, material, context):
        map_.add_child(canvas.Background(kind, filled=base is None))
    if sheet.buildings and _tiled_buildings(material, context):
        map_.add_child(tiles.GroundLayer(BUILDINGS, _source(BUILDINGS, context)))
    for one in content.values():
        map_.add_child(_layer(one, context))
    return map_


def _background(sheet: Sheet, material: Material, context: MapContext) -> dict[str, str]:
    """The shapes below the layers; a base map has streets of its own."""
    plain = basemap.layer(context) is None
    shapes = material.background | (material.ground() if sheet.buildings else {})
    return {kind: text for kind, text in shapes.items() if plain or not kind.startswith("streets")}


def _tiled_buildings(material: Material, context: MapContext) -> bool:
    return context.buildings_tiled or material.many_buildings


def _first_view(content: Mapping[str, Records], visible: Mapping[str, bool]) -> Box | None:
    """The crowded part of the largest visible layer; None: the whole."""
    seen = [one for name, one in content.items() if visible[name]]
    largest = max(seen, key=len, default=None)
    return largest.core if largest else None


def _layer(one: Records, context: MapContext) -> folium.map.Layer:
    name = one.layer.name
    if one.points:
        return canvas.PointLayer(name)
    if not one.tiled:
        return canvas.FeatureLayer(name)
    return tiles.ArchiveLayer(name, _source(name, context))


def _source(name: str, context: MapContext) -> dict[str, str]:
    """Where the tiles of a large layer are: inside a saved page, or on the server."""
    if context.mode == "file":
        return {"archive": f"wg-archive-{name}"}
    query = f"?{context.query}" if context.query else ""
    return {"url": f"{TILES_URL}/{name}/{{z}}/{{x}}/{{y}}.mvt{query}"}


def _blocks(
    sheet: Sheet,
    content: Mapping[str, Records],
    visible: Mapping[str, bool],
    bounds: Box,
    material: Material,
    context: MapContext,
) -> Iterator[str]:
    """The page's data: configuration, background, and per layer index, shapes and attributes.

    Every block is escaped JSON or base64.
    """
    yield canvas.data_block("wg-config", _config(sheet, content, visible, bounds, context))
    yield canvas.data_block("wg-places", material.places)
    for kind, text in _background(sheet, material, context).items():
        yield canvas.json_text_block(f"wg-base-{kind}", text)
    if sheet.buildings and context.mode == "file" and material.many_buildings:
        yield material.building_archive()
    if (archive := basemap.content(context)) is not None:
        yield tiles.archive_block(basemap.BLOCK, archive)
    for name, one in content.items():
        yield canvas.json_text_block(f"wg-index-{name}", one.index)
        if not one.tiled and not one.points:
            yield canvas.json_text_block(f"wg-shapes-{name}", one.shapes)
        if not one.large or context.mode == "file":
            yield canvas.json_text_block(f"wg-table-{name}", one.stored_table)
        if one.tiled and context.mode == "file":
            yield material.archive(one)


def _config(
    sheet: Sheet,
    content: Mapping[str, Records],
    visible: Mapping[str, bool],
    bounds: Box,
    context: MapContext,
) -> dict[str, Any]:
    rules = {
        key: {
            "zh": rule.zh, "en": rule.en, "source": [rule.source_zh, rule.source_en],
            "thresholds": [[t.zh, t.en, t.value_zh, t.value_en] for t in rule.thresholds],
        }
        for key, rule in context.rules.items()
    }  # fmt: skip
    return {
        "page": sheet.name, "mode": context.mode, "language": context.language,
        "bounds": bounds, "first": _first_view(content, visible),
        "api": API_URL, "query": context.query,
        "policy": context.policy_version, "rules": rules,
        "shapes": palette.SHAPES, "hatches": palette.HATCHES, "yesNo": words.YES_NO,
        "layers": [_layer_config(one, shown=visible[name]) for name, one in content.items()],
        "day": context.as_of.isoformat(),
    }  # fmt: skip


def _layer_config(one: Records, *, shown: bool) -> dict[str, Any]:
    layer, drawing = one.layer, layers.DRAWINGS[one.layer.name]
    scheme = layer.legend
    return {
        "name": layer.name, "zh": layer.zh, "en": layer.en, "shown": shown, "tiled": one.tiled,
        "point": layer.geometry is Geometry.POINT, "area": layer.geometry is Geometry.AREA,
        "above": not one.mostly_areas,
        "outline": palette.outline(layer), "opacity": drawing.opacity, "weight": drawing.weight,
        "marks": drawing.marks, "marksFrom": drawing.marks_from,
        "namesFrom": drawing.names_from, "lead": drawing.lead,
        "caption": drawing.caption, "sizeBy": drawing.size_by,
        "classColumn": getattr(scheme, "column", None),
        "bounds": scheme.bounds if isinstance(scheme, Ramp) else None,
        "classed": isinstance(scheme, Legend),
        "classes": [
            {"value": e.value, "zh": e.zh, "en": e.en, "fill": e.fill, "shape": e.shape,
             "hatch": e.hatch}
            for e in one.classes.entries
        ],
        "columns": [
            {"name": c.name, "zh": c.zh, "en": c.en, "unit": c.unit,
             "share": c.name in words.SHARES, "code": c.name in words.CODES,
             "held": c.name in words.HELD,
             "values": words.value_words(layer, c.name)}
            for c in one.layer.columns
        ],
        "key": layer.key, "label": layer.label,
    }  # fmt: skip


def _written(
    page: canvas.Page,
    sheet: Sheet,
    content: Mapping[str, Records],
    visible: Mapping[str, bool],
    blocks: Iterator[str],
    below: Mapping[str, Any] | None,
    context: MapContext,
) -> Iterator[str]:
    library_scripts, library_styles, body, script = page.collected()
    known = assets.files()
    scripts = [*dict.fromkeys(library_scripts), *assets.SCRIPTS[:-1]]
    styles = [*dict.fromkeys(library_styles), *assets.STYLES]
    zh, en = _TITLES.get(sheet.name) or _own_title(content, sheet.name)
    values: dict[str, Any] = {
        "context": context, "sheet": sheet, "zh": zh, "en": en, "blocks": blocks, "below": below,
        "body": Markup(body),  # noqa: S704 - Folium's own words and numbers
        "groups": _groups(content, visible), "hatches": palette.HATCHES,
        "credit": context.basemap.attribution if context.basemap and basemap.layer(context) else "",
        "script_links": [], "style_links": [], "scripts": [], "styles": [], "policy": "",
    }  # fmt: skip
    if context.mode == "file":
        values["scripts"] = [html.inline_script(known[one].text()) for one in scripts]
        values["styles"] = [html.inline_style(known[one].text()) for one in styles]
    else:
        values["script_links"] = [f"{ASSETS_URL}/{one}" for one in scripts]
        values["style_links"] = [f"{ASSETS_URL}/{one}" for one in styles]
    last = html.inline_script(known[assets.SCRIPTS[-1]].text())
    values["scripts"].append(html.inline_script(script) + "\n" + last)
    if context.mode == "file":
        values["policy"] = html.file_policy(values["scripts"], values["styles"])
    return _TEMPLATES.get_template("page.html").generate(values)


def _below(sheet: Sheet, material: Material, context: MapContext) -> dict[str, Any] | None:
    """The legend's line for buildings, where the page draws them."""
    tiled = _tiled_buildings(material, context)
    if not sheet.buildings or not (tiled or BUILDINGS in material.ground()):
        return None
    entry, stroke = PLAIN[BUILDINGS], str(canvas.BACKGROUND[BUILDINGS]["color"])
    swatch = palette.swatch(entry, area=True, shaped=False, stroke=stroke)
    return {"zh": entry.zh, "en": entry.en, "swatch": swatch, "tiled": tiled}


def _own_title(content: Mapping[str, Records], name: str) -> tuple[str, str]:
    return content[name].layer.zh, content[name].layer.en


def _groups(content: Mapping[str, Records], visible: Mapping[str, bool]) -> list[dict[str, Any]]:
    """The panel: layers by group, top layer first, each with its classes, swatches and counts."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, one in reversed(list(content.items())):
        drawing = layers.DRAWINGS[name]
        stroke = palette.outline(one.layer)
        entries = [
            {"zh": e.zh, "en": e.en, "count": count, "index": index,
             "swatch": palette.swatch(
                 e, area=one.mostly_areas, shaped=drawing.marks, stroke=stroke)}
            for index, (e, count) in enumerate(
                zip(one.classes.entries, one.classes.counts, strict=True))
        ]  # fmt: skip
        heading = one.layer.legend
        groups.setdefault(drawing.group, []).append({
            "layer": one.layer, "shown": visible[name], "entries": entries, "total": len(one),
            "without": len(one) - one.drawn, "note": drawing.note,
            "heading": heading if isinstance(heading, Legend | Ramp) else None,
        })  # fmt: skip
    order = [drawing.group for drawing in layers.DRAWINGS.values()]
    return [
        {"zh": zh, "en": en, "layers": inside}
        for (zh, en), inside in sorted(groups.items(), key=lambda pair: order.index(pair[0]))
    ]
