"""A drawing of one community's grids, and what speaks against it before it is saved."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from gis import privacy
from gis.district import District
from gis.errors import BadInput, NotFound, halves
from gis.grids import analysis, reasons, store
from gis.grids.model import FindingKind, Network
from gis.grids.reshape import Drawn
from gis.grids.rules import AuditRules
from gis.grids.staffing import audit_staffing
from gis.policy import Policy
from gis.runs import digest

_LONGEST_NAME = 60  # characters
_MOST_HOUSEHOLDS = 100_000
_SAME_GROUND_M2 = 0.1  # less is rounding on the way to a browser and back
_NEW = "+"  # with a number: what findings call a grid without a code


@dataclass(frozen=True)
class Remark:
    """One result of the checks; ``stops``: the drawing cannot be saved with it."""

    zh: str
    en: str
    stops: bool


@dataclass(frozen=True)
class Change:
    """One grid that a drawing changes: ``what`` is new, gone, redrawn or renamed; areas in m²."""

    what: str
    code: str
    before_m2: float | None
    after_m2: float | None


@dataclass(frozen=True)
class Checked:
    """What the checks found and what would change."""

    remarks: tuple[Remark, ...]
    changes: tuple[Change, ...]

    @property
    def stops(self) -> bool:
        """Whether anything forbids saving."""
        return any(one.stops for one in self.remarks)


@dataclass(frozen=True)
class Sheet:
    """A community on the drawing table: its outline, its grids in force, the grids around them.

    Frames as of `store.in_force`, in degrees (EPSG:4326).
    """

    community: str
    name: str
    outline: BaseGeometry
    own: gpd.GeoDataFrame
    around: gpd.GeoDataFrame

    @property
    def mark(self) -> str:
        """A fingerprint of the grids in force: another one after every change of them."""
        return digest.of_frames({"grids": self.own.drop(columns="posts")})[:16]

    @property
    def drawn(self) -> list[Drawn]:
        """The grids in force as something to draw on."""
        return [
            Drawn(
                row["code"], row["geom"], row["name"],
                None if pd.isna(row["households"]) else int(row["households"]),
            )
            for row in self.own.to_dict("records")
        ]  # fmt: skip


def sheet(session: Session, community: str) -> Sheet:
    """The community as it is; raises NotFound for one without an outline or out of reach."""
    place = store.community(session, community)
    if place is None or place.geom is None:
        raise NotFound("community", community)
    near = store.in_force(session, community)
    own = near["area_code"] == community
    return Sheet(
        community, place.name, shapely.from_wkb(bytes(place.geom)),
        near[own].reset_index(drop=True), near[~own].reset_index(drop=True),
    )  # fmt: skip


def check(table: Sheet, drawn: Sequence[Drawn], *, policy: Policy, district: District) -> Checked:
    """Hold a drawing against GRD-1 and GRD-2; nothing is written.

    A gap, overlap, sliver or ground outside the community forbids saving where the drawing makes
    it; where it stood there before, it is said and may stay. Staff and size are said.
    """
    words = [*_of_entries(table, drawn)]
    if words:
        return Checked(tuple(words), ())
    rules = AuditRules.of(policy)
    before = _frame(table, table.drawn, district.srid)
    after = _frame(table, drawn, district.srid)
    found = _ground(table, after, rules, district)
    stood = _ground(table, before, rules, district)
    changes = changed(table, drawn, district=district)
    touched = {one.code for one in changes}
    staff = audit_staffing(after[after["code"].isin(touched)], rules)
    remarks = [
        *_told(
            found, rules, stops=[_is_new(row, stood, rules) for row in found.to_dict("records")]
        ),
        *_told(staff, rules, stops=[False] * len(staff)),
        *_left_posts(table, changes),
    ]
    return Checked(tuple(remarks), tuple(changes))


def _of_entries(table: Sheet, drawn: Sequence[Drawn]) -> list[Remark]:
    """What is wrong with codes, names, counts and outlines taken one by one."""
    found = []
    known, said = set(table.own["code"]), [one.code for one in drawn if one.code]
    for code in sorted(set(said) - known):
        found.append(Remark(f"本社区没有网格 {code}", f"the community has no grid {code}", True))
    for code in sorted({one for one in said if said.count(one) > 1}):
        found.append(Remark(f"网格 {code} 出现两次", f"grid {code} is drawn twice", True))
    if not drawn:
        found.append(Remark("没有网格", "there is no grid", True))
    for one, label in zip(drawn, labels(drawn), strict=True):
        found += [Remark(f"{label}：{zh}", f"{label}: {en}", True) for zh, en in _wrong(one)]
    return found


def _wrong(one: Drawn) -> list[tuple[str, str]]:
    found = []
    if one.geom.geom_type not in ("Polygon", "MultiPolygon") or one.geom.is_empty:
        found.append(("不是面", "is no area"))
    elif not one.geom.is_valid:
        why = shapely.is_valid_reason(one.geom)
        found.append((f"边界自相交（{why}）", f"its boundary crosses itself ({why})"))
    if one.name and len(one.name) > _LONGEST_NAME:
        found.append((f"名称最多 {_LONGEST_NAME} 个字", f"a name has up to {_LONGEST_NAME} signs"))
    try:
        privacy.checked(one.name or "", "名称")
    except privacy.PersonalText as exc:
        found.append(halves(str(exc)))
    if one.households is not None and not 0 <= one.households <= _MOST_HOUSEHOLDS:
        found.append(("户数不对", "no such number of households"))
    return found


def labels(drawn: Sequence[Drawn]) -> list[str]:
    """What each grid is called: its code, or + and a number for one that has none yet."""
    fresh = iter(range(1, len(drawn) + 1))
    return [one.code or f"{_NEW}{next(fresh)}" for one in drawn]


def _frame(table: Sheet, drawn: Sequence[Drawn], srid: int) -> pd.DataFrame:
    """A drawing in metres with the posts its codes have: code, posts, households, area_m2, geom."""
    posts = table.own.set_index("code")["posts"]
    frame = gpd.GeoDataFrame(
        {
            "code": labels(drawn),
            "area_code": table.community,
            "households": pd.array([one.households for one in drawn], dtype="Float64"),
        },
        geometry=_metric(drawn, srid), crs=srid,
    ).rename_geometry("geom")  # fmt: skip
    frame["posts"] = frame["code"].map(posts).fillna(0)
    frame["households"] = frame["households"].astype("float64")
    return pd.DataFrame(frame.assign(area_m2=frame.area, network=Network.UNIFIED.value))


def _ground(
    table: Sheet, frame: pd.DataFrame, rules: AuditRules, district: District
) -> pd.DataFrame:
    """The audit of the ground among the community's grids and those around them."""
    outline = gpd.GeoSeries([table.outline], crs=4326).to_crs(district.srid)
    places = analysis.outlines(
        pd.DataFrame({"code": [table.community], "geom": outline.to_numpy()}),
        pd.DataFrame({"code": [], "geom": []}), district_code=district.code,
    )  # fmt: skip
    around = pd.DataFrame(table.around.to_crs(district.srid))[["code", "area_code", "geom"]]
    whole = pd.concat([frame[["code", "area_code", "geom"]], around], ignore_index=True)
    found = analysis.audit_ground(analysis.grids(whole, places), places, rules)
    own = set(frame["code"])
    ours = [
        row["area_code"] == table.community or bool(own & set(row["grid_codes"].split(",")))
        for row in found.to_dict("records")
    ]
    return found[pd.Series(ours, index=found.index, dtype=bool)]


