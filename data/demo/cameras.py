"""Video points at entrances, on walls and along streets, with planted faults; no addresses."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from data.demo import camera_fields, streets
from data.demo.buildings import Buildings
from data.demo.compounds import Compounds
from data.demo.grids import Fault
from data.demo.sizes import Scale
from gis.arrays import Floats, Ints, Shapes, Words

STREET_SHARE = 0.35
WITHOUT_SHARE = 0.03  # compounds without a camera
DOWN_SHARE = 0.026
BAD_ID_SHARE = 0.004
DUPLICATE_SHARE = 0.002
MISSING_SHARE = 0.006
_CAUSES = np.array(["断电", "断网", "黑屏", "镜头遮挡", "设备损坏"])
_LOST = ("direction_deg", "point_class", "height_m", "installed_on", "retention_days", "gb28181_id")


@dataclass(frozen=True)
class Cameras:
    """The inventory's rows (``x``, ``y`` in metres), observations, and what was planted."""

    rows: pd.DataFrame
    observed: pd.DataFrame
    compound: Ints
    faults: tuple[Fault, ...]


def mount(
    compounds: Compounds,
    polygons: Shapes,
    buildings: Buildings,
    edges: streets.Edges,
    district: Words,
    scale: Scale,
    rng: np.random.Generator,
) -> Cameras:
    """``scale.cameras`` points; ``district`` (k,) is the 6-digit code of every community."""
    total = scale.cameras
    bare = np.sort(
        rng.choice(
            len(compounds), size=max(round(WITHOUT_SHARE * len(compounds)), 1), replace=False
        )
    )
    compound = _compound_of_each(compounds, bare, round(total * (1 - STREET_SHARE)), rng)
    at_homes, facing, codes = _in_compounds(compound, compounds, polygons, buildings, rng)
    edge = rng.integers(len(edges.ends), size=total - len(compound))
    on_streets = streets.places(edges, edge, rng)
    course = np.diff(edges.ends[edge], axis=1)[:, 0]
    along = np.degrees(np.arctan2(course[:, 0], course[:, 1])) + rng.choice([0, 180], len(edge))
    place = np.round(np.concatenate([at_homes, on_streets]), 2)
    bearing = np.round(np.concatenate([facing, along]) % 360, 1) % 360
    region = district[np.concatenate([codes, edges.community[edge]])]
    where = np.concatenate([compound, np.full(len(edge), -1)])
    rows = camera_fields.catalogue(where, compounds.name, region, bearing, rng)
    rows = rows.assign(x=place[:, 0], y=place[:, 1])
    rows, faults = _spoiled(rows, rng)
    observed, down = _observed(rows, rng)
    missing = [Fault("compound_without_camera", (str(compounds.code[c]),)) for c in bare]
    return Cameras(rows, observed, where, (*faults, *down, *missing))


def _compound_of_each(
    compounds: Compounds, bare: Ints, total: int, rng: np.random.Generator
) -> Ints:
    """(n,) compound of every camera that stands in one: at least one each but in the bare ones."""
    covered = np.setdiff1d(np.arange(len(compounds)), bare)
    weight = 60.0 + compounds.households[covered]
    more = rng.multinomial(max(total - len(covered), 0), weight / weight.sum())
    return np.repeat(covered, 1 + more)


