"""Facility coverage with its gaps, and the facilities themselves."""

from maps.layers.drawing import Drawing, Sheet

_GROUP = ("服务设施", "Facilities")

DRAWINGS = (
    Drawing(
        "coverage", _GROUP, opacity=0.5, names_from=13,
        lead=("m2_per_100_households", "required_m2", "gap_m2"), caption=("gap_m2", "缺", "short"),
    ),
    Drawing("facilities", _GROUP, opacity=0.8, names_from=16, lead=("floor_area_m2",)),
)  # fmt: skip
SHEETS = (
    Sheet("coverage", (("coverage", True), ("facilities", True))),
    Sheet("facilities", (("facilities", True),)),
)
