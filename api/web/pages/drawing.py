"""What the drawing maps of the planner's pages ask the server while somebody draws."""

import json
from typing import Any

import shapely
from fastapi import APIRouter

from api.deps import needs
from api.web.forms import NO_GEOJSON, Sent
from gis.access.rights import Capability
from gis.errors import BadInput

router = APIRouter(dependencies=[needs(Capability.FACILITIES)])
MOST_PARTS = 50
LONGEST = 500_000  # characters


@router.post("/planning/merge")
def merge(data: Sent) -> dict[str, Any]:
    """The union of the areas drawn, as one GeoJSON geometry."""
    text = str(data.get("shapes") or "")
    try:
        shapes = shapely.get_parts(shapely.from_geojson(text[:LONGEST]))
    except NO_GEOJSON as exc:
        raise BadInput("不是 GeoJSON / not GeoJSON") from exc
    if not 0 < len(shapes) <= MOST_PARTS:
        raise BadInput(f"一次合并 2 至 {MOST_PARTS} 个面 / merge 2 to {MOST_PARTS} areas")
    merged = shapely.union_all(shapely.make_valid(shapes))
    found: dict[str, Any] = json.loads(shapely.to_geojson(merged))
    return found
