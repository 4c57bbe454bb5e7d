"""Layers of the registry as GeoJSON: list, features, one feature, what lies at a point."""

from dataclasses import replace
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api import features
from api.deps import Asked, At, Db, Limit, Offset, ShownLayer
from gis.errors import NotFound
from gis.layers import service
from gis.layers.model import REGISTRY, Geometry, Sensitivity

router = APIRouter(prefix="/api/v1/layers", tags=["layers"])
Lon = Annotated[float, Query(ge=-180, le=180, description="degrees east")]
Lat = Annotated[float, Query(ge=-90, le=90, description="degrees north")]
Near = Annotated[float, Query(ge=0, le=0.01, description="degrees a click may miss a point by")]


class ColumnOut(BaseModel):
    """One column in words."""

    name: str
    zh: str
    en: str
    unit: str


class LayerOut(BaseModel):
    """One layer of the registry."""

    name: str
    zh: str
    en: str
    geometry: Geometry
    sensitivity: Sensitivity
    columns: list[ColumnOut]


class FeaturesOut(BaseModel):
    """A GeoJSON FeatureCollection (RFC 7946) with what it shows."""

    model_config = ConfigDict(
        json_schema_extra={"example": {
            "type": "FeatureCollection", "numberMatched": 1, "numberReturned": 1,
            "as_of": "2026-09-30", "run_id": 2, "features": [{
                "type": "Feature", "id": "530102001001-X001",
                "geometry": {"type": "Point", "coordinates": [102.7, 25.05]},
                "properties": {"colour": "green", "rule": "SAF-1"},
            }],
        }}
    )  # fmt: skip

    type: str = "FeatureCollection"
    numberMatched: int  # noqa: N815 - OGC API Features spells it so
    numberReturned: int  # noqa: N815
    as_of: str
    run_id: int | None
    features: list[dict[str, Any]]


@router.get("")
def read_layers(at: At) -> list[LayerOut]:
    """The layers that this service shows."""
    internal = at.settings.serve_internal
    return [
        LayerOut(
            name=one.name, zh=one.zh, en=one.en, geometry=one.geometry,
            sensitivity=one.sensitivity,
            columns=[ColumnOut(name=c.name, zh=c.zh, en=c.en, unit=c.unit)
                     for c in one.shown(internal=internal)],
        )
        for one in REGISTRY
        if internal or one.sensitivity is Sensitivity.PUBLIC
    ]  # fmt: skip


@router.get("/{name}/features")
def read_features(
    db: Db, at: At, layer: ShownLayer, asked: Asked, limit: Limit = 1_000, offset: Offset = 0
) -> FeaturesOut:
    """A page of a layer's features, ordered by key."""
    shown = service.read(db, layer, district=at.district, policy=at.policy, scope=asked)
    page = shown.features.iloc[offset : offset + limit]
    return FeaturesOut(
        numberMatched=len(shown.features),
        numberReturned=len(page),
        as_of=shown.as_of.isoformat(),
        run_id=shown.run.id if shown.run else None,
        features=features.listed(page, key=layer.key),
    )


@router.get("/{name}/features/{key}")
def read_feature(db: Db, at: At, layer: ShownLayer, asked: Asked, key: str) -> dict[str, Any]:
    """One feature by its key; 404 without."""
    one = replace(asked, key=key)
    shown = service.read(db, layer, district=at.district, policy=at.policy, scope=one)
    if shown.features.empty:
        raise NotFound(layer.name, key)
    return features.listed(shown.features, key=layer.key)[0]


@router.get("/{name}/at")
def read_at(
    db: Db, at: At, layer: ShownLayer, asked: Asked, lon: Lon, lat: Lat, near: Near = 0.0003
) -> FeaturesOut:
    """What of a layer lies at a clicked point."""
    box = replace(asked, box=(lon - near, lat - near, lon + near, lat + near))
    shown = service.read(db, layer, district=at.district, policy=at.policy, scope=box)
    point = shapely.Point(lon, lat)
    shapes = shown.features.geometry.to_numpy()
    close = shapely.dwithin(shapes, point, near) & (shapely.get_dimensions(shapes) == 0)
    hit = shapely.intersects(shapes, point) | close
    found = shown.features[hit].head(20)
    return FeaturesOut(
        numberMatched=int(hit.sum()), numberReturned=len(found), as_of=shown.as_of.isoformat(),
        run_id=shown.run.id if shown.run else None, features=features.listed(found, key=layer.key),
    )  # fmt: skip
