"""Video points with their state and surroundings; planned points can be drawn on the page."""

from maps.layers.drawing import Drawing, Sheet

DRAWINGS = (
    Drawing(
        "cameras", ("视频", "Video"), opacity=0.95, names_from=18,
        lead=("incidents_50m", "rented_per_100", "direction_deg"),
    ),
)  # fmt: skip
SHEETS = (Sheet("cameras", (("rating", False), ("cameras", True)), planning=True),)
