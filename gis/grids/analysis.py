"""Grid audit on ground: gaps, overlaps, slivers and grids that leave their community."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.arrays import Flags, Shapes
from gis.grids.model import FindingKind
from gis.grids.pieces import is_narrow, mean_width_m, polygons, split
from gis.grids.rules import AuditRules

BESIDE_M = 0.1  # a grid this near to a gap borders on it; above rounding, below any street


@dataclass(frozen=True)
class Grids:
    """n grids of one network, in the metric frame; ``community`` is the index into `Outlines`.

    ``community`` is -1 where the grid's community is not on the register.
    """

    codes: NDArray[np.object_]
    area_codes: NDArray[np.object_]
    geoms: Shapes
    community: NDArray[np.intp]


@dataclass(frozen=True)
class Outlines:
    """Communities and, from narrow to wide, the streets and districts round them; may be empty."""

    codes: NDArray[np.object_]
    geoms: Shapes
    wider_codes: NDArray[np.object_]
    wider_geoms: Shapes
    district_code: str


@dataclass(frozen=True)
class Ground:
    """Pieces of ground with the grids (indices) and the area each one concerns."""

    kind: FindingKind
    geoms: Shapes
    area_codes: NDArray[np.object_]
    grids: Sequence[tuple[int, ...]]


def outlines(communities: pd.DataFrame, wider: pd.DataFrame, *, district_code: str) -> Outlines:
    """Outlines from frames with code and geom (metric; None becomes empty)."""
    return Outlines(
        communities["code"].to_numpy(dtype=object), polygons(communities["geom"].to_numpy()),
        wider["code"].to_numpy(dtype=object), polygons(wider["geom"].to_numpy()), district_code,
    )  # fmt: skip


def grids(frame: pd.DataFrame, places: Outlines) -> Grids:
    """Grids from a frame with code, area_code and geom (metric)."""
    index = pd.Index(places.codes)
    return Grids(
        frame["code"].to_numpy(dtype=object), frame["area_code"].to_numpy(dtype=object),
        polygons(frame["geom"].to_numpy()), index.get_indexer(pd.Index(frame["area_code"])),
    )  # fmt: skip


def audit_ground(found: Grids, places: Outlines, rules: AuditRules) -> pd.DataFrame:
    """Everything that GRD-1 says about ground.

    Returns
    -------
    frame
        kind, area_code, grid_codes (separated by commas), area_m2, figure, threshold, geom
        (metric). ``figure`` is the mean width in metres of a sliver, else the area in m².
    """
    tree = shapely.STRtree(found.geoms)
    refused = ~shapely.is_empty(shapely.coverage_invalid_edges(found.geoms))
    own = _unions(found, len(places.codes), refused)
    overlapping = overlaps(found, tree, refused, rules)
    pieces = [
        gaps(found, places, own, tree, rules),
        overlapping,
        _new_to(overlapping, outside(found, places, own, rules), rules),
        fragments(found, rules),
    ]
    frames = [_rows(ground, found.codes, rules) for ground in pieces]
    strangers = np.flatnonzero(found.community < 0) if len(places.codes) else np.array([], int)
    unplaced = Ground(
        FindingKind.OUTSIDE, found.geoms[strangers], found.area_codes[strangers],
        [(int(i),) for i in strangers],
    )  # fmt: skip
    return pd.concat([*frames, _rows(unplaced, found.codes, rules)], ignore_index=True)


def overlaps(found: Grids, tree: shapely.STRtree, refused: Flags, rules: AuditRules) -> Ground:
    """Ground that two grids claim, pair by pair.

    ``refused`` (n,): the grid has edges that the coverage check refuses. Only such grids are
    compared with their neighbours: a grid that overlaps has them, or its neighbour has.
    """
    suspects = np.flatnonzero(refused)
    near, other = tree.query(found.geoms[suspects], predicate="intersects")
    pairs = np.unique(np.sort(np.column_stack([suspects[near], other]), axis=1), axis=0)
    left, right = pairs[pairs[:, 0] < pairs[:, 1]].T
    both = shapely.intersection(found.geoms[left], found.geoms[right])
    pieces, of = split(both, min_m2=rules.overlap_min_m2, rounding_width_m=rules.rounding_width_m)
    named = [(int(left[i]), int(right[i])) for i in of]
    return Ground(FindingKind.OVERLAP, pieces, found.area_codes[left[of]], named)


def gaps(
    found: Grids, places: Outlines, own: Shapes, tree: shapely.STRtree, rules: AuditRules
) -> Ground:
    """Ground of a community, or between communities, that no grid covers, however wide.

    Ground between communities is what the outlines of street and district hold beyond them; where
    no wider outline is known, the holes that communities and grids enclose.
    """
    within = shapely.difference(places.geoms, own)
    between = _between(places, own, found)
    ground = np.concatenate([within, np.array([between], dtype=object)])
    bare, of = _without(ground, found, tree, rules)
    codes = np.append(places.codes, "")[of]
    for index in np.flatnonzero(of == len(places.codes)):
        codes[index] = _holder(bare[index], places)
    beside = _grouped(tree, bare, BESIDE_M)
    return Ground(FindingKind.GAP, bare, codes, beside)


def outside(found: Grids, places: Outlines, own: Shapes, rules: AuditRules) -> Ground:
    """Ground of a grid that lies outside the grid's community."""
    known = np.flatnonzero(shapely.area(places.geoms) > 0)
    beyond = shapely.difference(own[known], places.geoms[known])
    _, of = split(beyond, min_m2=rules.gap_min_m2, rounding_width_m=rules.rounding_width_m)
    suspects = np.flatnonzero(np.isin(found.community, known[of]))
    ground = shapely.difference(found.geoms[suspects], places.geoms[found.community[suspects]])
    pieces, of = split(ground, min_m2=rules.gap_min_m2, rounding_width_m=rules.rounding_width_m)
    whose = suspects[of]
    return Ground(FindingKind.OUTSIDE, pieces, found.area_codes[whose], [(int(i),) for i in whose])


