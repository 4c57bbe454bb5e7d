"""Video points at entrances, on walls and along streets, with planted faults; no addresses."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo import streets
from data.demo.buildings import Buildings
from data.demo.compounds import Compounds
from data.demo.grids import Fault
from data.demo.lattice import Floats, Ints
from data.demo.sizes import AS_OF, Scale

STREET_SHARE = 0.35
WITHOUT_SHARE = 0.03  # compounds without a camera
DOWN_SHARE = 0.026
BAD_ID_SHARE = 0.004
DUPLICATE_SHARE = 0.002
MISSING_SHARE = 0.006
SENSOR_MM = 5.4
_KINDS = ("fixed", "dome", "dome_ptz", "panoramic", "ptz")
_FOCAL_MM = (2.8, 4.0, 6.0, 8.0, 12.0)
_PIXELS = ((1920, 1080), (2560, 1440), (3840, 2160))
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
    polygons: NDArray[np.object_],
    buildings: Buildings,
    edges: streets.Edges,
    district: NDArray[np.str_],
    scale: Scale,
    rng: np.random.Generator,
) -> Cameras:
    """``scale.cameras`` points; ``district`` (k,) is the 6-digit code of every community."""
    total = scale.cameras
    bare = np.sort(
        rng.choice(len(compounds), size=max(round(WITHOUT_SHARE * len(compounds)), 1), replace=False)
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
    rows = _rows(place, bearing, where, region, compounds, rng)
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
    polygons: NDArray[np.object_],
    buildings: Buildings,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Ints]:
    """Places (n, 2), bearings in degrees and communities: the first at the gate, others on walls."""
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


def _rows(
    place: Floats,
    bearing: Floats,
    compound: Ints,
    region: NDArray[np.str_],
    compounds: Compounds,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All fields of the catalogue, complete and consistent."""
    count, home = len(place), compound >= 0
    kind = np.array(_KINDS)[rng.choice(5, p=[0.62, 0.18, 0.12, 0.03, 0.05], size=count)]
    round_view = kind == "panoramic"
    focal = np.array(_FOCAL_MM)[rng.choice(5, p=[0.2, 0.4, 0.2, 0.12, 0.08], size=count)]
    hfov = np.where(round_view, 360.0, np.round(np.degrees(2 * np.arctan(SENSOR_MM / 2 / focal)), 1))
    pixels = np.array(_PIXELS)[rng.choice(3, p=[0.55, 0.33, 0.12], size=count)]
    reach = np.round(pixels[:, 0] * focal / (25 * SENSOR_MM))  # 25 px/m: detect, EN 62676-4
    point_class = np.where(home, np.where(rng.random(count) < 0.9, "class_3", "class_2"),
                           np.where(rng.random(count) < 0.6, "class_1", "class_2"))  # fmt: skip
    status = rng.choice(["in_use", "repair", "planned", "removed", "unknown"], size=count,
                        p=[0.945, 0.025, 0.015, 0.01, 0.005])  # fmt: skip
    installed = np.datetime64(AS_OF) - rng.integers(60, 3200, count).astype("m8[D]")
    removed = np.where(status == "removed", np.datetime64("2026-08-15"), np.datetime64("NaT"))
    names = np.array([*compounds.name, "道路监控"], dtype=object)[compound]
    number = pd.Series(np.arange(1, count + 1).astype(str)).str.zfill(6)
    network = np.where(home, "2", "0")
    industry = np.where(home, "01", "00")
    filed = np.where(home, np.datetime64("NaT"), np.maximum(installed, np.datetime64("2025-04-01")) + 20)
    return pd.DataFrame(
        {
            "key": ("SP" + number).to_numpy(),
            "gb28181_id": pd.Series(region) + "00" + industry + "132" + network + number,
            "name": names + "点位" + number.to_numpy(),
            "point_class": point_class,
            "kind": kind,
            "status": status,
            "owner_unit": np.where(home, "小区物业服务单位", "公安分局"),
            "management_unit": np.where(home, "社区居民委员会", "街道综治中心"),
            "contact_unit": np.where(home, "小区物业服务单位", "街道综治中心"),
            "place_kind": np.where(home, "居民小区", "交通干线"),
            "mount": np.where(home, "壁挂", "立杆"),
            "indoor": False,
            "networked": np.where(rng.random(count) < 0.93, "已联网", "未联网"),
            "function_type": np.where(rng.random(count) < 0.9, "普通监控", "人员卡口"),
            "direction_deg": np.where(round_view, np.nan, bearing),
            "omnidirectional": round_view,
            "horizontal_fov_deg": hfov,
            "vertical_fov_deg": np.round(np.minimum(hfov * 0.5625, 90), 1),
            "tilt_deg": np.round(rng.uniform(8, 28, count), 1),
            "height_m": np.round(np.where(home, rng.uniform(3, 4.5, count), rng.uniform(4.5, 6.8, count)), 1),
            "max_distance_m": reach,
            "focal_mm": focal,
            "sensor_width_mm": SENSOR_MM,
            "width_px": pixels[:, 0],
            "height_px": pixels[:, 1],
            "light": rng.choice(["infrared", "white", "none"], p=[0.7, 0.2, 0.1], size=count),
            "imaging": "visible",
            "security_level": rng.choice(["A", "B", "C"], p=[0.7, 0.2, 0.1], size=count),
            "installed_on": installed,
            "removed_on": removed,
            "retention_days": rng.choice([30, 60, 90], p=[0.7, 0.1, 0.2], size=count),
            "legal_basis": np.where(home, "art9", "art7_gov"),
            "filed_on": filed,
            "filing_no": np.where(home, None, ("BA" + number).to_numpy()),
            "sign_present": rng.random(count) < 0.96,
            "consent_needed": False,
            "x": place[:, 0],
            "y": place[:, 1],
        }
    )


