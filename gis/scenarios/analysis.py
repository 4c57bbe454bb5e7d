"""A scenario laid over the register, and what it changes; arrays and frames only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from gis.areas.levels import Level
from gis.facilities.analysis import estimated_m2
from gis.facilities.board import Costs
from gis.scenarios.model import ChangeKind

_COMPARED = ["households", "floor_area_m2", "m2_per_100_households", "gap_m2", "verdict"]
PLACING = (ChangeKind.ADD, ChangeKind.CLOSE, ChangeKind.MOVE)  # what changes where facilities are


@dataclass(frozen=True)
class Change:
    """One change: the facility it speaks of, the community it puts it in, and its values.

    ``spot`` is the point (EPSG:4326) where one is added or moved to.
    """

    kind: str
    facility: str
    area_code: str
    values: dict[str, Any]
    spot: BaseGeometry | None = None


def applied(
    facilities: pd.DataFrame, shares: pd.DataFrame, changes: Sequence[Change]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Copies of both frames with the changes made in their order; a missing facility is skipped.

    ``facilities`` as `gis.facilities.store.facilities_on` gives them, ``shares``: facility,
    area_code, share. Sharing sets the shares of the communities it names; the others keep theirs.
    """
    rows = facilities.copy()
    for one in changes:
        at = rows["facility"] == one.facility
        match one.kind:
            case ChangeKind.ADD:
                rows = pd.concat([rows, _added(rows, one)], ignore_index=True)
            case ChangeKind.CLOSE:
                rows.loc[at, "is_open"] = False
            case ChangeKind.MOVE:
                rows.loc[at, ["area_code", "grid_code"]] = [one.area_code, None]
            case ChangeKind.RESIZE:
                rows.loc[at, "floor_area_m2"] = float(one.values["floor_area_m2"])
    return rows, shared(shares, changes)


def shared(shares: pd.DataFrame, changes: Sequence[Change]) -> pd.DataFrame:
    """A copy of the shares (as for `applied`) after the changes that share."""
    parts = shares.copy()
    for one in changes:
        if one.kind != ChangeKind.SHARE:
            continue
        given = [(one.facility, code, part) for code, part in one.values["shares"].items()]
        named = (parts["facility"] == one.facility) & parts["area_code"].isin(one.values["shares"])
        kept = parts[~named]
        fresh = pd.DataFrame(given, columns=["facility", "area_code", "share"])
        parts = pd.concat([kept, fresh], ignore_index=True) if len(kept) else fresh
    return parts


def held(
    facilities: pd.DataFrame, shares: pd.DataFrame, changes: Sequence[Change], facility: str
) -> tuple[frozenset[str], dict[str, float]]:
    """Where a facility stands after the changes, and what share of it others hold (above 0)."""
    rows, parts = applied(facilities, shares, changes)
    parts = parts[(parts["facility"] == facility) & (parts["share"] > 0)]
    own = rows.loc[rows["facility"] == facility, "area_code"]
    return frozenset(own), dict(zip(parts["area_code"], parts["share"], strict=True))


def placed(places: gpd.GeoDataFrame, changes: Sequence[Change]) -> tuple[gpd.GeoDataFrame, int]:
    """Open facilities as points after the changes, and how many of those put up have no place.

    ``places`` as `gis.walking.store.open_facilities_on` gives them. One without a place is nowhere:
    nobody walks to it.
    """
    rows = places.copy()
    for one in changes:
        if one.kind not in PLACING:
            continue
        at = rows["facility"] == one.facility
        row, rows = rows[at], rows[~at]
        if one.kind == ChangeKind.ADD:
            plain = {"facility": one.facility, "function": one.values["function"]}
            row = gpd.GeoDataFrame([plain], geometry=[None], crs=rows.crs).rename_geometry("geom")
        if one.kind == ChangeKind.CLOSE or row.empty:
            continue
        there = row.assign(area_code=one.area_code).set_geometry([one.spot], crs=rows.crs)
        rows = gpd.GeoDataFrame(pd.concat([rows, there[rows.columns]], ignore_index=True))
    stands = rows.geometry.notna()
    return rows[stands].reset_index(drop=True), int((~stands).sum())


def _added(rows: pd.DataFrame, one: Change) -> pd.DataFrame:
    plain: dict[str, Any] = dict.fromkeys(rows.columns)
    known = {name: one.values.get(name) for name in ("name", "function", "provision")}
    area_m2 = float(one.values["floor_area_m2"])
    row = {**plain, **known, "facility": one.facility, "area_code": one.area_code,
           "floor_area_m2": area_m2, "is_open": True, "status": "open"}  # fmt: skip
    return pd.DataFrame([row], columns=rows.columns).astype(rows.dtypes.to_dict())


def cost_yuan(facilities: pd.DataFrame, changes: Sequence[Change], costs: Costs) -> float:
    """Price of the facilities added and of the area, stated or estimated, that others grow by."""
    stated_m2 = facilities["floor_area_m2"].fillna(estimated_m2(facilities))
    before = stated_m2.set_axis(facilities["facility"])
    total = 0.0
    for one in changes:
        if one.kind == ChangeKind.ADD:
            total += costs.fixed_yuan + costs.yuan_per_m2 * float(one.values["floor_area_m2"])
        elif one.kind == ChangeKind.RESIZE:
            known = before.get(one.facility)
            had = float(known) if known is not None and pd.notna(known) else 0.0
            total += costs.yuan_per_m2 * max(0.0, float(one.values["floor_area_m2"]) - had)
    return total


def compared(today: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """Communities of two coverages side by side: code, name and each figure twice.

    The scenario's figures end in ``_then``; ``added_m2`` is the difference of the counted area,
    ``changed`` says whether the community's area differs. Changed ones first.
    """
    left, right = (
        rows[rows["subject_kind"] == Level.COMMUNITY].set_index("subject_code")
        for rows in (today, then)
    )
    both = left[["name", *_COMPARED]].join(right[_COMPARED].add_suffix("_then"))
    added_m2 = both["floor_area_m2_then"] - both["floor_area_m2"]
    both = both.assign(added_m2=added_m2, changed=added_m2.abs() > 1e-6)
    out = both.rename_axis("code").reset_index()
    return out.sort_values(["changed", "code"], ascending=[False, True]).reset_index(drop=True)
