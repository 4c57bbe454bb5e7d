"""Video points, what they show and do not, findings; planned points can be drawn on the page."""

from maps.layers.drawing import Drawing, Sheet

_GROUP = ("视频", "Video")

DRAWINGS = (
    Drawing(
        "video_coverage", _GROUP, opacity=0.75, marks=False, names_from=16,
        lead=("covered_percent",),
    ),
    Drawing(
        "view_fields", _GROUP, opacity=0.5, weight=0.6, marks=False, names_from=99,
        lead=("area_m2",),
        note=("灰色：可转动到达，不作为保证", "Grey: could be turned there, not assured"),
    ),
    Drawing("blind_areas", _GROUP, opacity=0.8, marks=False, names_from=18, lead=("area_m2",)),
    Drawing(
        "video_places", _GROUP, opacity=0.9, marks_from=15, names_from=18,
        lead=("seen_percent", "points", "length_m"),
        note=("出入口为点，街道为线，重点部位为门前空地", "Gates are points, streets lines, "
              "key places the open ground before them"),
    ),
    Drawing("video_findings", _GROUP, opacity=0.85, names_from=18),
    Drawing(
        "cameras", _GROUP, opacity=0.95, names_from=18,
        lead=("incidents_50m", "rented_per_100", "direction_deg"),
    ),
    Drawing(
        "video_plan_fields", _GROUP, opacity=0.45, weight=1.2, marks=False, names_from=99,
        lead=("gain_m2",),
    ),
    Drawing(
        "video_plan", _GROUP, opacity=0.95, names_from=13,
        lead=("gain_m2", "cumulative_m2", "cumulative_yuan"),
    ),
)  # fmt: skip
SHEETS = (
    Sheet("video_coverage", (("video_coverage", True), ("video_places", False))),
    Sheet("view_fields", (("view_fields", True), ("cameras", True)), buildings=True),
    Sheet(
        "blind_areas",
        (
            ("video_coverage", False),
            ("video_places", False),
            ("blind_areas", True),
            ("cameras", True),
        ),
        planning=True,
        buildings=True,
    ),
    Sheet(
        "video_places",
        (("view_fields", False), ("video_places", True), ("cameras", False)),
        buildings=True,
    ),
    Sheet("video_findings", (("cameras", False), ("video_findings", True))),
    Sheet(
        "video_plan",
        (
            ("view_fields", False),
            ("blind_areas", True),
            ("video_plan_fields", True),
            ("cameras", True),
            ("video_plan", True),
        ),
        planning=True,
        buildings=True,
    ),
    Sheet("cameras", (("rating", False), ("cameras", True)), planning=True),
)