def _spoiled(rows: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Wrong and doubled ids and missing fields, each in points that have no other fault."""
    rows = rows.copy()
    sizes = [max(round(share * len(rows)), least) for share, least in
             ((BAD_ID_SHARE, 3), (DUPLICATE_SHARE, 2), (MISSING_SHARE, len(_LOST)))]  # fmt: skip
    usable = rng.permutation(np.flatnonzero(rows["direction_deg"].notna() & (rows["status"] == "in_use")))
    bad, double, lost = np.split(usable[: sum(sizes)], np.cumsum(sizes)[:-1])
    key, ids = rows["key"].to_numpy(), rows["gb28181_id"].to_numpy(dtype=object).copy()
    faults = []
    for turn, point in enumerate(bad.tolist()):
        good = str(ids[point])
        ids[point] = (good[:-1], good[:13] + "X" + good[14:], good[:10] + "118" + good[13:])[turn % 3]
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


def _observed(rows: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Two rounds of inspection; who is down in the last one is down on the demo's day."""
    keys = rows["key"].to_numpy()[(rows["status"] == "in_use").to_numpy()]
    rounds = []
    for day, at_least in (("2026-06-27", 0), ("2026-09-28", 2)):
        down = rng.random(len(keys)) < DOWN_SHARE
        down[rng.integers(len(keys), size=at_least)] = True
        minute = rng.integers(480, 1080, len(keys)).astype("m8[m]")
        cause = np.where(down, _CAUSES[rng.integers(len(_CAUSES), size=len(keys))], None)
        state = np.where(down, "down", "working")
        when = (np.datetime64(day) + minute).astype("M8[s]")
        rounds.append(
            pd.DataFrame({"camera_key": keys, "observed_at": when, "state": state, "cause": cause})
        )
    last = rounds[-1]
    broken = last.loc[last["state"] == "down", "camera_key"]
    return pd.concat(rounds, ignore_index=True), tuple(Fault("down", (str(k),)) for k in broken)
