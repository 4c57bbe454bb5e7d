"""Covered public ground of a day: what changed since the last run is measured, the rest is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.arrays import Ints, Shapes
from gis.district import District
from gis.memory import give_back
from gis.policy import Policy
from gis.video.ground import scenes, survey, watched
from gis.video.ground import store as ground_store
from gis.video.ground.blind import BlindAreas, BlindRule
from gis.video.ground.coverage import MEASURES, Coverage
from gis.video.ground.rooms import Rooms
from gis.video.ground.scenes import Digests
from gis.video.ground.stale import Stale
from gis.video.ground.survey import Scene
from gis.video.rules import GroundRules, LawRules
from gis.video.view_rules import ViewRules

_AREAS = [f"{name}_m2" for name in MEASURES]


@dataclass(frozen=True)
class Ground:
    """What `measure` found.

    ``compounds``: compound, name, area_code, grid_code, quality, answer (measured, no_buildings),
    digest and square metres, one row per compound and quality; ``blind`` (EPSG:4326), ``weak``,
    ``into`` (camera, place, kind, place_name, looks: private places in a home or potential field);
    ``places`` the rows of video_places; ``computed`` compounds and ``places_computed`` places
    measured anew; ``stale``: the points whose stored fields no longer hold.
    """

    compounds: pd.DataFrame
    blind: gpd.GeoDataFrame
    weak: pd.DataFrame
    into: pd.DataFrame
    places: gpd.GeoDataFrame
    computed: int
    places_computed: int
    stale: Stale


def measure(
    session: Session,
    *,
    policy: Policy,
    district: District,
    as_of: date,
    previous: int | None,
) -> Ground | None:
    """Measure every compound of the day; None where the store has no compound.

    ``previous`` is a run whose rows are kept where the digest of all that they depend on is the
    same; None measures everything. The answer is the same either way.
    """
    views, rules = ViewRules.of(policy), GroundRules.of(policy)
    cameras = scenes.outdoors(ground_store.cameras(session, district=district, as_of=as_of))
    homes = ground_store.compounds(session, district=district, as_of=as_of)
    if homes.empty:
        return None
    private = ground_store.private_places(session, district=district)
    of, named = _scene(session, cameras, homes, private, views, district)
    seen_from, digest = _digests(of, cameras, views)
    known = scenes.answerable(of, margin_m=rules.buildings_margin_m)
    homes = homes.assign(digest=[f"{one:016x}{policy.digest[:8]}" for one in digest], known=known)
    kept, kept_blind, kept_weak = ground_store.kept(session, previous)
    same = _unchanged(homes, kept)
    fresh = np.flatnonzero(known & ~homes["compound"].isin(same).to_numpy())
    level = views.quality_names.index(rules.quality)
    rule = BlindRule(level, rules.blind_opening_m, rules.blind_min_m2)
    surveyed = survey.survey(of, views, rule, compounds=fresh, deepest=rules.deepest)
    give_back()  # of the survey its figures are left
    found = surveyed.coverage
    dark = _blind(homes, surveyed.blind, fresh, district)
    give_back()  # of their outlines the drawings are left
    rows = _rows(homes, found, fresh, dark, views)
    weak = _weak(homes, cameras, found, fresh, level, rules)
    stale = Stale.of(session, of, cameras, seen_from, views, district)
    passed = watched.measure(
        session, of, homes, seen_from, views=views, rules=rules, policy_digest=policy.digest,
        district=district, as_of=as_of, previous=previous,
    )  # fmt: skip
    return Ground(
        compounds=_with_unanswered(
            homes, pd.concat([kept[kept["compound"].isin(same)], rows]), views.quality_names
        ),
        blind=_near(of, named, _both(kept_blind, dark, homes, same), district),
        weak=_both(kept_weak, weak, homes, same),
        into=_into_private(of, cameras, private, views, LawRules.of(policy)),
        places=passed.places,
        computed=len(fresh),
        places_computed=passed.computed,
        stale=stale,
    )


def _scene(
    session: Session, cameras: pd.DataFrame, homes: pd.DataFrame, private: pd.DataFrame,
    views: ViewRules, district: District,
) -> tuple[Scene, Shapes]:  # fmt: skip
    """What the run looks at, and the buildings' names.

    The buildings' rows end here: the scene has their outlines, and a city's do not fit twice.
    """
    houses = ground_store.buildings(session, district=district)
    of = scenes.scene(cameras, homes, private, houses, views)
    return of, houses["name"].to_numpy(dtype=object)


def _digests(of: Scene, cameras: pd.DataFrame, views: ViewRules) -> tuple[Digests, Digests]:
    """Of all that each camera's field depends on, and of all that each compound's figures do."""
    built = scenes.of_shapes(of.obstacles.polygons, of.obstacles.height_m)
    seen_from = scenes.of_cameras(of, cameras["camera"], built, views)
    return seen_from, scenes.of_compounds(of, seen_from, built, scenes.of_shapes(of.gardens), views)


def _unchanged(homes: pd.DataFrame, kept: pd.DataFrame) -> set[str]:
    """Compounds whose earlier rows still hold."""
    first = kept.drop_duplicates("compound")[["compound", "digest"]]
    both = homes.loc[homes["known"], ["compound", "digest"]].merge(first, on=["compound", "digest"])
    return set(both["compound"])


def _rows(
    homes: pd.DataFrame, found: Coverage, fresh: Ints, dark: gpd.GeoDataFrame, views: ViewRules
) -> pd.DataFrame:
    """One row per compound measured and quality."""
    parts = []
    chosen = homes.iloc[fresh].reset_index(drop=True)
    lost_m2 = dark.groupby("compound")["area_m2"].sum().reindex(chosen["compound"]).fillna(0.0)
    for level, quality in enumerate(views.quality_names):
        areas = {name: getattr(found, name)[:, level] for name in _AREAS}
        parts.append(
            chosen[["compound", "digest"]].assign(
                quality=quality, public_m2=found.public_m2, **areas,
                seen_deeper_m2=found.seen_deeper_m2[:, level].tolist(),
                blind_m2=lost_m2.to_numpy(),
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _with_unanswered(
    homes: pd.DataFrame, rows: pd.DataFrame, qualities: Sequence[str]
) -> pd.DataFrame:
    """All compounds by quality, those without an answer with empty figures."""
    about = homes[["compound", "name", "area_code", "grid_code"]]
    measured = about.merge(rows, on="compound").assign(answer="measured")
    silent = about[~about["compound"].isin(rows["compound"])].assign(answer="no_buildings")
    each = pd.DataFrame({"quality": list(qualities)})
    found = pd.concat([measured, silent.merge(each, how="cross")], ignore_index=True)
    return found.sort_values(["compound", "quality"], kind="stable").reset_index(drop=True)


def _blind(
    homes: pd.DataFrame, dark: BlindAreas, fresh: Ints, district: District
) -> gpd.GeoDataFrame:
    """Blind areas of the measured compounds."""
    at = fresh[dark.compound]
    rows = {
        "compound": homes["compound"].to_numpy(dtype=object)[at], "area_m2": dark.area_m2,
    }  # fmt: skip
    return scenes.degrees(pd.DataFrame(rows), dark.shapes, district)


def _near(of: Scene, named: Shapes, dark: gpd.GeoDataFrame, district: District) -> gpd.GeoDataFrame:
    """Blind areas with the name of the building nearest to a point in each drawing: kept ones too,
    for a building may have been built, or renamed, beyond what their figures depend on.
    """
    points = dark.geometry.representative_point().to_crs(district.srid).to_numpy(dtype=object)
    none = np.empty(0, dtype=object)
    return dark.assign(nearest=named[of.obstacles.tree.nearest(points)] if len(points) else none)


def _weak(
    homes: pd.DataFrame, cameras: pd.DataFrame, found: Coverage, fresh: Ints, level: int,
    rules: GroundRules,
) -> pd.DataFrame:  # fmt: skip
    """Per compound the points whose single failure blinds most."""
    at = fresh[found.loss_compound]
    rows = pd.DataFrame(
        {
            "compound": homes["compound"].to_numpy(dtype=object)[at],
            "camera_key": cameras["camera"].to_numpy(dtype=object)[found.loss_camera],
            "lost_m2": found.loss_m2[:, level],
        }
    )
    rows = rows[rows["lost_m2"] > 0].sort_values(
        ["compound", "lost_m2", "camera_key"], ascending=[True, False, True]
    )
    return rows.groupby("compound", sort=False).head(rules.weak_points).reset_index(drop=True)


def _both(kept: Any, fresh: Any, homes: pd.DataFrame, same: set[str]) -> Any:
    """Rows kept of unchanged compounds and the fresh ones, by compound, each in the area where its
    compound lies on the day.
    """
    found = pd.concat([kept[kept["compound"].isin(same)], fresh], ignore_index=True)
    found = found.merge(homes[["compound", "area_code"]], on="compound")
    return found.sort_values("compound", kind="stable").reset_index(drop=True)


def _into_private(
    of: Scene, cameras: pd.DataFrame, private: pd.DataFrame, views: ViewRules, law: LawRules
) -> pd.DataFrame:
    """Points that look into a private place they do not stand in, or that could: camera, place,
    kind, place_name and looks (home, potential).
    """
    places = private[private["kind"].isin(law.private_kinds)].reset_index(drop=True)
    shapes = places["geom"].to_numpy(dtype=object)
    place, near = of.reached(shapes, margin_m=views.moved_m)
    outside = ~shapely.intersects(of.places[near], shapes[place])
    place, near = place[outside], near[outside]
    rooms = Rooms.among(
        shapes, of.obstacles, views, reach_m=of.most_m.max(initial=0.0), least_m2=law.view_min_m2
    )
    home, potential = (
        rooms.seen(looking(of, near), place, views)
        for looking in (survey.home_views, survey.potential_views)
    )
    hit = home | potential
    found: pd.DataFrame = places.iloc[place[hit]].reset_index(drop=True)
    return found[["place", "kind", "place_name"]].assign(
        camera=cameras["camera"].to_numpy(dtype=object)[near[hit]],
        looks=np.where(home[hit], "home", "potential"),
    )
