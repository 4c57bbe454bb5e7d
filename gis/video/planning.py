"""What one more point would add to a compound, and where the next ones belong."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import BadInput, NotFound
from gis.policy import Policy
from gis.video import ground_store, optics, placement, scenes, sites, survey, view
from gis.video.coverage import public_ground
from gis.video.placement import Plan
from gis.video.rules import GroundRules, LawRules
from gis.video.survey import Scene
from gis.video.view import Views
from gis.video.view_rules import ViewRules

NEAR_M = 600.0  # a point farther away than this from a compound is left out of its question
_SPACING_M, _EVERY_M, _EVERY_DEG = 2.0, 8.0, 45.0  # samples, places along walls, directions
_EXACT_POSES = 3_000  # more are planned greedily, with a bound


@dataclass(frozen=True)
class Added:
    """Square metres of public ground per quality, before and after, and the new field's shape."""

    compound: str
    quality: tuple[str, ...]
    public_m2: float
    before_m2: NDArray[np.float64]
    after_m2: NDArray[np.float64]
    assumed: bool


@dataclass(frozen=True)
class Proposed:
    """A plan for one compound: ``places``, best first: rank, lon, lat, direction_deg, gain_m2,
    cumulative_m2, cumulative_yuan."""

    compound: str
    quality: str
    public_m2: float
    seen_m2: float
    places: pd.DataFrame
    plan: Plan


@dataclass(frozen=True)
class _Around:
    """One compound with what stands near it."""

    scene: Scene
    cameras: pd.DataFrame
    home: "pd.Series[Any]"
    private: pd.DataFrame
    rules: ViewRules


def what_if(
    session: Session, *, policy: Policy, district: District, as_of: date, compound: str,
    planned: dict[str, Any],
) -> Added:  # fmt: skip
    """What a planned point (``lon``, ``lat`` and catalogue fields) adds to a compound.

    Raises NotFound for a compound that is not there on the day.
    """
    here = _around(session, policy, district, as_of, compound, planned)
    point = gpd.GeoSeries.from_xy([planned["lon"]], [planned["lat"]], crs=4326).to_crs(
        district.srid
    )
    row = {
        name: planned.get(name) for name in here.cameras.columns if name not in ("x_m", "y_m")
    } | {"camera": "planned", "status": "in_use", "observed": "working", "indoor": False,
         "x_m": point.x.iloc[0], "y_m": point.y.iloc[0]}  # fmt: skip
    more = pd.concat([here.cameras, pd.DataFrame([row])], ignore_index=True)
    of = here.scene
    later = Scene(
        of.outlines, of.gardens, of.obstacles, more["x_m"].to_numpy(dtype=float),
        more["y_m"].to_numpy(dtype=float), optics.complete(scenes.recorded(more), here.rules),
        scenes.working(more),
    )  # fmt: skip
    before, after = (survey.survey(one, here.rules, workers=1) for one in (of, later))
    return Added(
        compound, here.rules.quality_names, float(before.public_m2[0]), before.seen_m2[0],
        after.seen_m2[0], bool(later.optics.assumed[-1].any()),
    )  # fmt: skip


