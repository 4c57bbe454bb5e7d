"""Where the next video points belong: in one compound, or in all compounds of an area."""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gis.arrays import Floats, Ints, Shapes
from gis.district import District
from gis.policy import Policy
from gis.progress import Say, part, unheard
from gis.video.ground import blind, survey
from gis.video.ground.scenes import degrees, working
from gis.video.rules import GroundRules, LawRules, PlanRules
from gis.video.siting import ask as asking
from gis.video.siting import sites, worth
from gis.video.siting.around import Around, around, built_compounds
from gis.video.siting.ask import Ask, Grain
from gis.video.siting.placement import Plan, for_budget, for_target
from gis.video.siting.poses import Sight, drawn_poses, places_of, seen_by
from gis.video.siting.sites import Poses

_EXACT_POSES = 3_000  # more are planned greedily, with a bound
_PATIENCE_S = 5.0  # of the exact solver; then the best plan so far and its gap


@dataclass(frozen=True)
class Proposed:
    """A plan: ``places``, best first: rank, compound, name, lon, lat, direction_deg, weighted_m2,
    gain_m2, cumulative_m2, cumulative_yuan; ``fields`` the same with what each shows (EPSG:4326).

    ``seen_m2`` is what the fixed points show, of which ``fixed`` counts those near the compounds:
    working, down (or in repair) and planned. ``gain_m2`` is the exact ground that a place adds to
    those before it, ``weighted_m2`` what it counted for in the plan. ``entrances``: all, seen now,
    seen then. ``weighed``: how many incidents, entrances and daily passers-by the weights come
    from. ``poses`` were looked at and ``excluded`` of them left out, since they look into a private
    place.
    """

    ask: Ask
    quality: str
    public_m2: float
    seen_m2: float
    then_m2: float
    places: pd.DataFrame
    fields: gpd.GeoDataFrame
    plan: Plan
    grain: Grain
    poses: int
    excluded: int
    fixed: dict[str, int]
    entrances: tuple[int, int, int]
    weighed: dict[str, int]


def propose(
    session: Session, *, policy: Policy, district: District, as_of: date, ask: Ask,
    say: Say = unheard,
) -> Proposed:  # fmt: skip
    """Where ``ask.budget`` more fixed points add most, or the fewest that reach ``ask.target``.

    Points that stand, in whatever order, and those that are planned stay, and what their home
    position shows needs no other: a plan that was taken into the register is not proposed again.
    Without given candidates places lie along the walls of the compounds' buildings and at their
    entrances; none stands in a private place or looks into one. One compound is solved exactly,
    many greedily; either way the plan says how far from the best it may be. ``say`` hears of the
    phases and ends the work by raising. Raises NotFound, and BadInput where there is no building to
    hang a camera on.
    """
    say(0.0, "地面", "ground")
    here = around(
        session, policy=policy, district=district, as_of=as_of, compound=ask.compound,
        area_prefix=ask.area_prefix, planned=True,
    )  # fmt: skip
    rules, ground = PlanRules.of(policy), GroundRules.of(policy)
    level = here.rules.quality_names.index(ground.quality)
    public, seen = _ground(here, level)
    say(0.15, f"{len(public):,} 个小区：点位", f"{len(public):,} compounds: places")
    grain = asking.grain(ask, len(public))
    poses, names = places_of(here, ask, grain, district)
    samples, weighed = worth.samples(
        session, here, public, seen, rules, ask, grain, district=district, as_of=as_of
    )
    sight = seen_by(here, poses, samples, level, LawRules.of(policy), part(say, 0.25, 0.5))
    plan = _solved(sight, samples, public, ask, rules, part(say, 0.5, 0.95))
    say(0.95, "新增面积", "what each adds")
    chosen = sight.usable[plan.chosen]
    fields = drawn_poses(here, poses.take(chosen), level)
    gain_m2 = _gains(public, seen, fields)
    places = _table(here, poses, names, chosen, plan, gain_m2, district)
    seen_m2 = float(shapely.area(seen).sum())
    return Proposed(
        ask, ground.quality, float(shapely.area(public).sum()), seen_m2,
        seen_m2 + float(gain_m2.sum()), places, degrees(places, fields, district), plan, grain,
        len(poses.x_m), len(poses.x_m) - len(sight.usable), _fixed(here),
        _entrances(here, seen, fields), weighed,
    )  # fmt: skip


