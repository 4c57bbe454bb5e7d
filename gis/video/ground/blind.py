"""What cameras leave out: blind areas, and entrances, streets and key places seen or not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree

from gis.arrays import Floats, Ints, Shapes
from gis.video.ground.coverage import union_by

_ROUND = 4  # pieces of a quarter circle at a corner: 2 cm off for an opening of 1 m


@dataclass(frozen=True)
class BlindRule:
    """Which ground is blind: not seen at this quality level, wider than twice the opening, of a
    minimum size; see `gis.video.rules.GroundRules`.
    """

    level: int = 0
    opening_m: float = 1.0
    min_m2: float = 10.0


@dataclass(frozen=True)
class BlindAreas:
    """b blind areas: shape, compound, square metres; largest first."""

    shapes: Shapes
    compound: Ints
    area_m2: Floats


def blind_areas(public: Shapes, seen: Shapes, rule: BlindRule) -> BlindAreas:
    """Public ground (c,) less what is seen (c,), without strips narrower than twice the opening.

    Opening (shrink, then grow by the rule's metres) takes off the slivers between neighbouring
    fields; what is left and smaller than the rule's minimum is not reported.
    """
    left = shapely.difference(public, seen)
    core = shapely.buffer(left, -rule.opening_m, quad_segs=_ROUND)
    opened = shapely.buffer(core, rule.opening_m, quad_segs=_ROUND)
    shapes, compound = shapely.get_parts(shapely.intersection(opened, left), return_index=True)
    area_m2 = shapely.area(shapes)
    order = np.argsort(-area_m2, kind="stable")
    order = order[area_m2[order] >= rule.min_m2]
    return BlindAreas(shapes[order], compound[order], area_m2[order])


def joined(parts: Sequence[BlindAreas], compounds: Sequence[Ints]) -> BlindAreas:
    """The blind areas of several batches; ``compounds`` (one array per batch) gives the numbers
    that the batch's compounds have in the whole.
    """
    shapes = np.concatenate([part.shapes for part in parts])
    area_m2 = np.concatenate([part.area_m2 for part in parts])
    own = [at[part.compound] for part, at in zip(parts, compounds, strict=True)]
    compound = np.concatenate(own)
    west, south, _, _ = shapely.bounds(shapes).reshape(-1, 4).T
    order = np.lexsort((south, west, compound, -area_m2))
    return BlindAreas(shapes[order], compound[order], area_m2[order])


def seen_share(places: Shapes, fields: Shapes, *, tolerance_m: float) -> Floats:
    """How much of each place lies in any of the fields, 0 to 1.

    Points (entrances) are seen or not, ``tolerance_m`` away at most: doors lie in walls, where
    fields end. Lines (streets) count by length, areas (key places) by square metres.
    """
    place, field = STRtree(fields).query(places, predicate="dwithin", distance=tolerance_m)
    ground = union_by(fields[field], place, len(places))
    size = shapely.get_dimensions(places)
    length, area = shapely.length(places), shapely.area(places)
    within = shapely.intersection(places, ground)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_size = np.where(size == 2, shapely.area(within) / area, shapely.length(within) / length)
    met = np.isin(np.arange(len(places)), place)
    return np.where(size == 0, met.astype(np.float64), by_size)
