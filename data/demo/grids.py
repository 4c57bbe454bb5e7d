"""The grids' households, their planted faults and the worker posts that staff them."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import shapely

from data.demo.divisions import Divisions
from data.demo.lattice import Lattice, side_corners
from data.demo.sizes import AS_OF, GRID_FAULTS, Scale
from gis.arrays import Flags, Floats, Ints, Shapes

TITLES = ("网格员", "网格长", "专职网格员")


@dataclass(frozen=True)
class Fault:
    """One planted fault: its kind, the codes or keys it concerns, and a figure if there is one."""

    kind: str
    keys: tuple[str, ...]
    figure: float | None = None


@dataclass(frozen=True)
class Grids:
    """g grids: households (g,), which are unknown in the file, and polygons with their faults."""

    households: Ints
    unknown: Flags
    polygon: Shapes
    faults: tuple[Fault, ...]


def households(divisions: Divisions, scale: Scale, rng: np.random.Generator) -> Grids:
    """Households of every grid, 320-480 but for the planted faults; polygons still sound."""
    count = len(divisions.grid_codes)
    few, many = scale.faults["households_low"], scale.faults["households_high"]
    aim = (scale.households - few * 180 - many * 1260) / (count - few - many)
    drawn = np.clip(np.rint(aim + rng.uniform(-80, 81, count)), 305, 495).astype(np.int64)
    chosen = rng.permutation(count)
    low, rest = np.split(chosen, [scale.faults["households_low"]])
    high, rest = np.split(rest, [scale.faults["households_high"]])
    missing = rest[: scale.faults["households_unknown"]]
    drawn[low] = rng.integers(110, 250, len(low))
    drawn[high] = rng.integers(620, 1900, len(high))
    unknown = np.isin(np.arange(count), missing)
    faults = [
        Fault(kind, (str(divisions.grid_codes[grid]),), figure)
        for kind, members in (("households_low", low), ("households_high", high))
        for grid, figure in ((g, float(drawn[g])) for g in np.sort(members))
    ]
    faults += [
        Fault("households_unknown", (str(divisions.grid_codes[g]),)) for g in np.sort(missing)
    ]
    return Grids(drawn, unknown, divisions.grid_polygons, tuple(faults))


def damaged(
    grids: Grids, lattice: Lattice, divisions: Divisions, scale: Scale, rng: np.random.Generator
) -> Grids:
    """The same grids with planted gaps, overlaps, slivers and pieces outside the community."""
    polygon = grids.polygon.copy()
    taken: set[int] = set()
    faults: list[Fault] = []
    for kind in GRID_FAULTS:
        edges = rng.permutation(_edges(lattice, divisions, outer=kind == "outside_community"))
        left = scale.faults[kind]
        for block, side in edges.tolist():
            touched = _touched(divisions, lattice, block, side)
            if left == 0 or touched & taken:
                continue
            faults.append(_damage(kind, polygon, lattice, divisions, (block, side)))
            taken |= touched
            left -= 1
    return Grids(grids.households, grids.unknown, polygon, grids.faults + tuple(faults))


def _touched(divisions: Divisions, lattice: Lattice, block: int, side: int) -> set[int]:
    other = int(lattice.near[block, side])
    both = [block] if other < 0 else [block, other]
    return {int(divisions.grid_of_block[b]) for b in both}


def _edges(lattice: Lattice, divisions: Divisions, *, outer: bool) -> Ints:
    """(e, 2) block and side: on the outline, or between two grids of one built-up community."""
    block, side = np.nonzero(lattice.near < 0 if outer else lattice.near >= 0)
    if outer:
        return np.stack([block, side], axis=1)
    other = lattice.near[block, side]
    grid, community = divisions.grid_of_block, divisions.of_block
    fits = (community[block] == community[other]) & (grid[block] != grid[other])
    return np.stack([block[fits], side[fits]], axis=1)


def _damage(
    kind: str,
    polygon: Shapes,
    lattice: Lattice,
    divisions: Divisions,
    edge: tuple[int, int],
) -> Fault:
    """Change one grid's polygon at one edge of one of its blocks; returns what was planted."""
    block, side = edge
    grid = int(divisions.grid_of_block[block])
    keys = [str(divisions.grid_codes[grid])]
    if kind == "overlap":
        other = int(lattice.near[block, side])
        piece = _wedge(lattice.corners[other], (side + 2) % 4, 0.5)
        keys.append(str(divisions.grid_codes[divisions.grid_of_block[other]]))
        polygon[grid] = shapely.union(polygon[grid], piece)
    elif kind == "outside_community":
        piece = _wedge(lattice.outside_corners(block, side), (side + 2) % 4, 0.35)
        polygon[grid] = shapely.union(polygon[grid], piece)
    else:
        depth_m = 1.2 if kind == "sliver" else None
        piece = _wedge(lattice.corners[block], side, 0.5, depth_m=depth_m)
        polygon[grid] = shapely.difference(polygon[grid], piece)
    return Fault(kind, tuple(keys), round(float(shapely.area(piece)), 1))


def _wedge(
    corners: Floats, side: int, inward: float, *, depth_m: float | None = None
) -> shapely.Polygon:
    """A piece of a block along one side, inside the block: a trapezium, or a thin triangle."""
    first, second = (corners[k] for k in side_corners(side))
    middle = corners.mean(axis=0)
    if depth_m is None:
        inner = [first + (middle - first) * inward, second + (middle - second) * inward]
        return shapely.Polygon(np.round([first, second, inner[1], inner[0]], 3))
    half = (first + second) / 2
    towards = (middle - half) / np.hypot(*(middle - half))
    return shapely.Polygon(np.round([first, second, half + towards * depth_m], 3))


def frame(grids: Grids, divisions: Divisions) -> pd.DataFrame:
    """The grids as a file states them, with ``geometry`` in EPSG:4543."""
    known = pd.array(grids.households, dtype="Int64")
    known[grids.unknown] = pd.NA
    names = [f"第{int(code[-3:])}网格" for code in divisions.grid_codes]
    return pd.DataFrame(
        {
            "code": divisions.grid_codes,
            "network": "unified",
            "name": names,
            "households": known,
            "valid_from": "2023-07-01",
            "geometry": grids.polygon,
        }
    )


def posts(
    divisions: Divisions, scale: Scale, rng: np.random.Generator
) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Worker posts: one on duty in every grid but the planted vacuums, and some that have ended."""
    count = len(divisions.grid_codes)
    vacuum = np.sort(rng.choice(count, size=scale.faults["no_worker"], replace=False))
    staffed = np.setdiff1d(np.arange(count), vacuum)
    ended = np.sort(np.r_[rng.choice(count, size=count // 10, replace=False), vacuum[::2]])
    grid = np.concatenate([staffed, ended])
    began = [date(2023, 7, 1) + timedelta(days=int(d)) for d in rng.integers(0, 700, len(grid))]
    left: list[date | None] = [None] * len(staffed)
    left += [
        min(start + timedelta(days=int(d)), AS_OF - timedelta(days=3))
        for start, d in zip(began[len(staffed) :], rng.integers(60, 500, len(ended)), strict=True)
    ]
    rows = pd.DataFrame(
        {
            "key": [f"GW{number + 1:06d}" for number in range(len(grid))],
            "grid_code": divisions.grid_codes[grid],
            "title": np.array(TITLES)[rng.choice(3, p=[0.7, 0.1, 0.2], size=len(grid))],
            "on_duty_on": began,
            "off_duty_on": left,
        }
    )
    faults = tuple(Fault("no_worker", (str(divisions.grid_codes[g]),)) for g in vacuum)
    return rows, faults
