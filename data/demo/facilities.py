"""Facilities: enough floor area in two communities of three, too little or none in the others."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import shapely

from data.demo.buildings import Buildings
from data.demo.sizes import AS_OF
from gis.arrays import Floats, Ints

M2_PER_HOUSEHOLD = 0.30  # FAC-1, restated here: the generator knows the policy, not the code
SHORT_SHARE = 0.33
NONE_SHARE = 0.04
SMALLEST_M2 = 12.0  # a room
COUNTED = {
    "party_service": "党群活动室", "elderly_care": "居家养老服务中心", "child_care": "儿童之家",
    "health_station": "卫生服务站", "culture": "文化活动室", "fitness": "健身室",
    "meeting_room": "居民议事厅", "police_room": "社区警务室", "convenience": "便民服务点",
}  # fmt: skip
STATION = ("service_station", "综合服务站")
NOT_COUNTED = {
    "kindergarten": ("幼儿园", 2200.0), "shelter": ("应急避难场所", 3000.0),
    "fire_station": ("微型消防站", 60.0), "other": ("其他用房", 150.0),
}  # fmt: skip
PROVISIONS = ("new_build", "conversion", "purchase", "project_bundled", "co_built", "rented",
              "exchanged", "donated", "extension")  # fmt: skip
OWNERS = ("街道办事处", "社区居民委员会", "开发建设单位", "国有资产公司", "驻区单位")


@dataclass(frozen=True)
class Register:
    """The facility register: the file's rows and what each community may really count, (k,) m²."""

    rows: pd.DataFrame
    counted_m2: Floats
    keys: dict[str, list[str]]


@dataclass
class _Draft:
    """Rows under construction; ``counted_m2`` follows every facility that counts.

    ``target_m2`` (k,) is what a community shall come to, 0 where it shall have nothing;
    ``need_m2`` (k,) what it would need.
    """

    codes: list[str]
    buildings: Buildings
    first: Ints
    order: Ints
    rng: np.random.Generator
    rows: list[dict[str, object]]
    target_m2: Floats
    need_m2: Floats
    counted_m2: Floats
    keys: dict[str, list[str]]

    def building(self, community: int) -> int:
        """A building of the community, at random."""
        low, high = int(self.first[community]), int(self.first[community + 1])
        return int(self.order[int(self.rng.integers(low, high))])

    def add(
        self,
        community: int,
        function: str,
        title: str,
        area_m2: float | None,
        more: dict[str, object] | None = None,
    ) -> dict[str, object]:
        """One more facility in a building of the community; returns its row.

        ``more`` replaces what would else be drawn.
        """
        code = self.codes[community]
        building = self.building(community)
        row: dict[str, object] = {
            "key": f"SS{code}-{len(self.rows) + 1:05d}",
            "name": title,
            "function": function,
            "provision": str(self.rng.choice(PROVISIONS)),
            "ownership": str(self.rng.choice(OWNERS)),
            "status": "open",
            "floor_area_m2": area_m2,
            "storeys": None,
            "opened_on": _day(self.rng, date(2006, 1, 1), date(2023, 9, 1)),
            "closed_on": None,
            "shared_with": None,
            "geometry": self._place(building),
        } | (more or {})
        self.rows.append(row)
        return row

    def _place(self, building: int) -> object:
        """The footprint of the building, or a point near its middle."""
        if self.rng.random() < 0.35:
            return self.buildings.polygon[building]
        shift = self.rng.uniform(-0.4, 0.4, 2)
        one = np.array([building])
        return shapely.Point(self.buildings.point(one, shift[:1], shift[1:])[0])


def register(
    codes: list[str],
    names: list[str],
    households: Ints,
    buildings: Buildings,
    rng: np.random.Generator,
) -> Register:
    """The facilities of all communities; ``names`` are the communities' short names."""
    order = np.argsort(buildings.community, kind="stable")
    first = np.searchsorted(buildings.community[order], np.arange(len(codes) + 1))
    keys: dict[str, list[str]] = {
        k: [] for k in ("estimated", "no_area", "shared", "not_open", "not_listed")
    }
    need = np.asarray(M2_PER_HOUSEHOLD * households)
    target, zero = _targets(need, rng), np.zeros(len(codes))
    draft = _Draft(codes, buildings, first, order, rng, [], target, need, zero, keys)
    for community in range(len(codes)):
        if target[community] > 0:
            _counted(draft, community, names[community])
        _uncounted(draft, community, names[community])
    return Register(pd.DataFrame(draft.rows), draft.counted_m2, draft.keys)


