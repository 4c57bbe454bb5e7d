"""Layers of the registry as GeoJSON: list, features, one feature, what lies at a point."""

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import geopandas as gpd
import shapely
from fastapi import APIRouter, Depends, Query, Response
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field

from api import features
from api.audit.reads import note_read
from api.deps import Asked, At, Caller, Db, Limit, Offset, ShownLayer, needs, said
from api.serving.limits import FilterLimited
from data.export import styles
from gis.access.rights import Capability
from gis.errors import NotFound
from gis.layers import service
from gis.layers.model import REGISTRY, Geometry, Sensitivity

router = APIRouter(prefix="/api/v1/layers", tags=["layers"])
Lon = Annotated[float, Query(ge=-180, le=180, description="degrees east")]
Lat = Annotated[float, Query(ge=-90, le=90, description="degrees north")]
Near = Annotated[float, Query(ge=0, le=0.01, description="degrees a click may miss a point by")]
Key = Annotated[str, PathParam(max_length=200, examples=["530102001001"])]
AT_ONE_POINT = 20  # more than anybody reads through after a click
CHOSEN = [Depends(FilterLimited("layers", "area", "period", "as_of", "level", "resolution", "lon"))]
_FEATURE: dict[str, Any] = {
    "type": "Feature",
    "id": "530102001001-X001",
    "geometry": {"type": "Point", "coordinates": [102.7, 25.05]},
    "properties": {"colour": "green", "rule": "SAF-1"},
}


class Style(StrEnum):
    """How a style is written: for QGIS, or as OGC Styled Layer Descriptor 1.0."""

    QML = "qml"
    SLD = "sld"


class Family(StrEnum):
    """What kind of geometry a style draws."""

    POINT = "point"
    LINE = "line"
    AREA = "area"


class ColumnOut(BaseModel):
    """One column in words."""

    name: str = Field(examples=["gap_m2"])
    zh: str = Field(examples=["缺口"])
    en: str = Field(examples=["Gap"])
    unit: str = Field(examples=["m²"])


class LayerOut(BaseModel):
    """One layer of the registry."""

    name: str = Field(examples=["coverage"])
    zh: str = Field(examples=["服务设施覆盖"])
    en: str = Field(examples=["Facility coverage"])
    geometry: Geometry
    sensitivity: Sensitivity
    columns: list[ColumnOut]


class FeaturesOut(BaseModel):
    """A GeoJSON FeatureCollection (RFC 7946) with what it shows."""

    model_config = ConfigDict(
        json_schema_extra={"example": {
            "type": "FeatureCollection", "numberMatched": 1, "numberReturned": 1,
            "as_of": "2026-09-30", "run_id": 2, "features": [_FEATURE],
        }}
    )  # fmt: skip

    type: str = "FeatureCollection"
    numberMatched: int = Field(ge=0)  # noqa: N815 - OGC API Features spells it so
    numberReturned: int = Field(ge=0)  # noqa: N815
    as_of: date
    run_id: int | None
    features: list[dict[str, Any]]


@router.get("", dependencies=[needs(Capability.AREAS)])
def read_layers(asked: Asked, user: Caller) -> list[LayerOut]:
    """The layers that the caller may see."""
    return [
        LayerOut(
            name=one.name, zh=one.zh, en=one.en, geometry=one.geometry,
            sensitivity=one.sensitivity,
            columns=[ColumnOut(name=c.name, zh=c.zh, en=c.en, unit=c.unit)
                     for c in one.columns],
        )
        for one in REGISTRY
        if user.may(one.capability) and (asked.internal or not one.internal)
    ]  # fmt: skip


@router.get("/{name}/features", dependencies=CHOSEN)
def read_features(
    db: Db, at: At, layer: ShownLayer, asked: Asked, limit: Limit = 1_000, offset: Offset = 0
) -> FeaturesOut:
    """A page of a layer's features, ordered by key."""
    shown = service.read(db, layer, district=at.district, policy=at.policy, scope=asked)
    page = shown.features.iloc[offset : offset + limit]
    note_read(db, layer, asked, rows=len(page))
    return _collection(shown, page, matched=len(shown.features))


@router.get("/{name}/features/{key:path}", responses=said(_FEATURE))
def read_feature(db: Db, at: At, layer: ShownLayer, asked: Asked, key: Key) -> dict[str, Any]:
    """One feature by its key, which may hold slashes; 404 without."""
    one = replace(asked, key=key)
    shown = service.read(db, layer, district=at.district, policy=at.policy, scope=one)
    note_read(db, layer, one, rows=len(shown.features))
    if shown.features.empty:
        raise NotFound(layer.name, key)
    return features.listed(shown.features, key=layer.key)[0]


@router.get("/{name}/at", dependencies=CHOSEN)
def read_at(
    db: Db, at: At, layer: ShownLayer, asked: Asked, lon: Lon, lat: Lat, near: Near = 0.0003
) -> FeaturesOut:
    """What of a layer lies at a clicked point, the first twenty."""
    box = replace(asked, box=(lon - near, lat - near, lon + near, lat + near))
    shown = service.read(db, layer, district=at.district, policy=at.policy, scope=box)
    point = shapely.Point(lon, lat)
    shapes = shown.features.geometry.to_numpy()
    close = shapely.dwithin(shapes, point, near) & (shapely.get_dimensions(shapes) == 0)
    hit = shapely.intersects(shapes, point) | close
    note_read(db, layer, asked, rows=min(int(hit.sum()), AT_ONE_POINT))
    return _collection(shown, shown.features[hit].head(AT_ONE_POINT), matched=int(hit.sum()))


@router.get("/{name}/style.{form}", response_class=Response)
def read_style(layer: ShownLayer, form: Style, geometry: Family | None = None) -> Response:
    """The legend's colours for QGIS (QML) or any SLD client; ``geometry`` for layers of several."""
    usual = Family.POINT if layer.geometry is Geometry.POINT else Family.AREA
    write = styles.qml if form is Style.QML else styles.sld
    return Response(
        write(layer, family=geometry or usual), media_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{layer.name}.{form}"'},
    )  # fmt: skip


def _collection(shown: service.Shown, page: gpd.GeoDataFrame, *, matched: int) -> FeaturesOut:
    return FeaturesOut(
        numberMatched=matched,
        numberReturned=len(page),
        as_of=shown.as_of,
        run_id=shown.run.id if shown.run else None,
        features=features.listed(page, key=shown.layer.key),
    )
