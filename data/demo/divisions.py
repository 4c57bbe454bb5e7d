"""Who governs which block: districts, streets, communities and grids with their real codes."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo import outlines, partition
from data.demo.lattice import Lattice
from data.demo.sizes import HOUSEHOLDS_PER_GRID, Scale, Size
from data.reference import codes
from gis.arrays import Floats, Ints, Shapes, Words

RURAL_STREET_FACTOR = 0.6  # households of a community in a rural street against one in town
RURAL_STREETS = ("530102010",)
CORE_DISTRICTS = ("530102", "530103", "530111", "530112", "530114")
RURAL_DISTRICT_FACTOR = 0.45


@dataclass(frozen=True)
class Divisions:
    """Communities (k), grids (g) and the blocks (n) in them.

    ``codes`` (k,) 12 digits; ``of_block`` (n,) community; ``grid_of_block`` (n,) grid;
    ``community_of_grid`` (g,); ``grid_codes`` (g,) 15 digits; ``grid_polygons`` (g,) EPSG:4543.
    ``ring`` (n,) is the distance from the centre over the radius of the built-up part.
    """

    codes: Words
    of_block: Ints
    grid_of_block: Ints
    community_of_grid: Ints
    grid_codes: Words
    grid_polygons: Shapes
    ring: Floats

    def polygons(self, digits: int) -> dict[str, shapely.Geometry]:
        """Outline by code of the divisions whose codes have ``digits`` digits, EPSG:4543."""
        owner = np.array([code[:digits] for code in self.codes])[self.community_of_grid]
        names, label = np.unique(owner, return_inverse=True)
        return dict(zip(names.tolist(), unions(self.grid_polygons, label), strict=True))


def unions(polygons: Shapes, label: Ints) -> Shapes:
    """The union of the polygons of every label 0..max; they must tile without overlap."""
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label))[:-1]
    groups = np.split(polygons[order], ends)
    joined = [group[0] if len(group) == 1 else _union(group) for group in groups]
    return np.array(joined, dtype=object)


def _union(polygons: Shapes) -> shapely.Geometry:
    return shapely.coverage_union_all(polygons)


def assign(lattice: Lattice, scale: Scale, size: Size, rng: np.random.Generator) -> Divisions:
    """Cut the blocks into divisions from the top down, then into grids of about 400 households."""
    listed = np.array([division.code for division in _chosen(scale, size)])
    grids_wanted = _grids_wanted(listed, scale, rng)
    ring, weight = _weights(lattice, scale)
    community = _communities(lattice, listed, grids_wanted, weight, rng)
    block_grid, owner = _grids(lattice, community, grids_wanted, rng)
    polygons = unions(lattice.polygons, block_grid)
    order, sequence = _reading_order(polygons, owner)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    grid_codes = np.char.add(listed[owner[order]], np.char.zfill(sequence.astype(str), 3))
    return Divisions(
        listed, community, rank[block_grid], owner[order], grid_codes, polygons[order], ring
    )


def _chosen(scale: Scale, size: Size) -> tuple[codes.Division, ...]:
    if size == "small":
        return codes.communities("530102001")[:3] + codes.communities("530102002")[:3]
    return codes.communities("5301" if size == "city" else scale.top)


def _grids_wanted(listed: Words, scale: Scale, rng: np.random.Generator) -> Ints:
    """(k,) how many grids each community gets, in proportion to its intended households."""
    rural_street = np.isin([code[:9] for code in listed], RURAL_STREETS)
    rural = ~np.isin([code[:6] for code in listed], CORE_DISTRICTS)
    share = rng.lognormal(0, 0.22, len(listed))
    share *= np.where(rural_street, RURAL_STREET_FACTOR, 1) * np.where(
        rural, RURAL_DISTRICT_FACTOR, 1
    )
    grids = share / share.sum() * scale.households / HOUSEHOLDS_PER_GRID
    return np.asarray(np.maximum(np.rint(grids), 1), dtype=np.int64)


def _weights(lattice: Lattice, scale: Scale) -> tuple[Floats, Floats]:
    """(n,) distance over the built-up radius, and the weight of each block in the cuts."""
    distance = np.hypot(*(lattice.centre - scale.centre).T)
    order = np.argsort(distance, kind="stable")
    built = np.cumsum(lattice.area_m2[order]) <= scale.urban_km2 * 1e6
    radius = distance[order][built].max()
    urban = distance <= radius
    ratio = scale.rural_share / (1 - scale.rural_share)
    rural_weight = ratio * urban.sum() / max((~urban).sum(), 1)
    return distance / radius, np.where(urban, 1.0, rural_weight)


def _communities(
    lattice: Lattice, listed: Words, need: Ints, weight: Floats, rng: np.random.Generator
) -> Ints:
    """(n,) community of every block: city, districts, streets, communities, each connected."""
    label = np.full(len(weight), -1)
    detached = sorted(set(lattice.exclave[lattice.exclave >= 0].tolist()))
    for piece, code in zip(detached, ("530102010010", "530102010011"), strict=False):
        label[lattice.exclave == piece] = np.flatnonzero(listed == code)[0]
    body = np.flatnonzero(label < 0)
    free = np.setdiff1d(np.arange(len(listed)), label[label >= 0])
    near = lattice.near[body]
    number = np.full(len(weight) + 1, -1)
    number[body] = np.arange(len(body))
    near = np.where(near >= 0, number[near], -1)
    parent = np.zeros(len(body), dtype=np.int64)
    parent_code = np.array([""])
    for digits in (6, 9, 12):
        child_code, group = np.unique([c[:digits] for c in listed[free]], return_inverse=True)
        child_need = np.bincount(group, weights=need[free]).astype(np.int64)
        where = [outlines.anchor(code) for code in child_code.tolist()]
        places = np.array([(np.nan, np.nan) if spot is None else spot for spot in where])
        wanted = partition.Parts(child_need.astype(float), child_need, places)
        above = _parents(child_code, parent_code)
        child = _cut(lattice.centre[body], weight[body], parent, above, wanted, rng)
        parent, parent_code = partition.connect(child, parent, near), child_code
    label[body] = free[parent]
    return label


def _parents(child_code: Words, parent_code: Words) -> Ints:
    """(k,) number of the parent: the one whose code begins the child's."""
    digits = len(str(parent_code[0]))
    return np.searchsorted(parent_code, [code[:digits] for code in child_code]).astype(np.int64)


