"""The map of a plan: planned points and what they would show, over what is there today."""

from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

import maps
from api.files import outputs
from api.house import House
from gis.crs import Box
from gis.layers import service, store
from gis.layers.service import Scope
from gis.video.ground import store as ground_store
from gis.video.siting.planning import Proposed

_BESIDE = ("cameras", "blind_areas", "view_fields")
_ROUND_DEG = 0.0005  # some 50 m of surroundings
PAGE = "video_plan"


def page(db: Session, at: House, found: Proposed, *, as_of: date, **server: Any) -> str:
    """The plan as a Folium page; ``server`` holds what a served page adds (mode, nonce)."""
    homes = ground_store.compounds(
        db, district=at.district, as_of=as_of, compound=found.ask.compound,
        area_prefix=found.ask.area_prefix,
    )  # fmt: skip
    outline = gpd.GeoSeries(homes["geom"], crs=at.district.srid).to_crs(4326)
    west, south, east, north = (float(edge) for edge in outline.total_bounds)
    box = (west - _ROUND_DEG, south - _ROUND_DEG, east + _ROUND_DEG, north + _ROUND_DEG)
    frames = (
        _planned(found) | _beside(db, at, homes, box) | _below(db, at, outline, homes, box, as_of)
    )
    context = outputs.context(db, at, as_of=as_of, period=None, internal=True, bounds=box, **server)
    return maps.build(PAGE, frames, context=context)


def _planned(found: Proposed) -> dict[str, gpd.GeoDataFrame]:
    places, fields = found.places, found.fields
    gains = zip(places["rank"], places["gain_m2"], strict=True)
    named = places.assign(
        code=places["rank"].astype(str), name=[f"{rank} · +{gain:,.0f} m²" for rank, gain in gains]
    )
    points = gpd.GeoSeries.from_xy(places["lon"], places["lat"], crs=4326)
    return {
        "video_plan": _framed(named, points),
        "video_plan_fields": _framed(named, fields.geometry),
    }


def _framed(rows: pd.DataFrame, shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=shapes.rename("geom")).rename_geometry("geom")


def _beside(db: Session, at: House, homes: pd.DataFrame, box: Box) -> dict[str, gpd.GeoDataFrame]:
    """Points, fields and blind areas of the newest run; what has not run is left out."""
    scope = Scope(box=box, internal=True)
    found = {
        name: service.read_or_none(db, name, district=at.district, policy=at.policy, scope=scope)
        for name in _BESIDE
    }
    shown = {name: one.features for name, one in found.items() if one is not None}
    if "blind_areas" in shown:  # of the compounds asked about; beside them ground stays quiet
        own = shown["blind_areas"]["compound_code"].isin(homes["compound"])
        shown["blind_areas"] = shown["blind_areas"][own]
    return shown


def _below(
    db: Session, at: House, outline: gpd.GeoSeries, homes: pd.DataFrame, box: Box,
    as_of: date,
) -> dict[str, gpd.GeoDataFrame]:  # fmt: skip
    """Buildings, the compounds' outlines, their community's and its streets."""
    houses = ground_store.buildings(db, district=at.district, box=box)
    walls = gpd.GeoSeries(houses["geom"], crs=at.district.srid).to_crs(4326)
    community = str(homes["area_code"].iloc[0])
    found = {
        "buildings": gpd.GeoDataFrame(geometry=walls),
        "compound_outline": gpd.GeoDataFrame(geometry=outline),
        "street_lines": store.street_lines(db, area_prefix=community),
        "community_outlines": store.outlines(
            db, level="community", area_prefix=community, as_of=as_of
        ),
    }
    return {name: one for name, one in found.items() if len(one)}
