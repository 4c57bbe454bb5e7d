"""Candidate points of a plan: given or generated places, what each shows, and which are allowed."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from gis.arrays import Flags, Ints, Shapes
from gis.district import District
from gis.progress import Say, unheard
from gis.video import optics
from gis.video.ground.rooms import Rooms
from gis.video.rules import LawRules
from gis.video.siting import sites
from gis.video.siting.around import Around
from gis.video.siting.ask import Ask, Grain
from gis.video.siting.sites import Poses, Samples
from gis.video.view import Views, drawn

_BATCH = 2_000  # fields at a time: a tenth of a second, after which the work may be stopped


@dataclass(frozen=True)
class Sight:
    """Which pose (``usable``, numbers of all poses) sees which sample."""

    matrix: sparse.csr_array
    usable: Ints


def places_of(
    here: Around, ask: Ask, grain: Grain, district: District
) -> tuple[Poses, NDArray[np.object_]]:
    """The poses, and the name of each place (empty for generated ones)."""
    if ask.candidates:
        return _given(ask, grain, district)
    of = here.scene
    inside = np.unique(of.obstacles.tree.query(of.outlines, predicate="intersects")[1])
    x_m, y_m = sites.along_walls(
        of.obstacles.polygons[inside], every_m=grain.every_m, offset_m=here.rules.wall_offset_m
    )
    corner = shapely.get_coordinates([gate for gate in here.homes["entrances"] if gate is not None])
    x_m, y_m = np.r_[x_m, corner[:, 0]], np.r_[y_m, corner[:, 1]]
    points = np.asarray(shapely.points(x_m, y_m), dtype=object).reshape(-1)
    near = np.unique(
        shapely.STRtree(of.outlines).query(points, predicate="dwithin", distance=1.0)[0]
    )
    found = sites.poses(x_m[near], y_m[near], every_deg=grain.every_deg)
    return found, np.full(len(near), "", dtype=object)


def _given(ask: Ask, grain: Grain, district: District) -> tuple[Poses, NDArray[np.object_]]:
    places = gpd.GeoSeries.from_xy(
        [one.lon for one in ask.candidates], [one.lat for one in ask.candidates], crs=4326
    ).to_crs(district.srid)
    looks = [np.nan if one.direction_deg is None else one.direction_deg for one in ask.candidates]
    found = sites.poses(
        places.x.to_numpy(), places.y.to_numpy(), every_deg=grain.every_deg,
        direction_deg=np.array(looks, dtype=float),
    )  # fmt: skip
    return found, np.array([one.name for one in ask.candidates], dtype=object)


def drawn_poses(here: Around, poses: Poses, level: int) -> Shapes:
    """What a usual fixed camera shows at each pose (n,), at the level asked for."""
    views = _usual(here, poses)
    chosen = replace(views, reach_m=views.reach_m[:, level : level + 1])
    return drawn(chosen, here.scene.obstacles, here.rules)[:, 0]


def _usual(here: Around, poses: Poses) -> Views:
    """A usual fixed camera at each pose."""
    kinds = np.full(len(poses.x_m), "fixed")
    usual = optics.complete(optics.CameraFields.unknown(kinds), here.rules)
    return Views(
        poses.x_m, poses.y_m, poses.direction_deg, usual.hfov_deg, usual.near_m, usual.reach_m,
        usual.height_m,
    )  # fmt: skip


def seen_by(
    here: Around, poses: Poses, samples: Samples, level: int, law: LawRules, say: Say = unheard
) -> Sight:
    """What each pose sees; poses that stand in a private place or look into one are left out."""
    rows: list[sparse.csr_array] = [sparse.csr_array((0, len(samples.x_m)))]
    usable = np.flatnonzero(allowed(here, poses, law))
    for begin in range(0, len(usable), _BATCH):
        done = f"{begin:,} / {len(usable):,}"
        say(begin / len(usable), f"视野 {done}", f"views {done}")
        fields = drawn_poses(here, poses.take(usable[begin : begin + _BATCH]), level)
        rows.append(sites.sight(fields, samples))
    return Sight(sparse.csr_array(sparse.vstack(rows, format="csr")), usable)


def allowed(here: Around, poses: Poses, law: LawRules) -> Flags:
    """Poses that stand in no private place and look into none, walls of rooms taken as windows."""
    private = here.private.loc[here.private["kind"].isin(law.private_kinds), "geom"]
    shapes = private.to_numpy(dtype=object)
    points = np.asarray(shapely.points(poses.x_m, poses.y_m), dtype=object).reshape(-1)
    fine = np.ones(len(points), dtype=np.bool_)
    fine[shapely.STRtree(shapes).query(points, predicate="intersects")[0]] = False
    reach_m = _usual(here, poses.take(slice(1))).reach_m.max(initial=0.0)
    pose, room = shapely.STRtree(shapes).query(
        points, predicate="dwithin", distance=reach_m + here.rules.moved_m
    )
    rooms = Rooms.among(
        shapes, here.scene.obstacles, here.rules, reach_m=reach_m, least_m2=law.view_min_m2
    )
    fine[pose[rooms.seen(_usual(here, poses.take(pose)), room, here.rules)]] = False
    return fine
