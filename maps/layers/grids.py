"""Grids and the findings of their audit."""

from maps.layers.drawing import Drawing, Sheet

_GROUP = ("网格", "Grids")

DRAWINGS = (
    Drawing("grids", _GROUP, opacity=0.45, names_from=17, lead=("households", "posts")),
    Drawing("grid_audit", _GROUP, opacity=0.7, lead=("area_m2", "figure", "threshold")),
)
SHEETS = (
    Sheet("grids", (("grids", True),)),
    Sheet("grid_audit", (("grids", False), ("grid_audit", True))),
)
