"""Planned video points as GeoJSON that `wangge import cameras` takes."""

import json
from typing import Any

import pandas as pd

_CGCS2000 = "urn:ogc:def:crs:EPSG::4490"  # the frame that an import accepts without being told


def collection(places: pd.DataFrame) -> dict[str, Any]:
    """A FeatureCollection of the places of a plan, best first; keys do not depend on the plan."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "source_key": f"planned-{row['lon']:.6f}-{row['lat']:.6f}-"
                f"{row['direction_deg']:.0f}",
                "name": row["name"] or f"规划点位 {row['compound']}-{row['rank']}",
                "status": "planned", "kind": "fixed",
                "direction_deg": round(row["direction_deg"], 1),
                "rank": row["rank"], "gain_m2": round(row["gain_m2"], 1),
            },
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
        }
        for row in places.to_dict("records")
    ]  # fmt: skip
    crs = {"type": "name", "properties": {"name": _CGCS2000}}
    return {"type": "FeatureCollection", "name": "planned_cameras", "crs": crs,
            "features": features}  # fmt: skip


def text(places: pd.DataFrame, *, description: str = "") -> str:
    """The same as a file's text, with what the file says about itself."""
    said = {"description": description} if description else {}
    return json.dumps(collection(places) | said, ensure_ascii=False, indent=1)
