"""Let dwellings by building: whole, shared, dormitories, and planted suspected group rentals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo import kinds
from data.demo.buildings import Buildings
from data.demo.compounds import Compounds
from data.demo.sizes import AS_OF, Scale
from gis.arrays import Flags, Floats, Ints
from gis.compounds.model import CompoundKind

GROUP_SHARE = 0.012  # of all lettings: planted as suspected group rental
ENDED_SHARE = 0.08
MAINLY_SHARE = 0.62  # of the dwellings of a planted mainly-rental old compound
USUAL_MOST = 0.42  # of the dwellings of any other old compound
VILLAGE_MOST = 0.75
FLOATING_SHARE = 0.72
_OLD = kinds.KINDS.index(CompoundKind.OLD)
_VILLAGE = kinds.KINDS.index(CompoundKind.URBAN_VILLAGE)


@dataclass(frozen=True)
class Lettings:
    """n lettings; ``active`` those not ended on the demo's day, ``group`` the planted suspects."""

    rows: pd.DataFrame
    compound: Ints
    active: Flags
    group: Flags
    mainly: Ints

    def per_compound(self, count: int) -> Ints:
        """(c,) active lettings."""
        return np.bincount(self.compound[self.active], minlength=count)

    def floating(self, count: int) -> Ints:
        """(c,) floating occupants of the active lettings."""
        weights = self.rows["floating_occupants"].to_numpy()[self.active]
        return np.bincount(self.compound[self.active], weights, count).astype(np.int64)


def let(
    compounds: Compounds, buildings: Buildings, scale: Scale, rng: np.random.Generator
) -> Lettings:
    """Draw ``scale.dwellings`` lettings, as near as the compounds' dwellings allow."""
    old = np.flatnonzero((compounds.kind == _OLD) & (compounds.households >= 80))
    mainly = np.sort(rng.choice(old, size=min(max(len(old) // 20, 1), len(old)), replace=False))
    count = _counts(compounds, mainly, scale.dwellings, rng)
    compound = np.repeat(np.arange(len(compounds)), count)
    building = _buildings(compound, buildings, compounds, rng)
    ended = (rng.random(len(compound)) < ENDED_SHARE) & ~np.isin(compound, mainly)
    group = rng.random(len(compound)) < GROUP_SHARE
    group[rng.integers(len(group), size=3)] = True  # at any size
    rows = _occupied(building, buildings, group, rng)
    rows["registered_on"], rows["ended_on"] = _dates(ended, rng)
    grades = np.where(group, "严管", np.where(rng.random(len(group)) < 0.15, "关注", "宽管"))
    return Lettings(rows.assign(grade=grades), compound, ~ended, group, mainly)


def _counts(compounds: Compounds, mainly: Ints, total: int, rng: np.random.Generator) -> Ints:
    """(c,) lettings in each compound; only the planted old compounds come to half and more."""
    most = np.where(
        compounds.kind == _OLD, USUAL_MOST, np.where(compounds.kind == _VILLAGE, VILLAGE_MOST, 0.48)
    )
    noise = rng.lognormal(0, 0.35, len(compounds))
    wanted = kinds.column("let_share")[compounds.kind] * noise * compounds.dwellings
    limit = most * compounds.dwellings
    fixed = np.zeros(len(compounds))
    fixed[mainly] = MAINLY_SHARE * compounds.dwellings[mainly]
    wanted[mainly] = 0
    for _ in range(12):  # scaling up runs into the limits: repeat until the total is near
        wanted *= max(total - fixed.sum(), 0) / wanted.sum()
        wanted = np.minimum(wanted, limit)
    count = np.ceil(fixed) + np.floor(wanted + rng.random(len(wanted)) * (fixed == 0))
    return np.asarray(np.minimum(count, compounds.dwellings), dtype=np.int64)


def _buildings(
    compound: Ints, buildings: Buildings, compounds: Compounds, rng: np.random.Generator
) -> Ints:
    """(n,) building of every letting, in proportion to the dwellings in it."""
    order = np.argsort(buildings.compound, kind="stable")
    running = np.cumsum(buildings.dwellings[order])
    owner = buildings.compound[order]
    first = np.searchsorted(owner, compound, side="left")
    before = np.where(first > 0, running[first - 1], 0)
    spot = before + rng.random(len(compound)) * compounds.dwellings[compound]
    return np.asarray(order[np.searchsorted(running, spot, side="right")])


def _occupied(
    building: Ints, buildings: Buildings, group: Flags, rng: np.random.Generator
) -> pd.DataFrame:
    """Rooms, usable floor and occupants; only planted ones break 5 m² a head or two a room."""
    count = len(building)
    draw = rng.random(count)
    mode = np.select([draw < 0.70, draw < 0.97], ["whole", "shared"], "dormitory")
    mode = np.where(group & (draw < 0.8), "group", mode)
    rooms = np.where(mode == "dormitory", rng.integers(4, 11, count), rng.integers(1, 5, count))
    usable = np.round(rooms * rng.uniform(14, 26, count) + 8, 1)
    per_room = np.where(mode == "whole", rng.uniform(0.5, 1.1, count), rng.uniform(0.8, 2.0, count))
    occupants = np.clip(np.rint(rooms * per_room), 1, 2 * rooms)
    crowded = np.ceil(np.maximum(rooms * rng.uniform(2.6, 4.0, count), 2 * rooms + 1))
    occupants = np.where(group, crowded, occupants).astype(np.int64)
    floating = rng.binomial(occupants, FLOATING_SHARE)
    shift = rng.uniform(-0.85, 0.85, (2, count))
    place: Floats = np.round(buildings.point(building, shift[0], shift[1]), 2)
    return pd.DataFrame(
        {
            "key": [f"CZ{number:08d}" for number in range(1, count + 1)],
            "building_key": buildings.key[building],
            "mode": mode,
            "rooms": rooms,
            "usable_m2": usable,
            "occupants": occupants,
            "floating_occupants": floating,
            "x": place[:, 0],
            "y": place[:, 1],
        }
    )


def _dates(
    ended: Flags, rng: np.random.Generator
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """(n,) registered and ended days; not-a-time where the letting goes on."""
    today = np.datetime64(AS_OF, "D")
    registered = today - rng.integers(90, 1500, len(ended)).astype("m8[D]")
    lasted = (rng.random(len(ended)) * (today - registered).astype(int)).astype("m8[D]")
    return registered, np.where(ended, registered + lasted, np.datetime64("NaT"))