def _is_new(row: Mapping[Hashable, Any], stood: pd.DataFrame, rules: AuditRules) -> bool:
    """Whether a finding's ground was no finding of the same origin before the drawing."""
    known = stood.loc[stood["origin"] == row["origin"], "geom"]
    before = shapely.buffer(shapely.union_all(known.to_numpy()), rules.rounding_width_m)
    is_overlap = row["origin"] == FindingKind.OVERLAP
    least_m2 = rules.overlap_min_m2 if is_overlap else rules.gap_min_m2
    return bool(shapely.area(shapely.difference(row["geom"], before)) >= least_m2)


def _told(found: pd.DataFrame, rules: AuditRules, *, stops: Sequence[bool]) -> list[Remark]:
    if found.empty:
        return []
    worded = reasons.with_reasons(found.assign(network=Network.UNIFIED.value), rules)
    words = zip(worded["reason_zh"], worded["reason_en"], stops, strict=True)
    return [Remark(zh, en, stop) for zh, en, stop in words]


def _left_posts(table: Sheet, changes: Sequence[Change]) -> list[Remark]:
    gone = {one.code for one in changes if one.what == "gone"}
    left = [
        (code, posts)
        for code, posts in zip(table.own["code"], table.own["posts"], strict=True)
        if code in gone and posts > 0
    ]
    return [
        Remark(f"取消的网格 {code} 还有 {posts} 个岗位，请重新安排",
               f"grid {code}, which goes, still has {posts} posts: place them anew", False)
        for code, posts in left
    ]  # fmt: skip


def changed(table: Sheet, drawn: Sequence[Drawn], *, district: District) -> list[Change]:
    """What a drawing does to each grid; grids that it leaves alone are left out."""
    before, after = (
        dict(zip(labels(one), _metric(one, district.srid), strict=True))
        for one in (table.drawn, drawn)
    )
    old = {one.code: one for one in table.drawn}
    found = []
    for (code, shape), one in zip(after.items(), drawn, strict=True):
        if one.code is None:
            found.append(Change("new", code, None, shape.area))
        elif shapely.area(shape.symmetric_difference(before[code])) > _SAME_GROUND_M2:
            found.append(Change("redrawn", code, before[code].area, shape.area))
        elif replace(one, geom=old[one.code].geom) != old[one.code]:
            found.append(Change("renamed", code, before[code].area, shape.area))
    gone = [code for code in before if code not in after]
    return found + [Change("gone", code, before[code].area, None) for code in gone]


def _metric(drawn: Sequence[Drawn], srid: int) -> list[Any]:
    return list(gpd.GeoSeries([one.geom for one in drawn], crs=4326).to_crs(srid))


def day_allowed(table: Sheet, day: date) -> None:
    """Raise BadInput for a day before a version in force began: history is not rewritten."""
    begun = table.own["valid_from"]
    if len(begun) and day < max(begun):
        raise BadInput(
            f"生效日期不得早于现有版本的生效日期 {max(begun)} / the day may not be before"
            f" {max(begun)}, when a version in force began"
        )
