"""How much of the compounds' public ground cameras see: exact overlays, pure arrays, square metres.

Shapes are in one metric plane. c compounds, n cameras, q quality levels (weakest first).
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree

from gis.arrays import Flags, Floats, Ints, Shapes
from gis.video.kernels.depths import deeper_m2

MEASURES = ("seen", "seen_twice", "seen_all", "seen_all_twice", "seen_measured", "seen_potential")


@dataclass(frozen=True)
class Seen:
    """What n cameras see: ``fields`` (n, q) of the home positions, ``potential`` (n, q) of cameras
    that may look elsewhere (empty for the others); ``working``, ``assumed`` (n,): is in working
    order; any part of its field rests on an assumption.
    """

    fields: Shapes
    potential: Shapes
    working: Flags
    assumed: Flags


@dataclass(frozen=True)
class Coverage:
    """Square metres of public ground per compound and level, (c, q) but ``public_m2`` (c,).

    ``seen_m2``, ``seen_twice_m2``: by one, by two or more working cameras; ``seen_deeper_m2``
    (c, q, k): by at least 3, 4 ... working ones (k-coverage beyond two); ``seen_all_m2``,
    ``seen_all_twice_m2``: by any, working or not; ``seen_measured_m2``: by working cameras without
    assumed fields; ``seen_potential_m2``: if all working cameras that turn looked the right way.
    ``loss_compound``, ``loss_camera``, ``loss_m2`` (p, and p, q): what each working camera alone
    sees in a compound.
    """

    public_m2: Floats
    seen_m2: Floats
    seen_twice_m2: Floats
    seen_deeper_m2: Floats
    seen_all_m2: Floats
    seen_all_twice_m2: Floats
    seen_measured_m2: Floats
    seen_potential_m2: Floats
    loss_compound: Ints
    loss_camera: Ints
    loss_m2: Floats

    def share(self, measure: str) -> Floats:
        """One of `MEASURES` over the public ground, (c, q); NaN where there is none."""
        seen_m2: Floats = getattr(self, f"{measure}_m2")
        public = np.where(self.public_m2 > 0, self.public_m2, np.nan)
        return np.asarray(seen_m2 / public[:, None])


def public_ground(outlines: Shapes, footprints: Shapes, gardens: Shapes) -> Shapes:
    """Public ground (c,): outlines less footprints and declared private gardens."""
    outlines = _valid(outlines)
    cut = _valid(np.concatenate([footprints, gardens]))
    piece, compound = STRtree(outlines).query(cut, predicate="intersects")
    return np.asarray(shapely.difference(outlines, union_by(cut[piece], compound, len(outlines))))


def coverage(
    public: Shapes, seen: Seen, *, kept_level: int = 0, deepest: int = 2
) -> tuple[Coverage, Shapes]:
    """Overlay public ground (c,) with what the cameras see, by up to ``deepest`` working ones.

    Beside the figures the ground that working cameras see at one level, (c,): that of all would
    fill the memory of a city's run.
    """
    levels = [_level(public, seen, level, deepest) for level in range(seen.fields.shape[1])]
    losses = _losses(levels)
    areas = {name: np.column_stack([one.areas[name] for one in levels]) for name in levels[0].areas}
    figures = Coverage(
        public_m2=shapely.area(public),
        **{f"{name}_m2": areas[name] for name in MEASURES},
        seen_deeper_m2=np.stack([one.deeper_m2 for one in levels], axis=1),
        loss_compound=losses[0],
        loss_camera=losses[1],
        loss_m2=losses[2],
    )
    return figures, levels[kept_level].seen


@dataclass(frozen=True)
class _Level:
    areas: dict[str, Floats]
    deeper_m2: Floats
    seen: Shapes
    compound: Ints
    camera: Ints
    loss_m2: Floats


def _level(public: Shapes, seen: Seen, level: int, deepest: int) -> _Level:
    """One quality level: unions of the clipped fields, and of their overlaps."""
    compounds = len(public)
    piece, camera, compound = _clip(public, seen.fields[:, level])
    might, turning, there = _clip(public, seen.potential[:, level])
    works, sure = seen.working[camera], ~seen.assumed[camera]

    def union(chosen: Flags) -> Shapes:
        return union_by(piece[chosen], compound[chosen], compounds)

    measured, guessed, down = union(works & sure), union(works & ~sure), union(~works)
    now = shapely.union(measured, guessed)
    turned = union_by(might[seen.working[turning]], there[seen.working[turning]], compounds)
    shared, owner, both = _overlaps(piece, compound, works)
    twice = union_by(shared[both], owner[both], compounds)
    twice_any = shapely.union(twice, union_by(shared[~both], owner[~both], compounds))
    alone_m2 = shapely.area(shapely.difference(piece[works], twice[compound[works]]))
    shapes = {
        "seen": now,
        "seen_twice": twice,
        "seen_all": shapely.union(now, down),
        "seen_all_twice": twice_any,
        "seen_measured": measured,
        "seen_potential": shapely.union(now, turned),
    }
    areas = {name: shapely.area(shape) for name, shape in shapes.items()}
    deeper = deeper_m2(
        piece[works], compound[works], areas["seen"], areas["seen_twice"], deepest=deepest
    )
    return _Level(areas, deeper, now, compound[works], camera[works], alone_m2)


def _clip(public: Shapes, fields: Shapes) -> tuple[Shapes, Ints, Ints]:
    """Parts of the fields on public ground: piece, field and compound of each."""
    field, compound = STRtree(public).query(fields, predicate="intersects")
    order = np.lexsort((field, compound))
    field, compound = field[order], compound[order]
    piece = shapely.intersection(fields[field], public[compound])
    some = shapely.area(piece) > 0
    return piece[some], field[some], compound[some]


def _overlaps(piece: Shapes, compound: Ints, works: Flags) -> tuple[Shapes, Ints, Flags]:
    """Where two pieces of one compound overlap: shape, compound, whether both cameras work."""
    one, two = STRtree(piece).query(piece, predicate="intersects")
    pairs = (one < two) & (compound[one] == compound[two])
    one, two = one[pairs], two[pairs]
    return shapely.intersection(piece[one], piece[two]), compound[one], works[one] & works[two]


def _losses(levels: list[_Level]) -> tuple[Ints, Ints, Floats]:
    """Compound, camera and loss by level: one row per pair that any level has."""
    pairs = np.concatenate([np.column_stack([one.compound, one.camera]) for one in levels])
    rows, back = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
    loss_m2 = np.zeros((len(rows), len(levels)))
    begin = 0
    for level, one in enumerate(levels):
        loss_m2[back.ravel()[begin : begin + len(one.camera)], level] = one.loss_m2
        begin += len(one.camera)
    return rows[:, 0], rows[:, 1], loss_m2


def union_by(shapes: Shapes, owner: Ints, owners: int) -> Shapes:
    """Union of the polygons of each owner (owners,); empty where there is none."""
    order = np.argsort(owner, kind="stable")
    parts, at = shapely.get_parts(shapes[order], return_index=True)
    flat = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    out = np.full(owners, shapely.MultiPolygon(), dtype=object)
    if flat.any():
        shapely.multipolygons(parts[flat], indices=owner[order][at[flat]], out=out)
    return np.asarray(shapely.union_all(out[:, None], axis=1))


def _valid(shapes: Shapes) -> Shapes:
    return np.asarray(shapely.make_valid(np.asarray(shapes, dtype=object), method="structure"))
