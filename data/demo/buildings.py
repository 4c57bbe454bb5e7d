"""Footprints in rows on the lots: slabs, towers, angles, courtyards, village jumble."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo import kinds
from data.demo.compounds import Compounds
from data.demo.lots import Lots, at, sides_m
from gis.arrays import Flags, Floats, Ints, Shapes, Words
from gis.compounds.model import BuildingUse, CompoundKind

MARGIN_M = 5.0  # from the edge of the lot to the nearest wall
OTHER_SHARE = 0.08  # shops, offices, schools, workshops
STOREY_M = 2.9
_VILLAGE = kinds.KINDS.index(CompoundKind.URBAN_VILLAGE)

# Shapes in a box of side 2 round the origin; every one stays inside the box.
_SHAPES: tuple[Floats, ...] = (
    np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float),
    np.array([(-1, -1), (1, -1), (1, 0.1), (-0.2, 0.1), (-0.2, 1), (-1, 1)], float),
    np.array(
        [(-1, -1), (1, -1), (1, 1), (0.45, 1), (0.45, -0.1), (-0.45, -0.1), (-0.45, 1), (-1, 1)],
        float,
    ),
)
_RING = len(_SHAPES)  # a courtyard house: the box with a hole of half its side


@dataclass(frozen=True)
class Buildings:
    """b buildings: ``lot`` and ``compound`` (-1: none), centre and half sides (b, 2) in metres.

    ``axis`` (b, 2) is the unit vector along the first side; ``polygon`` (b,) EPSG:4543.
    """

    key: Words
    lot: Ints
    compound: Ints
    community: Ints
    centre: Floats
    half: Floats
    axis: Floats
    storeys: Ints
    dwellings: Ints
    use: Words
    polygon: Shapes

    def __len__(self) -> int:
        return len(self.key)

    @property
    def height_m(self) -> Floats:
        """(b,) height of the roof above ground."""
        return np.round(self.storeys * STOREY_M + 1.2, 1)

    def point(self, building: Ints, along: Floats, across: Floats) -> Floats:
        """(n, 2) metres: the centre moved by fractions of the half sides."""
        axis, half = self.axis[building], self.half[building]
        normal = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
        return np.asarray(
            self.centre[building]
            + axis * (along * half[:, 0])[:, None]
            + normal * (across * half[:, 1])[:, None]
        )


def place(
    lots: Lots,
    compounds: Compounds,
    community_of_lot: Ints,
    codes: Words,
    total: int,
    rng: np.random.Generator,
) -> Buildings:
    """About ``total`` buildings on the lots, with storeys that fit the dwellings in them."""
    count = _counts(lots, compounds, total, rng)
    lot = np.repeat(np.arange(len(count)), count)
    compound = lots.compound[lot]
    kind = np.where(compound >= 0, compounds.kind[compound], -1)
    centre, cell, axis = _cells(lots, lot, count, kind)
    half = _half_sides(kind, cell, rng)
    centre, axis = _jumbled(centre, cell, half, axis, kind == _VILLAGE, rng)
    shape = _shapes(kind, half, rng)
    polygon = _footprints(centre, half, axis, shape)
    floor = shapely.area(polygon)
    dwellings = _dwellings(compound, floor, compounds)
    storeys = _storeys(kind, dwellings, floor, rng)
    community = community_of_lot[lot]
    return Buildings(
        _keys(codes, community), lot, compound, community, centre, half, axis, storeys, dwellings,
        _uses(kind, rng), polygon,
    )  # fmt: skip


def _counts(lots: Lots, compounds: Compounds, total: int, rng: np.random.Generator) -> Ints:
    """(m,) buildings on every lot, about ``total`` in all and at least one per compound."""
    parts = np.bincount(lots.compound[lots.compound >= 0])
    per_kind = kinds.column("dwellings")[compounds.kind]
    wanted = compounds.dwellings / per_kind / parts
    homes = total * (1 - OTHER_SHARE)
    housing = lots.compound >= 0
    ideal = np.where(housing, wanted[lots.compound], 0.0)
    ideal *= homes / ideal.sum()
    tiny = housing & compounds.small[lots.compound]
    ideal = np.where(tiny, 1.0, np.where(housing, np.maximum(ideal, 2 / parts[lots.compound]), 0))
    empty = rng.uniform(0.5, 1.5, len(housing)) * ~housing
    ideal += empty / max(empty.sum(), 1e-9) * max(total - ideal.sum(), 0)
    whole = np.floor(ideal + rng.random(len(ideal)) * ~tiny * ~housing + 0.5 * housing)
    return np.asarray(np.maximum(whole, housing), dtype=np.int64)


def _cells(lots: Lots, lot: Ints, count: Ints, kind: Ints) -> tuple[Floats, Floats, Floats]:
    """Centre, cell size (n, 2) in metres and axis of every building: rows and columns of a lot."""
    width, height = (side - 2 * MARGIN_M for side in sides_m(lots.corners))
    village = np.zeros(len(count), dtype=bool)
    village[lot[kind == _VILLAGE]] = True
    aspect = np.where(village, 1.1, 1.9)
    columns = np.clip(np.rint(np.sqrt(count * width / height / aspect)), 1, np.maximum(count, 1))
    rows = np.ceil(np.maximum(count, 1) / columns)
    first = np.cumsum(count) - count
    number = np.arange(len(lot)) - first[lot]
    row, column = number // columns[lot], number % columns[lot]
    margin_u = MARGIN_M / (width + 2 * MARGIN_M)
    margin_v = MARGIN_M / (height + 2 * MARGIN_M)
    u = margin_u[lot] + (1 - 2 * margin_u[lot]) * (column + 0.5) / columns[lot]
    v = margin_v[lot] + (1 - 2 * margin_v[lot]) * (row + 0.5) / rows[lot]
    corners = lots.corners[lot]
    along = at(corners, np.minimum(u + 0.01, 1), v) - at(corners, np.maximum(u - 0.01, 0), v)
    cell = np.stack([width[lot] / columns[lot], height[lot] / rows[lot]], axis=1)
    cell *= _squareness(lots.corners)[lot, None]
    return at(corners, u, v), cell, along / np.hypot(*along.T)[:, None]


def _squareness(corners: Floats) -> Floats:
    """(m,) smallest sine of the angles at the corners: leaning lots hold narrower buildings."""
    out = np.roll(corners, -1, axis=1) - corners
    back = np.roll(corners, 1, axis=1) - corners
    cross = np.abs(out[..., 0] * back[..., 1] - out[..., 1] * back[..., 0])
    sine = cross / np.linalg.norm(out, axis=2) / np.linalg.norm(back, axis=2)
    return np.asarray(sine.min(axis=1))


def _half_sides(kind: Ints, cell: Floats, rng: np.random.Generator) -> Floats:
    """(n, 2) half sides: those of the kind, or what the cell has room for."""
    usual = np.array([(*kinds.TRAITS[k].footprint_m,) for k in kinds.KINDS] + [(40.0, 24.0)])
    wanted = usual[kind] * rng.uniform(0.85, 1.15, (len(kind), 2))
    room = np.maximum(cell * (0.80, 0.66), 4.0)
    return np.round(np.minimum(wanted, np.minimum(room, cell * 0.86)) / 2, 2)


def _jumbled(
    centre: Floats,
    cell: Floats,
    half: Floats,
    axis: Floats,
    village: Flags,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Village houses pushed and turned a little, within what their cell leaves free."""
    free = np.maximum(cell / 2 * 0.82 - half, 0) * village[:, None]
    push = rng.uniform(-1, 1, centre.shape) * free * 0.6
    normal = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
    moved = centre + axis * push[:, :1] + normal * push[:, 1:]
    turn = rng.uniform(-0.12, 0.12, len(centre)) * village * (free.min(axis=1) > 1.0)
    cos, sin = np.cos(turn), np.sin(turn)
    turned = np.stack(
        [axis[:, 0] * cos - axis[:, 1] * sin, axis[:, 0] * sin + axis[:, 1] * cos], axis=1
    )
    return np.round(moved, 3), turned