def _ground(here: Around, level: int) -> tuple[Shapes, Shapes]:
    """Public ground of the compounds that have buildings, and what the fixed points see of it."""
    of = here.scene
    public, seen = survey.seen_ground(of, here.rules, levels=slice(level, level + 1))
    built = built_compounds(here)
    return public[built], seen[built, 0]


def _fixed(here: Around) -> dict[str, int]:
    """How many points that stay may show ground of the compounds, by their state."""
    near = survey.cameras_near(here.scene, here.rules, here.scene.outlines)
    cameras = here.cameras.iloc[near]
    planned, works = (cameras["status"] == "planned").to_numpy(), working(cameras)
    return {
        "working": int(works.sum()), "down": int((~works & ~planned).sum()),
        "planned": int(planned.sum()),
    }  # fmt: skip


def _solved(
    sight: Sight, samples: sites.Samples, public: Shapes, ask: Ask, rules: PlanRules, say: Say
) -> Plan:
    """The plan for the budget by weight, or for the target by square metres."""
    say(0.0, f"从 {len(sight.usable):,} 个视野中选择", f"choosing of {len(sight.usable):,} views")
    exact = ask.compound is not None and len(sight.usable) <= _EXACT_POSES
    if ask.target is None:
        return for_budget(
            sight.matrix, samples.weight, budget=ask.budget, exact=exact,
            unit_cost=rules.yuan_per_point, time_limit_s=_PATIENCE_S, say=say,
        )  # fmt: skip
    plain_m2 = np.where(samples.weight > 0, samples.cell_m2, 0.0)
    open_m2, public_m2 = float(plain_m2.sum()), float(shapely.area(public).sum())
    missing = max(ask.target * public_m2 - (public_m2 - open_m2), 0.0)
    return for_target(
        sight.matrix, plain_m2, target_share=missing / open_m2 if open_m2 else 0.0, exact=exact,
        unit_cost=rules.yuan_per_point, time_limit_s=_PATIENCE_S, say=say,
    )  # fmt: skip


def _gains(public: Shapes, seen: Shapes, fields: Shapes) -> Floats:
    """Square metres that each field adds to what is seen and to the fields before it: overlays."""
    left = shapely.difference(public, seen)
    tree = shapely.STRtree(public)
    gain_m2 = np.zeros(len(fields))
    for rank, field in enumerate(fields):
        near = tree.query(field, predicate="intersects")
        gain_m2[rank] = shapely.area(shapely.intersection(left[near], field)).sum()
        left[near] = shapely.difference(left[near], field)
    return gain_m2


def _table(
    here: Around, poses: Poses, names: NDArray[np.object_], chosen: Ints, plan: Plan,
    gain_m2: Floats, district: District,
) -> pd.DataFrame:  # fmt: skip
    x_m, y_m = poses.x_m[chosen], poses.y_m[chosen]
    places = gpd.GeoSeries.from_xy(x_m, y_m, crs=district.srid).to_crs(4326)
    home = here.homes["compound"].to_numpy(dtype=object)
    points = np.asarray(shapely.points(x_m, y_m), dtype=object).reshape(-1)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(chosen) + 1),
            "compound": home[shapely.STRtree(here.scene.outlines).nearest(points)],
            "name": names[poses.site[chosen]],
            "lon": places.x.to_numpy().round(7), "lat": places.y.to_numpy().round(7),
            "direction_deg": poses.direction_deg[chosen], "weighted_m2": plan.gain,
            "gain_m2": gain_m2, "cumulative_m2": np.cumsum(gain_m2),
            "cumulative_yuan": plan.cumulative_cost,
        }
    )  # fmt: skip


def _entrances(here: Around, seen: Shapes, fields: Shapes) -> tuple[int, int, int]:
    """Entrances: all, in view now, in view with the plan."""
    gates = worth.gates(here)
    near_m = here.rules.place_tolerance_m
    now = blind.seen_share(gates, seen, tolerance_m=near_m)
    then = blind.seen_share(gates, np.concatenate([seen, fields]), tolerance_m=near_m)
    return len(gates), int(now.sum()), int(then.sum())
