"""Three-colour ratings, the risk layer and incidents as compound counts."""

from maps.layers.drawing import Drawing, Sheet

_GROUP = ("治安", "Public safety")

DRAWINGS = (
    Drawing("rating", _GROUP, opacity=0.72, lead=("observed", "expected", "relative_risk")),
    Drawing(
        "incidents", _GROUP, opacity=0.12, lead=("incidents", "per_100_households"),
        size_by="incidents",
    ),
    Drawing("risk", _GROUP, opacity=0.72, lead=("relative_risk", "p_red", "rented_per_100")),
)  # fmt: skip
SHEETS = (
    Sheet("rating", (("rating", True),)),
    Sheet("incidents", (("incidents", True),)),
    Sheet("risk", (("risk", True),)),
)
