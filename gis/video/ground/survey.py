"""A whole coverage run, or one of only the compounds that a change touches, on all cores."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from functools import cached_property

import numpy as np
import shapely
from shapely import STRtree

from gis.arrays import Flags, Floats, Ints, Shapes
from gis.video import view
from gis.video.ground import blind
from gis.video.ground.blind import BlindAreas, BlindRule
from gis.video.ground.coverage import Coverage, Seen, coverage, public_ground, union_by
from gis.video.kernels.obstacles import Obstacles
from gis.video.optics import Optics
from gis.video.view import Views
from gis.video.view_rules import ViewRules

_BATCH = 100  # compounds at a time: some hundred MiB for both cores together


@dataclass(frozen=True)
class Scene:
    """Everything a coverage run looks at, in one metric plane.

    ``outlines`` (c,) compounds, ``gardens`` declared private; cameras at ``x_m``, ``y_m`` (n,) with
    their ``optics``; ``working`` (n,).
    """

    outlines: Shapes
    gardens: Shapes
    obstacles: Obstacles
    x_m: Floats
    y_m: Floats
    optics: Optics
    working: Flags

    @cached_property
    def places(self) -> Shapes:
        """Where the cameras stand, (n,) points."""
        return np.asarray(shapely.points(self.x_m, self.y_m), dtype=object).reshape(-1)

    @cached_property
    def reaches(self) -> STRtree:
        """Index of the squares that hold all that a camera's field may ever reach."""
        x_m, y_m, most_m = self.x_m, self.y_m, self.most_m
        squares = shapely.box(x_m - most_m, y_m - most_m, x_m + most_m, y_m + most_m)
        return STRtree(np.asarray(squares, dtype=object).reshape(-1))

    @cached_property
    def private(self) -> STRtree:
        """Index of the gardens."""
        return STRtree(self.gardens)

    @cached_property
    def most_m(self) -> Floats:
        """How far a camera's field may ever reach, (n,)."""
        home = np.where(self.optics.assured, self.optics.reach_m.max(axis=1), 0.0)
        potential = np.where(self.optics.potential, self.optics.potential_reach_m.max(axis=1), 0.0)
        return np.maximum(home, potential)

    def reached(self, shapes: Shapes, *, margin_m: float) -> tuple[Ints, Ints]:
        """Pairs of a shape and a camera whose field may reach it when it is moved by the margin."""
        shape, camera = self.reaches.query(shapes, predicate="dwithin", distance=margin_m)
        reach_m = self.most_m[camera] + margin_m
        near = shapely.dwithin(self.places[camera], shapes[shape], reach_m)
        return shape[near], camera[near]


def home_views(scene: Scene, chosen: Ints) -> Views:
    """The home positions of the chosen cameras; no reach where the direction is unknown."""
    of = scene.optics
    reach_m = np.where(of.assured[chosen, None], of.reach_m[chosen], 0.0)
    x_m, y_m, direction_deg, hfov_deg, near_m, height_m = (
        values[chosen]
        for values in (
            scene.x_m, scene.y_m, of.direction_deg, of.hfov_deg, of.near_m, of.height_m
        )
    )  # fmt: skip
    return Views(x_m, y_m, direction_deg, hfov_deg, near_m, reach_m, height_m)


def potential_views(scene: Scene, chosen: Ints) -> Views:
    """All round at the farthest, for the chosen cameras that may look elsewhere; else no reach.

    A camera that turns can look straight down, so it has no blind zone.
    """
    of = scene.optics
    reach_m = np.where(of.potential[chosen, None], of.potential_reach_m[chosen], 0.0)
    none = np.zeros(len(chosen))
    x_m, y_m, height_m = scene.x_m[chosen], scene.y_m[chosen], of.height_m[chosen]
    return Views(x_m, y_m, none, none + 360.0, none, reach_m, height_m)


@dataclass(frozen=True)
class Survey:
    """What a run finds of c compounds: covered square metres, and what no camera sees."""

    coverage: Coverage
    blind: BlindAreas


