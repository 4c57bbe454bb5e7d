"""Planted breaches of the law on video, and the private places that cameras must keep out of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from data.demo.buildings import Buildings
from data.demo.cameras import Cameras
from data.demo.grids import Fault
from gis.arrays import Flags, Floats, Ints

EACH = 2  # breaches of every kind
VIEWS = 3  # places that one camera looks into
_IN_FORCE = np.datetime64("2025-04-01")
_PERSON_M = 1.7  # a camera must see a head, not only the ground
_KINDS = ("changing", "dormitory", "bath", "nursing", "guest_room")
_SIDE_M = 2.4
_APART_M = 60.0
_WIDE_M = 1.2  # beyond a place: what might still be seen of it


@dataclass(frozen=True)
class Planted:
    """The cameras with their breaches, the private places' rows, and what was planted."""

    cameras: Cameras
    places: pd.DataFrame
    faults: tuple[Fault, ...]


def plant(made: Cameras, buildings: Buildings, rng: np.random.Generator) -> Planted:
    """Breaches in cameras without another fault; places that one camera looks into or stands in."""
    rows, faults = _breaches(made, rng)
    places, more = _places(rows, buildings, made, rng)
    named = [Fault("blind_court", (str(key),), area) for key, area in _courts(buildings)]
    return Planted(replace(made, rows=rows), places, (*faults, *more, *named))


def _breaches(made: Cameras, rng: np.random.Generator) -> tuple[pd.DataFrame, list[Fault]]:
    rows = made.rows.copy()
    for name in ("filed_on", "retention_days", "legal_basis", "filing_no"):
        rows[name] = rows[name].astype(object)
    installed = rows["installed_on"].to_numpy(dtype="M8[D]")
    fit = _sound(made) & (rows["sign_present"] == True)  # noqa: E712 - a column of truth values
    old = fit & (rows["legal_basis"] == "art7_gov") & (installed < _IN_FORCE)
    street = rng.permutation(np.flatnonzero(old))[: 4 * EACH]
    home = rng.permutation(np.flatnonzero(fit & (rows["legal_basis"] == "art9")))[: 3 * EACH]
    groups = [*np.split(street, 4), *np.split(home, 3)]
    unfiled, late, short, target, nameless, target_short, target_long = groups
    rows.loc[unfiled, ["filed_on", "filing_no"]] = None
    rows.loc[late, "filed_on"] = np.datetime64("2025-10-18")
    rows.loc[short, "retention_days"] = 15
    rows.loc[[*target, *target_short, *target_long], "legal_basis"] = "counter_terror"
    rows.loc[[*target, *target_short], "retention_days"] = 60
    rows.loc[target_long, "retention_days"] = 90
    rows.loc[nameless, "legal_basis"] = None
    rows["retention_days"] = rows["retention_days"].astype("Int64")
    rows["filed_on"] = pd.to_datetime(rows["filed_on"])
    found: dict[str, Any] = {
        "not_filed": unfiled, "filed_late": late, "legal_basis_missing": nameless,
        "retention_short": [*short, *target, *target_short],
        "sign_missing": _standing(rows) & ~rows["sign_present"].astype(bool),
    }  # fmt: skip
    keys = rows["key"].to_numpy()
    return rows, [Fault(kind, (str(key),)) for kind, at in found.items() for key in keys[at]]


def _standing(rows: pd.DataFrame) -> Flags:
    return ~rows["status"].isin(["planned", "removed"]).to_numpy()


def _sound(made: Cameras) -> Flags:
    """Cameras in use without any fault so far."""
    spoiled = {key for fault in made.faults for key in fault.keys}
    fine = (made.rows["status"] == "in_use") & ~made.rows["key"].isin(spoiled)
    return np.asarray(fine & made.rows["direction_deg"].notna(), dtype=bool)


def _places(
    rows: pd.DataFrame, buildings: Buildings, made: Cameras, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[Fault]]:
    """Squares that exactly one camera looks into, then such that one stands in."""
    spot = rows[["x", "y"]].to_numpy(dtype=float)
    fixed = rng.permutation(np.flatnonzero(_sound(made) & (rows["kind"] == "fixed").to_numpy()))
    walls = shapely.STRtree(buildings.polygon)
    seen = _chosen(fixed, VIEWS, lambda at: _in_front(rows, at), rows, spot, walls)
    rest = [at for at in fixed if at not in {one for one, _ in seen}]
    held = _chosen(rest, EACH, lambda at: tuple(spot[at]), rows, spot, walls)
    kinds = [("forbidden_view", *one) for one in seen]
    kinds += [("forbidden_place", *one) for one in held]
    table = [
        {
            "key": f"SM{number:03d}", "kind": _KINDS[number % len(_KINDS)],
            "name": f"私密场所{number}", "geometry": shapely.MultiPolygon([square]),
        }
        for number, (_, _, square) in enumerate(kinds, start=1)
    ]  # fmt: skip
    faults = [Fault(kind, (str(rows["key"].iloc[at]),)) for kind, at, _ in kinds]
    return pd.DataFrame(table), faults