def _shapes(kind: Ints, half: Floats, rng: np.random.Generator) -> Ints:
    """Which shape: mostly boxes; angles, U-shapes and courtyards where both sides are long."""
    roomy = half.min(axis=1) > 6.5
    draw = rng.random(len(kind))
    fancy = np.select([draw < 0.14, draw < 0.20, draw < 0.25], [1, 2, _RING], 0)
    return np.where(roomy & (kind != _VILLAGE), fancy, 0)


def _footprints(centre: Floats, half: Floats, axis: Floats, shape: Ints) -> Shapes:
    """(n,) polygons, EPSG:4543, rounded to the millimetre."""
    polygon = np.empty(len(centre), dtype=object)
    for number, template in enumerate(_SHAPES):
        chosen = shape == number
        polygon[chosen] = shapely.polygons(
            _turned(template, centre[chosen], half[chosen], axis[chosen])
        )
    for i in np.flatnonzero(shape == _RING):
        one = slice(i, i + 1)
        shell, hole = (
            _turned(_SHAPES[0] * scale, centre[one], half[one], axis[one])[0] for scale in (1, 0.5)
        )
        polygon[i] = shapely.Polygon(shell, [hole])
    return polygon


def _turned(template: Floats, centre: Floats, half: Floats, axis: Floats) -> Floats:
    """(n, k, 2) corners of the template in metres."""
    normal = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
    scaled = template[None] * half[:, None]
    offset = scaled[..., :1] * axis[:, None] + scaled[..., 1:] * normal[:, None]
    return np.round(centre[:, None] + offset, 3)


