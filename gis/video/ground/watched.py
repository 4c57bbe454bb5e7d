"""Entrances, streets and key places: how much of each is seen, measured anew where it changed."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.arrays import Floats, Ints, Shapes
from gis.district import District
from gis.video import view
from gis.video.ground import blind, places, scenes, survey
from gis.video.ground import store as ground_store
from gis.video.ground.model import PlaceKind
from gis.video.ground.scenes import Digests
from gis.video.ground.survey import Scene
from gis.video.rules import GroundRules
from gis.video.view_rules import ViewRules

_BATCH = 2_000  # places at a time, as many cores at once
_WHERE = ["area_code", "grid_code", "compound_code"]


@dataclass(frozen=True)
class Watched:
    """``places``: rows of video_places in EPSG:4326; ``computed`` of them were measured anew."""

    places: gpd.GeoDataFrame
    computed: int


def measure(
    session: Session, of: Scene, homes: pd.DataFrame, cameras: Digests, *, views: ViewRules,
    rules: GroundRules, policy_digest: str, district: District, as_of: date, previous: int | None,
) -> Watched:  # fmt: skip
    """Measure the places of the day; rows of ``previous`` are kept where nothing they need changed.

    ``homes`` are the compounds of the scene with ``known`` (buildings are known there); ``cameras``
    the digests of `scenes.of_cameras`.
    """
    found = _gathered(session, of, homes, rules, district, as_of)
    shapes = found.pop("shape").to_numpy(dtype=object)
    digest = scenes.of_reached(of, scenes.of_shapes(shapes), shapes, cameras, views)
    words = [f"{one:016x}{policy_digest[:8]}" for one in digest]
    found["digest"] = pd.Series(words, dtype=object)
    unknown = homes.loc[~homes["known"], "compound"]
    inside = scenes.within_known(of, shapes, margin_m=rules.buildings_margin_m)
    known = inside & ~found["compound_code"].isin(unknown).to_numpy()
    kept = ground_store.kept_places(session, previous).drop_duplicates(["place_key", "digest"])
    found = found.merge(kept, on=["place_key", "digest"], how="left")
    fresh = np.flatnonzero(known & found["shares"].isna().to_numpy())
    shares, points = _in_batches(of, shapes, fresh, views)
    for column, values in (("shares", shares.tolist()), ("points", points)):
        found[column] = found[column].astype(object)
        found.loc[fresh, column] = pd.Series(values, index=fresh, dtype=object)
    found.loc[~known, ["shares", "points"]] = None
    level = views.quality_names.index(rules.quality)
    found["seen_share"] = [np.nan if one is None else one[level] for one in found["shares"]]
    return Watched(scenes.degrees(found, shapes, district), len(fresh))


def _gathered(
    session: Session, of: Scene, homes: pd.DataFrame, rules: GroundRules, district: District,
    as_of: date,
) -> pd.DataFrame:  # fmt: skip
    """All places of the day: where they are, their shape in metres and its size."""
    parts = [
        _entrances(homes),
        _streets(session, homes, district, as_of),
        _key_places(session, of, rules, district, as_of),
    ]
    found = pd.concat(parts, ignore_index=True)
    shapes = found["shape"].to_numpy(dtype=object)
    street, key = found["kind"] == PlaceKind.STREET, found["kind"] == PlaceKind.KEY_PLACE
    found["length_m"] = np.where(street, shapely.length(shapes), np.nan)
    found["area_m2"] = np.where(key, shapely.area(shapes), np.nan)
    return found


def _entrances(homes: pd.DataFrame) -> pd.DataFrame:
    """One row per entrance of a compound, numbered as the register lists them."""
    has = homes[homes["entrances"].notna()]
    gates, at = shapely.get_parts(has["entrances"].to_numpy(dtype=object), return_index=True)
    rows = has.iloc[at].reset_index(drop=True)
    nth = rows.groupby("compound").cumcount() + 1
    return pd.DataFrame(
        {
            "kind": PlaceKind.ENTRANCE.value, "place_key": rows["compound"] + "#" + nth.astype(str),
            "name": rows["name"], "area_code": rows["area_code"], "grid_code": rows["grid_code"],
            "compound_code": rows["compound"], "shape": gates,
        }
    )  # fmt: skip


def _streets(
    session: Session, homes: pd.DataFrame, district: District, as_of: date
) -> pd.DataFrame:
    """Streets in pieces: what is in compounds, the rest by unified grid, community, or neither."""
    lines = ground_store.streets(session, district=district)
    cells = ground_store.cells(session, district=district, as_of=as_of)
    stages = [
        homes.assign(cell="compound", compound_code=homes["compound"]),
        *(cells[cells["cell"] == one] for one in ("grid", "community")),
    ]
    rest, parts = lines["geom"].to_numpy(dtype=object), []
    for stage in stages:
        piece, line, cell, rest = places.cut(rest, stage["geom"].to_numpy(dtype=object))
        where = stage.reindex(columns=_WHERE).iloc[cell].reset_index(drop=True)
        parts.append(_pieces(lines, line, piece).join(where))
    over = np.flatnonzero(shapely.length(rest) > 0)
    where = lines.reindex(columns=_WHERE).iloc[over].reset_index(drop=True)
    parts.append(_pieces(lines, over, rest[over]).join(where))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _pieces(lines: pd.DataFrame, line: Ints, piece: Shapes) -> pd.DataFrame:
    about = lines[["street", "name"]].iloc[line].reset_index(drop=True)
    named = about.rename(columns={"street": "place_key"})
    return named.assign(kind=PlaceKind.STREET.value, shape=piece)


def _key_places(
    session: Session, of: Scene, rules: GroundRules, district: District, as_of: date
) -> pd.DataFrame:
    """Open facilities of the functions that the policy calls key places, with what is before them.

    Those that buildings leave no open ground have nothing to show, and are left out.
    """
    found = ground_store.key_places(
        session, functions=rules.key_place_functions, district=district, as_of=as_of
    )
    shapes = found.pop("geom").to_numpy(dtype=object)
    ground = places.fronts(shapes, of.obstacles, margin_m=rules.key_place_margin_m)
    found = found.assign(kind=PlaceKind.KEY_PLACE.value, shape=ground)
    return found[shapely.area(ground) > 0]


def _in_batches(of: Scene, shapes: Shapes, fresh: Ints, views: ViewRules) -> tuple[Floats, Ints]:
    """Shares (f, q) of the fresh places, and how many working points reach each (f,)."""
    order = survey.along_a_curve(shapely.centroid(shapes[fresh]))
    turns = [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]
    shares = np.zeros((len(fresh), len(views.quality_names)))
    points = np.zeros(len(fresh), dtype=np.int64)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = pool.map(lambda at: _seen(of, shapes[fresh[at]], views), turns)
        for at, (share, point) in zip(turns, done, strict=True):
            shares[at], points[at] = share, point
    return shares, points


def _seen(of: Scene, shapes: Shapes, views: ViewRules) -> tuple[Floats, Ints]:
    """Shares and reaching points of one batch of places."""
    near = survey.cameras_near(of, views, shapes)
    near = near[of.working[near]]
    fields = view.drawn(survey.home_views(of, near), of.obstacles, views)
    tolerance_m = views.place_tolerance_m
    shares = [
        blind.seen_share(shapes, fields[:, level], tolerance_m=tolerance_m)
        for level in range(len(views.quality_names))
    ]
    at = shapely.STRtree(fields[:, 0]).query(shapes, predicate="dwithin", distance=tolerance_m)[0]
    return np.column_stack(shares).clip(0.0, 1.0), np.bincount(at, minlength=len(shapes))
