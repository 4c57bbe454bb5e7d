"""Sets a sheet in type round its drawing."""

from typing import Any

import numpy as np
import shapely

from maps import typeset
from maps.palette import classify
from maps.plaque.model import Paper
from maps.sheet import drawing
from maps.sheet.frame import bar, window
from maps.sheet.model import Drawn, Sheet

_HERE, _TEMPLATE = "maps.sheet", "sheet.typ"
_MAP_MM = {Paper.A4: (213.0, 176.0), Paper.A3: (325.0, 258.0)}  # inside the page's margins
_BAR_MM = {Paper.A4: 45.0, Paper.A3: 60.0}
_WORDS = {
    "zh": {"legend": "图例", "scale": "比例尺", "north": "北", "maker": "制图单位", "day": "日期",
           "frame": "坐标系", "rule": "依据", "none": "无数据"},
    "en": {"legend": "Legend", "scale": "Scale", "north": "N", "maker": "Made by", "day": "Date",
           "frame": "Frame", "rule": "Rule", "none": "No data"},
}  # fmt: skip


def pdf(sheet: Sheet) -> bytes:
    """The sheet as a PDF of one page, vector throughout. Raises FontsMissing."""
    return typeset.pdf(_HERE, _TEMPLATE, _page(sheet), day=sheet.day, mark=sheet.taken)


def png(sheet: Sheet, *, dpi: float = 96) -> bytes:
    """The sheet as a picture. Raises FontsMissing."""
    return typeset.png(_HERE, _TEMPLATE, _page(sheet), dpi=dpi)


def _page(sheet: Sheet) -> dict[str, Any]:
    width_mm, height_mm = _MAP_MM[sheet.paper]
    place = window(drawing.bounds_m(sheet), width_mm=width_mm, height_mm=height_mm)
    bar_m, bar_mm = bar(place.scale, most_mm=_BAR_MM[sheet.paper])
    return {
        "paper": sheet.paper,
        "title": sheet.title,
        "subtitle": sheet.subtitle,
        "map": drawing.svg(sheet, place),
        "map_mm": [width_mm, height_mm],
        "scale": f"1 : {place.scale:,.0f}",
        "bar_mm": bar_mm,
        "bar": f"{bar_m / 1_000:g} km" if bar_m >= 1_000 else f"{bar_m:g} m",
        "legends": [_legend(one, sheet.language) for one in sheet.layers],
        "maker": sheet.maker,
        "day": f"{sheet.day:%Y-%m-%d}",
        "frame": f"EPSG:{sheet.srid}",
        "rule": sheet.rule,
        "mark": sheet.mark,
        "demo": sheet.demo,
        "words": _WORDS[sheet.language],
    }


def _legend(drawn: Drawn, language: str) -> dict[str, Any]:
    """The classes of one layer with their counts; classes without a feature are left out."""
    classes = classify(drawn.layer, drawn.features)
    shapes = drawn.features.geometry.to_numpy()
    point = bool(len(shapes)) and bool(np.all(shapely.get_dimensions(shapes) == 0))
    return {
        "title": drawn.layer.zh if language == "zh" else drawn.layer.en,
        "entries": [
            {
                "swatch": drawing.swatch(entry, point=point),
                "word": entry.zh if language == "zh" else entry.en,
                "count": f"{count:,}",
            }
            for entry, count in zip(classes.entries, classes.counts, strict=True)
            if count
        ],
    }