def survey(
    scene: Scene, rules: ViewRules, rule: BlindRule, *, compounds: Ints | None = None,
    deepest: int = 2, workers: int | None = None,
) -> Survey:  # fmt: skip
    """Coverage of the given compounds (all without), in their order, by up to ``deepest`` cameras
    at once; cameras keep their numbers.

    A batch of compounds is measured at a time and leaves its figures and blind areas alone, so
    that a city needs the memory of a few batches.
    """
    chosen = np.arange(len(scene.outlines)) if compounds is None else compounds
    middle = shapely.centroid(scene.outlines[chosen])
    order = along_a_curve(middle)
    batches = [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)] or [order]
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        parts = list(pool.map(lambda at: _batch(scene, rules, rule, deepest, chosen[at]), batches))
    return Survey(
        _joined([one.coverage for one in parts], batches),
        blind.joined([one.blind for one in parts], batches),
    )


def seen_ground(
    scene: Scene, rules: ViewRules, *, levels: slice = slice(None)
) -> tuple[Shapes, Shapes]:
    """Public ground (c,) and what working cameras see of it at the levels asked for, (c, q).

    The part of a survey that a single question needs, without overlaps, losses and what cameras
    could turn to.
    """
    camera = cameras_near(scene, rules, scene.outlines)
    inside = np.unique(scene.obstacles.tree.query(scene.outlines, predicate="intersects")[1])
    public = public_ground(scene.outlines, scene.obstacles.polygons[inside], scene.gardens)
    works = home_views(scene, camera[scene.working[camera]])
    fields = view.drawn(works, scene.obstacles, rules)[:, levels]
    seen = np.empty((len(public), fields.shape[1]), dtype=object)
    for level in range(fields.shape[1]):
        field, compound = STRtree(public).query(fields[:, level], predicate="intersects")
        piece = shapely.intersection(fields[field, level], public[compound])
        seen[:, level] = union_by(piece, compound, len(public))
    return public, seen


def cameras_near(scene: Scene, rules: ViewRules, shapes: Shapes) -> Ints:
    """Cameras whose field may reach any of the shapes."""
    return np.unique(scene.reached(shapes, margin_m=rules.moved_m)[1])


def _batch(
    scene: Scene, rules: ViewRules, rule: BlindRule, deepest: int, compounds: Ints
) -> Survey:
    """Fields of all cameras that reach the compounds, laid over their public ground."""
    outlines = scene.outlines[compounds]
    camera = cameras_near(scene, rules, outlines)
    inside = np.unique(scene.obstacles.tree.query(outlines, predicate="intersects")[1])
    private = np.unique(scene.private.query(outlines, predicate="intersects")[1])
    public = public_ground(
        outlines, scene.obstacles.polygons[inside], scene.gardens[private]
    )  # fmt: skip
    drawn = [
        view.drawn(views, scene.obstacles, rules)
        for views in (home_views(scene, camera), potential_views(scene, camera))
    ]  # fmt: skip
    assumed = np.asarray(scene.optics.assumed[camera].any(axis=1))
    seen = Seen(drawn[0], drawn[1], scene.working[camera], assumed)
    found, ground = coverage(public, seen, kept_level=rule.level, deepest=deepest)
    return Survey(
        replace(found, loss_camera=camera[found.loss_camera]),
        blind.blind_areas(public, ground, rule),
    )


def _joined(parts: list[Coverage], batches: list[Ints]) -> Coverage:
    """The batches' rows put back into the order of the compounds."""
    at = np.concatenate(batches)
    back = np.empty_like(at)
    back[at] = np.arange(len(at))
    out = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields_of(Coverage)
    }
    own = np.concatenate(
        [batch[part.loss_compound] for part, batch in zip(parts, batches, strict=True)]
    )
    order = np.lexsort((out["loss_camera"], own))
    losses = {"loss_compound": own, "loss_camera": out["loss_camera"], "loss_m2": out["loss_m2"]}
    return Coverage(
        **{name: values[back] for name, values in out.items() if name not in losses},
        **{name: values[order] for name, values in losses.items()},
    )


def along_a_curve(points: Shapes) -> Ints:
    """The order of points along rows of a coarse grid, so that a batch lies together."""
    x, y = shapely.get_x(points), shapely.get_y(points)
    if not len(x):
        return np.empty(0, dtype=np.int64)
    side = max(np.ptp(x), np.ptp(y), 1.0) / max(np.sqrt(len(x) / _BATCH), 1.0)
    row = np.floor((y - y.min()) / side)
    return np.argsort(row * 1e9 + (x - x.min()), kind="stable")
