"""Four answers as one finds them with geopandas alone: read GeoParquet, join, count.

One spatial join per question, in the way the library's manual shows. The files hold what the store
holds, without the codes that the import assigned. A point on a boundary goes to the lowest code,
as in the store, so that the answers can be equal.
"""

from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from gis.db import sql

FILES: dict[str, TextClause] = {
    "communities": text(
        "SELECT code, households, ST_AsBinary(geom) AS geom FROM areas"
        " WHERE level = 'community' AND valid_to IS NULL"
    ),
    "compounds": text(
        "SELECT code, ST_AsBinary(geom) AS geom FROM compounds WHERE valid_to IS NULL"
    ),
    "facilities": text(
        "SELECT source_key AS key, function, status, opened_on, closed_on, floor_area_m2, storeys,"
        " ST_AsBinary(geom) AS geom FROM facilities"
    ),
    "incidents": text("SELECT occurred_at, category, ST_AsBinary(geom) AS geom FROM incidents"),
    "dwellings": text(
        "SELECT registered_on, ended_on, occupants, ST_AsBinary(geom) AS geom FROM dwellings"
    ),
    "cameras": text(
        "SELECT source_key AS key, status, installed_on, removed_on, ST_AsBinary(geom) AS geom"
        " FROM cameras"
    ),
}
TABLES: dict[str, TextClause] = {
    "shares": text(
        "SELECT facilities.source_key AS key, facility_shares.area_code AS code, share"
        " FROM facility_shares JOIN facilities ON facilities.id = facility_id"
    ),
    "counts": text(
        "SELECT subject_code AS code, as_of, households AS counted FROM household_counts"
        " WHERE subject_kind = 'community' AND households IS NOT NULL"
    ),
    "observations": text("SELECT camera_key AS key, observed_at, state FROM camera_observations"),
}
_DAYS = ("opened_on", "closed_on", "registered_on", "ended_on", "installed_on", "removed_on")


def write(session: Session, folder: Path) -> None:
    """Write the files that the answers read."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, query in FILES.items():
        rows = sql.frame(session, query)
        days = {day: pd.to_datetime(rows[day]) for day in _DAYS if day in rows}
        rows.assign(**days).to_parquet(folder / f"{name}.parquet", index=False)
    for name, query in TABLES.items():
        rows = sql.table(session, query)
        if "as_of" in rows:
            rows = rows.assign(as_of=pd.to_datetime(rows["as_of"]))
        rows.to_parquet(folder / f"{name}.parquet", index=False)


def joined(points: gpd.GeoDataFrame, polygons: gpd.GeoDataFrame) -> pd.DataFrame:
    """Points with the code of the polygon that holds them."""
    found = gpd.sjoin(points, polygons[["code", "geom"]], predicate="intersects")
    if found.index.has_duplicates:
        found = found.sort_values("code")
        found = found[~found.index.duplicated()]
    return pd.DataFrame(found)


def coverage(folder: Path, *, as_of: date, srid: int, functions: tuple[str, ...]) -> pd.DataFrame:
    """Facility area and its ratio per 100 households, by community."""
    on = pd.Timestamp(as_of)
    communities = gpd.read_parquet(folder / "communities.parquet").set_index("code", drop=False)
    facilities = gpd.read_parquet(folder / "facilities.parquet")
    open_ = (facilities["status"] == "open") | (
        (facilities["status"] == "closed") & facilities["closed_on"].notna()
    )
    open_ &= ~(facilities["opened_on"] > on) & ~(facilities["closed_on"] <= on)
    kept = facilities[open_ & facilities["function"].isin(functions)]
    footprint_m2 = kept.to_crs(srid).area * kept["storeys"].fillna(1).clip(lower=1)
    footprint_m2 = footprint_m2.where(footprint_m2 > 0, 0.0)
    kept = kept.assign(area_m2=kept["floor_area_m2"].fillna(footprint_m2))
    kept = kept.set_geometry(kept.representative_point())
    hosted = joined(kept[["key", "area_m2", "geom"]], communities.reset_index(drop=True))
    shares = pd.read_parquet(folder / "shares.parquet")
    given = shares.merge(hosted[["key", "area_m2"]], on="key")
    given["area_m2"] *= given["share"]
    away_m2 = given.groupby("key")["area_m2"].sum()
    hosted["area_m2"] -= hosted["key"].map(away_m2).fillna(0.0)
    parts = pd.concat([hosted[["code", "area_m2"]], given[["code", "area_m2"]]])
    counts = pd.read_parquet(folder / "counts.parquet").sort_values("as_of")
    newest = counts[counts["as_of"] <= on].groupby("code")["counted"].last()
    households = newest.reindex(communities.index).fillna(communities["households"])
    area_m2 = parts.groupby("code")["area_m2"].sum().reindex(communities.index, fill_value=0.0)
    return pd.DataFrame(
        {"floor_area_m2": area_m2, "m2_per_100_households": 100 * area_m2 / households}
    )


def incidents(folder: Path, *, start: datetime, end: datetime) -> pd.DataFrame:
    """Incidents by compound (rows) and category (columns)."""
    compounds = gpd.read_parquet(folder / "compounds.parquet")
    found = gpd.read_parquet(folder / "incidents.parquet")
    found = found[(found["occurred_at"] >= start) & (found["occurred_at"] < end)]
    held = joined(found[["category", "geom"]], compounds)
    return held.groupby(["code", "category"]).size().unstack(fill_value=0)


def rental(folder: Path, *, as_of: date, srid: int) -> pd.DataFrame:
    """Dwellings let, their people and dwellings let per km², by compound."""
    on = pd.Timestamp(as_of)
    compounds = gpd.read_parquet(folder / "compounds.parquet")
    dwellings = gpd.read_parquet(folder / "dwellings.parquet")
    let = dwellings[~(dwellings["registered_on"] > on) & ~(dwellings["ended_on"] <= on)]
    by = joined(let[["occupants", "geom"]], compounds).groupby("code")
    found = pd.DataFrame({"rented_dwellings": by.size(), "occupants": by["occupants"].sum()})
    km2 = pd.Series(compounds.to_crs(srid).area.to_numpy() / 1e6, index=compounds["code"])
    found = found.reindex(km2.index, fill_value=0)
    return found.assign(rented_per_km2=found["rented_dwellings"] / km2)


def video(folder: Path, *, as_of: date, until: datetime) -> pd.DataFrame:
    """Video points, those in use and those that work, by compound."""
    on = pd.Timestamp(as_of)
    compounds = gpd.read_parquet(folder / "compounds.parquet")
    cameras = gpd.read_parquet(folder / "cameras.parquet")
    seen = pd.read_parquet(folder / "observations.parquet")
    newest = seen[seen["observed_at"] < until].sort_values("observed_at").groupby("key").last()
    removed = cameras["removed_on"] <= on
    planned = ~removed & (cameras["installed_on"] > on)
    status = cameras["status"].mask(removed, "removed").mask(planned, "planned")
    status = status.mask((status == "removed") & (cameras["removed_on"] > on), "in_use")
    cameras = cameras.assign(
        cameras=~status.isin(["planned", "removed"]),
        in_use=status == "in_use",
        working=(status == "in_use") & (cameras["key"].map(newest["state"]) == "working"),
    )
    counted = ["cameras", "in_use", "working"]
    held = joined(cameras[[*counted, "geom"]], compounds)
    return held.groupby("code")[counted].sum()
