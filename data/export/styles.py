"""QML and SLD of a layer, made from the one legend."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement, tostring

from gis.layers.model import Layer
from gis.legend import Entry, Legend, Ramp

_MARKER = {"circle": "circle", "square": "square", "triangle": "triangle", "diamond": "diamond",
           "cross": "cross_fill", "star": "star"}  # fmt: skip
_WELL_KNOWN = {"diamond": "square"}  # SLD 1.0 names circle, square, triangle, star, cross, x
_MARKS = {  # of each geometry family: QGIS's number, symbol, symbol layer, SLD's symbolizer
    "point": ("0", "marker", "SimpleMarker", "PointSymbolizer"),
    "line": ("1", "line", "SimpleLine", "LineSymbolizer"),
    "area": ("2", "fill", "SimpleFill", "PolygonSymbolizer"),
}
_SLD = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "version": "1.0.0",
}
OUTLINE_MM, LINE_MM = "0.26", "0.9"


def entries(layer: Layer) -> tuple[Entry, ...]:
    """The classes of a layer in the order of its legend."""
    if isinstance(layer.legend, Entry):
        return (layer.legend,)
    return layer.legend.entries() if isinstance(layer.legend, Ramp) else layer.legend.entries


def on_short_names(layer: Layer) -> Layer:
    """The layer with its legend on the field names of a .dbf."""
    if isinstance(layer.legend, Entry):
        return layer
    short = next(c.short for c in layer.columns if c.name == layer.legend.column)
    return replace(layer, legend=replace(layer.legend, column=short))


def class_of(layer: Layer, value: object) -> Entry:
    """The legend's class of ``value``; missing values get the class that says so."""
    match layer.legend:
        case Entry() as only:
            return only
        case Ramp() as ramp:
            if value is None or value != value:  # noqa: PLR0124 - NaN is missing
                return ramp.missing
            below = sum(float(str(value)) >= bound for bound in ramp.bounds)
            return ramp.entries()[max(below - 1, 0)]
        case Legend() as classes:
            return classes.entry(None if value is None else str(value))


def qml(layer: Layer, *, family: str) -> str:
    """A QGIS style for the layer's features of one family (point, line, area).

    Categories, ranges by rule, or one symbol.
    """
    root = Element("qgis", version="3.22.0", styleCategories="Symbology")
    renderer = _renderer(root, layer.legend)
    symbols = SubElement(renderer, "symbols")
    for index, entry in enumerate(entries(layer)):
        _symbol(symbols, str(index), entry, family)
    SubElement(root, "layerGeometryType").text = _MARKS[family][0]
    header = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return header + tostring(root, encoding="unicode")


def _renderer(root: Element, legend: Legend | Ramp | Entry) -> Element:
    match legend:
        case Entry():
            return SubElement(root, "renderer-v2", type="singleSymbol")
        case Ramp():
            renderer = SubElement(root, "renderer-v2", type="RuleRenderer")
            _rules(renderer, legend)
            return renderer
        case Legend():
            renderer = SubElement(root, "renderer-v2", type="categorizedSymbol", attr=legend.column)
            listed = SubElement(renderer, "categories")
            for index, entry in enumerate(legend.entries):
                category = {"value": entry.value, "symbol": str(index), "label": _label(entry)}
                SubElement(listed, "category", category, render="true")
            return renderer


def _label(entry: Entry) -> str:
    return entry.zh if entry.zh == entry.en else f"{entry.zh} / {entry.en}"


def _rules(renderer: Element, ramp: Ramp) -> None:
    rules = SubElement(renderer, "rules", key="root")
    for index, (entry, condition) in enumerate(_conditions(ramp)):
        rule = {"symbol": str(index), "filter": condition, "label": _label(entry)}
        SubElement(rules, "rule", rule, key=f"r{index}")


def _conditions(ramp: Ramp) -> Iterator[tuple[Entry, str]]:
    tops = (*ramp.bounds[1:], None)
    name = f'"{ramp.column}"'
    for entry, low, top in zip(ramp.entries(), ramp.bounds, tops, strict=False):
        yield entry, f"{name} >= {low:g}" + ("" if top is None else f" AND {name} < {top:g}")
    yield ramp.missing, f"{name} IS NULL"