def propose(
    session: Session, *, policy: Policy, district: District, as_of: date, compound: str,
    budget: int, target: float | None = None,
) -> Proposed:  # fmt: skip
    """Where ``budget`` more fixed points add most, or the fewest that reach ``target`` (a share).

    Candidates stand along the walls of the compound's buildings and at its entrances and look
    every 45 degrees; none looks into a private place. Raises NotFound, and BadInput where there is
    no building to hang a camera on.
    """
    here = _around(session, policy, district, as_of, compound, {})
    of, rules, ground = here.scene, here.rules, GroundRules.of(policy)
    level = rules.quality_names.index(ground.quality)
    inside = of.obstacles.polygons[of.obstacles.tree.query(of.outlines[0], predicate="intersects")]
    if not len(inside):
        raise BadInput(f"compound {compound}: buildings are missing, nothing can be planned")
    public = public_ground(of.outlines, of.obstacles.polygons, of.gardens)
    poses = _poses(here, inside, rules)
    typical = optics.complete(optics.CameraFields.unknown(np.full(len(poses.x_m), "fixed")), rules)
    views = Views(
        poses.x_m, poses.y_m, poses.direction_deg, typical.hfov_deg, typical.near_m,
        typical.reach_m[:, level : level + 1], typical.height_m,
    )  # fmt: skip
    fields = view.drawn(views, of.obstacles, rules)[:, 0]
    law = LawRules.of(policy)
    forbidden = here.private.loc[here.private["kind"].isin(law.private_kinds), "geom"]
    usable = np.flatnonzero(sites.allowed(fields, forbidden.to_numpy(dtype=object)))
    works = survey.home_views(of, np.flatnonzero(of.working))
    now = view.drawn(works, of.obstacles, rules)[:, level]
    samples = sites.uncovered(sites.samples(public, spacing_m=_SPACING_M), now)
    sight = sites.sight(fields[usable], samples)
    found = _solved(
        sight, samples, public, budget, target, len(usable),
        unit_cost=float(policy["VID-COST", "yuan_per_point"]),
    )  # fmt: skip
    seen = survey.survey(of, rules, workers=1)
    at = usable[found.chosen]
    places = gpd.GeoSeries.from_xy(poses.x_m[at], poses.y_m[at], crs=district.srid).to_crs(4326)
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(at) + 1), "lon": places.x.round(7), "lat": places.y.round(7),
            "direction_deg": poses.direction_deg[at], "gain_m2": found.gain,
            "cumulative_m2": found.cumulative_gain, "cumulative_yuan": found.cumulative_cost,
        }
    )  # fmt: skip
    return Proposed(
        compound, ground.quality, float(seen.public_m2[0]), float(seen.seen_m2[0, level]), table,
        found,
    )  # fmt: skip


def _solved(
    sight: Any, samples: sites.Samples, public: NDArray[np.object_], budget: int,
    target: float | None, poses: int, *, unit_cost: float,
) -> Plan:  # fmt: skip
    exact = poses <= _EXACT_POSES
    if target is None:
        return placement.for_budget(
            sight, samples.weight, budget=budget, exact=exact, unit_cost=unit_cost
        )
    open_m2, public_m2 = float(samples.weight.sum()), float(shapely.area(public).sum())
    missing = max(target * public_m2 - (public_m2 - open_m2), 0.0)
    share = missing / open_m2 if open_m2 else 0.0
    return placement.for_target(
        sight, samples.weight, target_share=share, exact=exact, unit_cost=unit_cost
    )


def _poses(here: _Around, inside: NDArray[np.object_], rules: ViewRules) -> sites.Poses:
    x_m, y_m = sites.along_walls(inside, every_m=_EVERY_M, offset_m=rules.wall_offset_m)
    gates = here.home["entrances"]
    if gates is not None:
        corner = shapely.get_coordinates(gates)
        x_m, y_m = np.r_[x_m, corner[:, 0]], np.r_[y_m, corner[:, 1]]
    near = shapely.intersects_xy(here.scene.outlines[0].buffer(1.0), x_m, y_m)
    return sites.poses(x_m[near], y_m[near], every_deg=_EVERY_DEG)


def _around(
    session: Session, policy: Policy, district: District, as_of: date, compound: str,
    planned: dict[str, Any],
) -> _Around:  # fmt: skip
    rules = ViewRules.of(policy)
    homes = ground_store.compounds(session, district=district, as_of=as_of, compound=compound)
    if homes.empty:
        raise NotFound("compound", compound)
    home = homes.iloc[0]
    wide = gpd.GeoSeries([home["geom"].envelope.buffer(NEAR_M)], crs=district.srid).to_crs(4326)
    west, south, east, north = wide.total_bounds
    box = (float(west), float(south), float(east), float(north))
    cameras = scenes.outdoors(
        ground_store.cameras(session, district=district, as_of=as_of, box=box)
    )
    houses = ground_store.buildings(session, district=district, box=box)
    private = ground_store.private_places(session, district=district, box=box)
    gardens = private.loc[private["kind"] == "garden", "geom"].to_numpy(dtype=object)
    of = scenes.scene(
        cameras, homes["geom"].to_numpy(dtype=object), gardens,
        houses["geom"].to_numpy(dtype=object), houses["height_m"].to_numpy(dtype=float), rules,
    )  # fmt: skip
    return _Around(of, cameras, home, private, rules)
