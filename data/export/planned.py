"""Planned video points as GeoJSON that `wangge import cameras` takes, and candidates read back."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from gis.errors import BadInput
from gis.video.ask import Candidate, Footfall

MOST_CANDIDATES = 5_000
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


def text(places: pd.DataFrame) -> str:
    """The same as a file's text."""
    return json.dumps(collection(places), ensure_ascii=False, indent=1)


def candidates(path: Path) -> tuple[Candidate, ...]:
    """Poles and other places where a point could hang, from any file of points.

    ``name`` and ``direction_deg`` are read where the file has them. Raises BadInput for a file
    that cannot be read, says no frame of reference, holds no point, or more than
    `MOST_CANDIDATES`.
    """
    found = _points(path)
    names = found["name"].fillna("") if "name" in found else pd.Series("", found.index)
    return tuple(
        Candidate(point.x, point.y, str(name), None if pd.isna(look) else float(look) % 360)
        for point, name, look in zip(
            found.geometry, names, _numbers(found, "direction_deg"), strict=True
        )
    )


def footfall(path: Path) -> tuple[Footfall, ...]:
    """Places with the passers-by of a day (``per_day``); raises BadInput as `candidates` does."""
    found = _points(path)
    counts = _numbers(found, "per_day")
    if counts.isna().any() or (counts < 0).any():
        raise BadInput(f"{path}: every point needs per_day, passers-by of a day")
    return tuple(
        Footfall(point.x, point.y, float(count))
        for point, count in zip(found.geometry, counts, strict=True)
    )


def _points(path: Path) -> gpd.GeoDataFrame:
    """The file's places in degrees; areas count by a point inside them."""
    try:
        found = gpd.read_file(path)
    except (pyogrio.errors.DataSourceError, OSError) as exc:
        raise BadInput(f"{path}: is no file of points ({exc})") from exc
    if not isinstance(found, gpd.GeoDataFrame) or found.crs is None:
        raise BadInput(f"{path}: holds no points, or says no frame of reference")
    found = found[found.geometry.notna() & ~found.geometry.is_empty].to_crs(4326)
    if not 0 < len(found) <= MOST_CANDIDATES:
        raise BadInput(f"{path}: 1 to {MOST_CANDIDATES} places are taken, {len(found)} found")
    return found.set_geometry(found.geometry.representative_point()).reset_index(drop=True)


def _numbers(found: gpd.GeoDataFrame, name: str) -> "pd.Series[float]":
    values = found[name] if name in found else pd.Series(float("nan"), found.index)
    return pd.to_numeric(values, errors="coerce")