def _symbol(parent: Element, name: str, entry: Entry, family: str) -> None:
    _, mark, kind, _ = _MARKS[family]
    drawn = {"name": name, "type": mark, "alpha": "1"}
    symbol = SubElement(parent, "symbol", drawn, clip_to_extent="1")
    layer = SubElement(symbol, "layer", {"class": kind, "pass": "0"}, enabled="1", locked="0")
    held = SubElement(layer, "Option", type="Map")
    for key, value in _options(entry, family).items():
        SubElement(held, "Option", name=key, type="QString", value=value)
        SubElement(layer, "prop", k=key, v=value)


def _options(entry: Entry, family: str) -> dict[str, str]:
    if family == "line":
        return {"line_color": _rgba(entry.fill), "line_width": LINE_MM, "line_width_unit": "MM"}
    edge = {
        "color": _rgba(entry.fill), "outline_color": _rgba("#26323F"),
        "outline_width": OUTLINE_MM, "outline_width_unit": "MM",
    }  # fmt: skip
    if family == "point":
        return edge | {"name": _MARKER[entry.shape], "size": "2.6", "size_unit": "MM"}
    return edge | {"style": "solid", "outline_style": "solid"}


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},255"


def sld(layer: Layer, *, family: str) -> str:
    """An SLD 1.0 style of one family with one rule per class."""
    root = Element("StyledLayerDescriptor", _SLD)
    named = SubElement(root, "NamedLayer")
    SubElement(named, "Name").text = layer.name
    style = SubElement(SubElement(named, "UserStyle"), "FeatureTypeStyle")
    for rule_name, test, entry in _sld_rules(layer):
        rule = SubElement(style, "Rule")
        SubElement(rule, "Name").text = rule_name
        if test is not None:
            SubElement(rule, "ogc:Filter").append(test)
        _sld_symbol(rule, entry, family)
    return tostring(root, encoding="unicode", xml_declaration=True)


def _sld_rules(layer: Layer) -> Iterable[tuple[str, Element | None, Entry]]:
    if isinstance(layer.legend, Entry):
        return [(_label(layer.legend), None, layer.legend)]
    if isinstance(layer.legend, Legend):
        column = layer.legend.column
        return [(_label(e), _compare("EqualTo", column, e.value), e)
                for e in layer.legend.entries]  # fmt: skip
    return _sld_ranges(layer.legend)


def _sld_ranges(ramp: Ramp) -> Iterator[tuple[str, Element | None, Entry]]:
    tops = (*ramp.bounds[1:], None)
    for entry, low, top in zip(ramp.entries(), ramp.bounds, tops, strict=False):
        test = _compare("GreaterThanOrEqualTo", ramp.column, f"{low:g}")
        if top is not None:
            both = Element("ogc:And")
            both.extend([test, _compare("LessThan", ramp.column, f"{top:g}")])
            test = both
        yield entry.zh, test, entry
    null = Element("ogc:PropertyIsNull")
    SubElement(null, "ogc:PropertyName").text = ramp.column
    yield _label(ramp.missing), null, ramp.missing


def _compare(operator: str, column: str, value: str) -> Element:
    test = Element(f"ogc:PropertyIs{operator}")
    SubElement(test, "ogc:PropertyName").text = column
    SubElement(test, "ogc:Literal").text = value
    return test


def _sld_symbol(rule: Element, entry: Entry, family: str) -> None:
    where = SubElement(rule, _MARKS[family][3])
    if family == "line":
        stroke = SubElement(where, "Stroke")
        SubElement(stroke, "CssParameter", name="stroke").text = entry.fill
        SubElement(stroke, "CssParameter", name="stroke-width").text = "3"
        return
    if family == "point":
        graphic = SubElement(where, "Graphic")
        where = SubElement(graphic, "Mark")
        SubElement(where, "WellKnownName").text = _WELL_KNOWN.get(entry.shape, entry.shape)
        SubElement(graphic, "Size").text = "9"
    fill = SubElement(where, "Fill")
    SubElement(fill, "CssParameter", name="fill").text = entry.fill
    stroke = SubElement(where, "Stroke")
    SubElement(stroke, "CssParameter", name="stroke").text = "#26323F"
