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
    Sheet("video_coverage", (("video_coverage", True),)),
    Sheet("view_fields", (("view_fields", True), ("cameras", True))),
    Sheet("blind_areas", (("video_coverage", False), ("blind_areas", True), ("cameras", True))),
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
    ),
    Sheet("cameras", (("rating", False), ("cameras", True)), planning=True),
)