def _in_compounds(
    compound: Ints,
    compounds: Compounds,
    polygons: Shapes,
    buildings: Buildings,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Ints]:
    """Places (n, 2), bearings (degrees) and communities: the first at the gate, others on walls."""
    order = np.argsort(buildings.compound, kind="stable")
    owner = buildings.compound[order]
    first = np.searchsorted(owner, compound, side="left")
    count = np.searchsorted(owner, compound, side="right") - first
    building = order[first + np.floor(rng.random(len(compound)) * count).astype(np.int64)]
    side = rng.integers(4, size=len(compound))
    out = 1 + 0.6 / buildings.half[building]
    slide = rng.uniform(-0.9, 0.9, len(compound))
    along = np.choose(side, [slide, out[:, 0], slide, -out[:, 0]])
    across = np.choose(side, [-out[:, 1], slide, out[:, 1], slide])
    place = buildings.point(building, along, across)
    axis = buildings.axis[building]
    heading = np.degrees(np.arctan2(axis[:, 0], axis[:, 1])) + np.choose(side, [90, 0, -90, 180])
    heading = heading + rng.uniform(-40, 40, len(heading))
    gate = np.r_[True, compound[1:] != compound[:-1]]
    entrance = shapely.get_coordinates(shapely.get_geometry(compounds.entrances, 0))
    middle = shapely.get_coordinates(shapely.centroid(polygons))
    inward = middle - entrance
    inward /= np.hypot(*inward.T)[:, None]
    place = np.where(gate[:, None], (entrance + inward * 2.5)[compound], place)
    outward = np.degrees(np.arctan2(-inward[:, 0], -inward[:, 1]))[compound]
    return place, np.where(gate, outward, heading), buildings.community[building]


def _spoiled(
    rows: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Wrong and doubled ids and missing fields, each in points that have no other fault."""
    rows = rows.copy()
    sizes = [max(round(share * len(rows)), least) for share, least in
             ((BAD_ID_SHARE, 3), (DUPLICATE_SHARE, 2), (MISSING_SHARE, len(_LOST)))]  # fmt: skip
    usable = rng.permutation(
        np.flatnonzero(rows["direction_deg"].notna() & (rows["status"] == "in_use"))
    )
    bad, double, lost = np.split(usable[: sum(sizes)], np.cumsum(sizes)[:-1])
    key, ids = rows["key"].to_numpy(), rows["gb28181_id"].to_numpy(dtype=object).copy()
    faults = []
    for turn, point in enumerate(bad.tolist()):
        good = str(ids[point])
        ids[point] = (good[:-1], good[:13] + "X" + good[14:], good[:10] + "118" + good[13:])[
            turn % 3
        ]
        faults.append(Fault("bad_id", (str(key[point]),)))
    for point in double.tolist():
        other = int(rng.choice(usable[sum(sizes) :]))
        ids[point] = ids[other]
        faults.append(Fault("duplicate_id", (str(key[point]), str(key[other]))))
    rows["gb28181_id"] = ids
    for turn, point in enumerate(lost.tolist()):
        field = _LOST[turn % len(_LOST)]
        if field in ("installed_on", "retention_days"):  # a duty of class 1 points only
            rows.loc[point, "point_class"] = "class_1"
        if field == "retention_days":
            rows[field] = rows[field].astype("Int64")
        rows.loc[point, field] = None
        faults.append(Fault(f"missing_{field}", (str(key[point]),)))
    return rows, tuple(faults)


def _observed(
    rows: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Two rounds of inspection; who is down in the last one is down on the demo's day.

    Down in both is overdue: nobody repaired it in three months.
    """
    keys = rows["key"].to_numpy()[(rows["status"] == "in_use").to_numpy()]
    rounds = []
    for day, at_least in (("2026-06-27", 0), ("2026-09-28", 2)):
        down = rng.random(len(keys)) < DOWN_SHARE
        down[rng.integers(len(keys), size=at_least)] = True
        down[0] = True  # broken in both rounds: long overdue
        minute = rng.integers(480, 1080, len(keys)).astype("m8[m]")
        causes = pd.Series(rng.choice(_CAUSES, size=len(keys)), dtype=object)
        state = np.where(down, "down", "working")
        when = (np.datetime64(day) + minute).astype("M8[s]")
        rounds.append(
            pd.DataFrame(
                {
                    "camera_key": keys,
                    "observed_at": when,
                    "state": state,
                    "cause": causes.where(down),
                }
            )
        )
    last = rounds[-1]
    broken = last.loc[last["state"] == "down", "camera_key"]
    first = rounds[0]
    long = broken[broken.isin(first.loc[first["state"] == "down", "camera_key"])]
    faults = [Fault("down", (str(k),)) for k in broken]
    faults += [Fault("repair_overdue", (str(k),)) for k in long]
    return pd.concat(rounds, ignore_index=True), tuple(faults)