def _dwellings(compound: Ints, floor: Floats, compounds: Compounds) -> Ints:
    """(n,) dwellings by footprint; those of a compound sum to the compound's."""
    found = np.zeros(len(compound), dtype=np.int64)
    homes = np.flatnonzero(compound >= 0)
    order = homes[np.argsort(compound[homes], kind="stable")]
    owner = compound[order]
    total = np.bincount(owner, weights=floor[order])
    share = floor[order] / total[owner] * compounds.dwellings[owner]
    running = np.cumsum(share)
    first = np.searchsorted(owner, owner, side="left")
    before = np.where(first > 0, running[first - 1], 0.0)
    upto = np.rint(np.round(running - before, 6))
    previous = np.where(np.arange(len(owner)) > first, np.r_[0.0, upto[:-1]], 0.0)
    found[order] = (upto - previous).astype(np.int64)
    return found


def _storeys(kind: Ints, dwellings: Ints, floor: Floats, rng: np.random.Generator) -> Ints:
    """(n,) storeys that hold the dwellings, within the range of the kind."""
    gross = np.r_[kinds.column("gross_m2"), 1.0][kind]
    limits = np.array([kinds.TRAITS[k].storeys for k in kinds.KINDS] + [(1, 6)])[kind]
    needed = np.where(kind >= 0, dwellings * gross / floor, rng.integers(1, 7, len(kind)))
    return np.clip(np.rint(needed), limits[:, 0], limits[:, 1]).astype(np.int64)


def _uses(kind: Ints, rng: np.random.Generator) -> Words:
    """Housing is residential or mixed; the rest is shops, public, workshops, other."""
    other = rng.choice(
        [BuildingUse.COMMERCIAL, BuildingUse.PUBLIC, BuildingUse.INDUSTRIAL, BuildingUse.OTHER],
        p=[0.5, 0.28, 0.14, 0.08], size=len(kind),
    )  # fmt: skip
    home = np.where(rng.random(len(kind)) < 0.1, BuildingUse.MIXED, BuildingUse.RESIDENTIAL)
    return np.where(kind >= 0, home, other).astype(str)


def _keys(codes: Words, community: Ints) -> Words:
    """``LD``, the community's code and a number in it."""
    order = np.argsort(community, kind="stable")
    first = np.searchsorted(community[order], community[order], side="left")
    sequence = np.empty(len(order), dtype=np.int64)
    sequence[order] = np.arange(len(order)) - first + 1
    return np.char.add(np.char.add("LD", codes[community]), np.char.zfill(sequence.astype(str), 4))