def _targets(need: Floats, rng: np.random.Generator) -> Floats:
    """(k,) m² wanted: none, too little, or enough; at least one of each."""
    count = len(need)
    factor = rng.uniform(1.06, 1.9, count)
    state = np.zeros(count)
    short = rng.permutation(count)[: max(round(SHORT_SHARE * count), 2)]
    state[short] = 1
    state[short[: max(round(NONE_SHARE * count), 1)]] = 2
    factor = np.where(state == 1, rng.uniform(0.25, 0.92, count), factor)
    return np.where(state == 2, 0.0, need * factor)


def _counted(draft: _Draft, community: int, name: str) -> None:
    """Facilities on the FAC-1 list that sum to about the community's target."""
    rng = draft.rng
    drawn = rng.permutation(len(COUNTED))[: rng.integers(2, 6)]
    functions = [STATION, *(tuple(COUNTED.items())[k] for k in drawn)]
    pieces = rng.gamma(3.0, size=len(functions)) * np.r_[4.0, np.ones(len(functions) - 1)]
    areas = np.rint(draft.target_m2[community] * pieces / pieces.sum())
    areas = np.maximum(areas, SMALLEST_M2).tolist()
    rows = [
        draft.add(community, function, f"{name}{title}", area)
        for (function, title), area in zip(functions, areas, strict=True)
    ]
    draft.counted_m2[community] += sum(areas)
    if rng.random() < 0.10 or not draft.keys["shared"]:
        _share(draft, rows[0], community, areas[0])
    sound = not _is_short(draft, community)
    if sound and (rng.random() < 0.18 or not draft.keys["estimated"]):
        _without_area(draft, community, name)


def _share(draft: _Draft, row: dict[str, object], community: int, area_m2: float) -> None:
    """The next community of the same street, if it is not short, counts 30 % from now on."""
    following = min(community + 1, len(draft.codes) - 1)
    here, there = draft.codes[community], draft.codes[following]
    if here == there or here[:9] != there[:9] or _is_short(draft, following):
        return
    row.update(shared_with=f"{here}:0.7;{there}:0.3", provision="shared")
    draft.counted_m2[community] -= 0.3 * area_m2
    draft.counted_m2[following] += 0.3 * area_m2
    draft.keys["shared"].append(str(row["key"]))


def _is_short(draft: _Draft, community: int) -> bool:
    return bool(draft.target_m2[community] < draft.need_m2[community])


def _without_area(draft: _Draft, community: int, name: str) -> None:
    """One whose area follows from footprint and storeys, and one whose area nobody knows."""
    building = draft.building(community)
    footprint = draft.buildings.polygon[building]
    row = draft.add(
        community, "culture", f"{name}图书室", None, {"geometry": footprint, "storeys": 1}
    )
    draft.counted_m2[community] += float(shapely.area(footprint))
    draft.keys["estimated"].append(str(row["key"]))
    inside = shapely.point_on_surface(footprint)
    row = draft.add(community, "fitness", f"{name}活动室", None, {"geometry": inside})
    draft.keys["no_area"].append(str(row["key"]))


def _uncounted(draft: _Draft, community: int, name: str) -> None:
    """Functions that are not on the list, and facilities that are not open."""
    rng = draft.rng
    for function, (title, usual_m2) in NOT_COUNTED.items():
        if rng.random() < 0.4 or not draft.keys["not_listed"]:
            area = round(usual_m2 * float(rng.uniform(0.7, 1.4)))
            row = draft.add(community, function, f"{name}{title}", area)
            draft.keys["not_listed"].append(str(row["key"]))
    if rng.random() < 0.15 or not draft.keys["not_open"]:
        status = str(rng.choice(["closed", "suspended", "planned"]))
        more: dict[str, object] = {"status": status}
        if status == "closed":
            more["closed_on"] = _day(rng, date(2024, 1, 1), AS_OF - timedelta(days=30))
        if status == "planned":
            more["opened_on"] = None
        row = draft.add(community, STATION[0], f"{name}原服务站", 300.0, more)
        draft.keys["not_open"].append(str(row["key"]))


def _day(rng: np.random.Generator, low: date, high: date) -> str:
    return (low + timedelta(days=int(rng.integers((high - low).days)))).isoformat()
