"""Three-colour ratings, the risk layer and incidents as compound counts."""

from maps.layers.drawing import Drawing, Sheet

_GROUP = ("治安", "Public safety")

DRAWINGS = (
    Drawing("rating", _GROUP, opacity=0.72, lead=("observed", "expected", "relative_risk")),
    Drawing(
        "incidents", _GROUP, opacity=0.12, lead=("incidents", "per_100_households"),
        size_by="incidents",
        note=("圆的面积与件数成正比", "The area of a circle stands for the count"),
    ),
    Drawing("risk", _GROUP, opacity=0.72, lead=("relative_risk", "p_red", "rented_per_100")),
)  # fmt: skip
SHEETS = (
    Sheet("rating", (("rating", True),)),
    Sheet("incidents", (("incidents", True),)),
    Sheet("risk", (("risk", True),)),
)