def _cut(
    points: Floats,
    weight: Floats,
    parent: Ints,
    above: Ints,
    wanted: partition.Parts,
    rng: np.random.Generator,
) -> Ints:
    """(n,) child of every point, each parent's points cut among its own children."""
    label = np.full(len(points), -1)
    order = np.argsort(parent, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(parent, minlength=above.max() + 1))[:-1])
    for number, inside in enumerate(groups):
        kids = np.flatnonzero(above == number)
        own = partition.Parts(wanted.share[kids], wanted.need[kids], wanted.anchors[kids])
        label[inside] = kids[partition.split(points[inside], weight[inside], own, rng)]
    return label


def _grids(
    lattice: Lattice, community: Ints, wanted: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """(n,) grid of every block and (g,) community of every grid."""
    count = np.minimum(wanted, np.bincount(community, minlength=len(wanted)))
    owner = np.repeat(np.arange(len(count)), count)
    ones = np.ones(len(owner))
    want = partition.parts(ones, ones.astype(np.int64))
    weight = np.ones(len(community))
    label = _cut(lattice.centre, weight, community, owner, want, rng)
    return partition.connect(label, community, lattice.near), owner


def _reading_order(polygons: Shapes, owner: Ints) -> tuple[Ints, Ints]:
    """Order and sequence (1, 2, ...) of the grids: west to east, north to south, per community."""
    west, south, east, north = shapely.bounds(polygons).T
    band = np.median(north - south)
    top = np.full(owner.max() + 1, -np.inf)
    middle = (south + north) / 2
    np.maximum.at(top, owner, middle)
    row = np.floor((top[owner] - middle) / band)
    order = np.lexsort((-middle, west + east, row, owner))  # stacked grids can share both ends
    first = np.searchsorted(owner[order], owner[order], side="left")
    return order, np.arange(len(order)) - first + 1