def fragments(found: Grids, rules: AuditRules) -> Ground:
    """Parts of a grid that are slivers themselves: crumbs of an overlay, not ground to work on."""
    parts, of = shapely.get_parts(found.geoms, return_index=True)
    thin = is_narrow(parts, width_m=rules.sliver_width_m)
    thin &= shapely.area(parts) >= rules.gap_min_m2
    whose = of[thin]
    return Ground(
        FindingKind.SLIVER, parts[thin], found.area_codes[whose], [(int(i),) for i in whose]
    )


def _unions(found: Grids, communities: int, refused: Flags) -> Shapes:
    """(communities,) ground of each community's own grids; quick where their edges match."""
    out = np.full(communities, shapely.Polygon(), dtype=object)
    order = np.argsort(found.community, kind="stable")
    owners, starts = np.unique(found.community[order], return_index=True)
    for owner, members in zip(owners, np.split(order, starts[1:]), strict=True):
        if owner >= 0:
            unite = shapely.union_all if refused[members].any() else shapely.coverage_union_all
            out[owner] = unite(found.geoms[members])
    return out


def _between(places: Outlines, own: Shapes, found: Grids) -> shapely.Geometry:
    """Ground outside all communities that belongs to the district nevertheless."""
    drawn = shapely.area(places.geoms) > 0
    loose = found.geoms[(found.community < 0) | ~np.append(drawn, False)[found.community]]
    held = shapely.union_all(np.concatenate([places.geoms, own[~drawn], loose]))
    if shapely.area(places.wider_geoms).sum() > 0:
        return shapely.difference(shapely.union_all(places.wider_geoms), held)
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(held))))
    return shapely.difference(filled, held)


def _without(
    ground: Shapes, found: Grids, tree: shapely.STRtree, rules: AuditRules
) -> tuple[Shapes, NDArray[np.intp]]:
    """Pieces of ``ground``, each a community's own bare ground, after all the other grids."""
    keep = {"min_m2": rules.gap_min_m2, "rounding_width_m": rules.rounding_width_m}
    pieces, of = split(ground, **keep)
    rest = pieces.copy()
    for index, near in enumerate(_grouped(tree, pieces, 0.0)):
        others = [member for member in near if found.community[member] != of[index]]
        if others:
            taken = shapely.union_all(found.geoms[others])
            rest[index] = shapely.difference(pieces[index], taken)
    left, whose = split(rest, **keep)
    return left, of[whose]


def _grouped(tree: shapely.STRtree, geoms: Shapes, distance_m: float) -> list[tuple[int, ...]]:
    """Sorted indices of the tree's members within ``distance_m`` of each geometry."""
    near: list[list[int]] = [[] for _ in geoms]
    if len(geoms):
        pairs = tree.query(geoms, predicate="dwithin", distance=distance_m)
        for index, member in zip(*pairs.tolist(), strict=True):
            near[index].append(member)
    return [tuple(sorted(members)) for members in near]


def _holder(piece: shapely.Geometry, places: Outlines) -> str:
    """The narrowest street or district round a piece, else the district itself."""
    point = shapely.point_on_surface(piece)
    holders = np.flatnonzero(shapely.intersects(places.wider_geoms, point))
    return str(places.wider_codes[holders[0]]) if len(holders) else places.district_code


def _new_to(known: Ground, found: Ground, rules: AuditRules) -> Ground:
    """``found`` without narrow strips that ``known`` reports already for the same grid."""
    narrow = is_narrow(found.geoms, width_m=rules.sliver_width_m)
    claims: dict[int, list[int]] = {}
    for index, members in enumerate(known.grids):
        for member in members:
            claims.setdefault(member, []).append(index)
    fresh = [
        not thin or not _any_meets(known.geoms, claims.get(grid, []), geom)
        for thin, (grid,), geom in zip(narrow, found.grids, found.geoms, strict=True)
    ]
    kept = np.flatnonzero(np.array(fresh, dtype=bool))
    return Ground(
        found.kind, found.geoms[kept], found.area_codes[kept], [found.grids[int(i)] for i in kept]
    )


def _any_meets(geoms: Shapes, among: Iterable[int], geom: shapely.Geometry) -> bool:
    return bool(shapely.area(shapely.intersection(geoms[list(among)], geom)).sum() > 0)


def _rows(ground: Ground, codes: NDArray[np.object_], rules: AuditRules) -> pd.DataFrame:
    thin = is_narrow(ground.geoms, width_m=rules.sliver_width_m)
    area_m2 = shapely.area(ground.geoms)
    least = rules.overlap_min_m2 if ground.kind is FindingKind.OVERLAP else rules.gap_min_m2
    return pd.DataFrame(
        {
            "kind": np.where(thin, FindingKind.SLIVER.value, ground.kind.value).astype(object),
            "origin": ground.kind.value,
            "area_code": ground.area_codes,
            "grid_codes": [",".join(codes[list(members)]) for members in ground.grids],
            "area_m2": area_m2,
            "figure": np.where(thin, mean_width_m(ground.geoms), area_m2),
            "threshold": np.where(thin, rules.sliver_width_m, least),
            "geom": ground.geoms,
        }
    )
