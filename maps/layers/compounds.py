"""Residential compounds as records."""

from maps.layers.drawing import Drawing, Sheet

DRAWINGS = (
    Drawing(
        "compounds", ("小区", "Compounds"), opacity=0.75, marks_from=15, names_from=15,
        lead=("households", "buildings", "dwellings"),
    ),
)  # fmt: skip
SHEETS = (Sheet("compounds", (("compounds", True),)),)