def _chosen(
    candidates: "Ints | list[int]",
    wanted: int,
    middle: Callable[[int], tuple[float, float]],
    rows: pd.DataFrame,
    spot: Floats,
    walls: shapely.STRtree,
) -> list[tuple[int, shapely.Polygon]]:
    """The first candidates whose square stands free and in nobody else's view."""
    found: list[tuple[int, shapely.Polygon]] = []
    for at in candidates:
        x, y = middle(int(at))
        if not np.isfinite(x):
            continue
        square = shapely.Point(x, y).buffer(_SIDE_M / 2, cap_style="square")
        apart = all(square.distance(other) > _APART_M for _, other in found)
        if apart and _alone(int(at), square, rows, spot, walls):
            found.append((int(at), square))
        if len(found) == wanted:
            break
    return found


def _in_front(rows: pd.DataFrame, at: int) -> tuple[float, float]:
    """The middle of the ground that the camera shows straight ahead; NaN if it shows too little."""
    row = rows.iloc[at]
    low, high = (np.radians(row["tilt_deg"] + s * row["vertical_fov_deg"] / 2) for s in (1, -1))
    drop = row["height_m"] - _PERSON_M
    near = drop / np.tan(low)
    far = drop / np.tan(high) if high > 0 else np.inf
    far = min(far, row["max_distance_m"], 25.0)
    if far - near < 2 * _SIDE_M:
        return np.nan, np.nan
    course, away = np.radians(row["direction_deg"]), (near + far) / 2
    return row["x"] + away * np.sin(course), row["y"] + away * np.cos(course)


def _alone(
    at: int, square: shapely.Polygon, rows: pd.DataFrame, spot: Floats, walls: shapely.STRtree
) -> bool:
    """Whether the square touches no building, ``at`` has a free line to it and nobody else has."""
    if walls.query(square.buffer(0.3), predicate="intersects").size:
        return False
    wide = square.buffer(_WIDE_M, join_style="mitre")
    if not _free(spot[at], square, walls, every=True):
        return False
    away = np.hypot(*(spot - np.array(square.centroid.coords[0])).T)
    reach = rows["max_distance_m"].to_numpy(dtype=float) + 10
    near = np.flatnonzero((away < np.where(np.isfinite(reach), reach, 300.0)) & (away > 0))
    return not any(
        other != at and _turned_to(rows.iloc[other], wide) and
        _free(spot[other], wide, walls, every=False)
        for other in near
    )  # fmt: skip


def _turned_to(row: "pd.Series[Any]", shape: shapely.Polygon) -> bool:
    """Whether any corner lies within the field's angle, ten degrees more on either side."""
    if (row["kind"] != "fixed" and row["kind"] != "dome") or pd.isna(row["direction_deg"]):
        return True
    corners = shapely.get_coordinates(shape) - np.array([row["x"], row["y"]], dtype=float)
    bearing = np.degrees(np.arctan2(corners[:, 0], corners[:, 1]))
    off = np.abs((bearing - row["direction_deg"] + 180) % 360 - 180)
    return bool(off.min() <= row["horizontal_fov_deg"] / 2 + 10)


def _free(eye: Floats, shape: shapely.Polygon, walls: shapely.STRtree, *, every: bool) -> bool:
    """Whether the lines from a camera to all (or any) of the corners and sides meet no wall."""
    ring = shapely.get_coordinates(shapely.segmentize(shape.exterior, 1.0))
    lines: Any = shapely.linestrings([[eye, end] for end in ring])
    blocked = np.zeros(len(ring), dtype=np.bool_)
    blocked[walls.query(lines, predicate="intersects")[0]] = True
    return bool(not blocked.any() if every else not blocked.all())


def _courts(buildings: Buildings) -> Iterator[tuple[str, float]]:
    """Courts that walls close in on every side: nobody looks into them from outside."""
    for key, compound, shape in zip(
        buildings.key, buildings.compound, buildings.polygon, strict=True
    ):
        for ring in shape.interiors if compound >= 0 else ():
            yield key, round(shapely.Polygon(ring).area, 2)
