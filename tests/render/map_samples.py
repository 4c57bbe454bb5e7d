"""Small invented frames in the registry's columns: about 200 compounds with known classes."""

from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity

from gis import policy as policies
from gis.layers.model import REGISTRY, layer
from maps.context import MapContext, rule_texts

WEST, SOUTH = 102.66, 25.03
STEP = 0.0045  # degrees, about 450 m: one compound per cell
SIDE = 14

CONTEXT = MapContext(
    district_zh="昆明市五华区",
    district_en="Wuhua District, Kunming",
    as_of=date(2026, 9, 30),
    period="2026Q3",
    demo=True,
)


def _cells(count: int, *, scale: float = 0.7, offset: float = 0.0) -> list[shapely.Geometry]:
    rng = np.random.default_rng(7)
    cells = []
    for i in range(count):
        row, col = divmod(i, max(SIDE, int(np.sqrt(count))))
        lon, lat = WEST + col * STEP + offset, SOUTH + row * STEP + offset
        w, h = STEP * scale * rng.uniform(0.6, 1), STEP * scale * rng.uniform(0.6, 1)
        skew = rng.uniform(-0.15, 0.15) * w
        cells.append(
            shapely.MultiPolygon(
                [
                    shapely.Polygon(
                        [
                            (lon, lat),
                            (lon + w, lat + skew),
                            (lon + w - skew, lat + h),
                            (lon + skew, lat + h - skew),
                        ]
                    )
                ]
            )
        )
    return cells


def _frame(columns: dict[str, object], geometry: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=geometry, crs=4326)
    return frame.rename_geometry("geom")


def compounds(count: int = 196, *, name: str = "翠湖花园") -> dict[str, object]:
    """Code, name and area of ``count`` compounds."""
    return {
        "code": [f"XQ{i:05d}" for i in range(count)],
        "name": [f"{name}{i + 1}号" for i in range(count)],
        "area_code": [f"530102{1 + i // 60 % 11:03d}{1 + i // 20 % 30:03d}" for i in range(count)],
    }


def rating(count: int = 196) -> gpd.GeoDataFrame:
    """Every 14th red, every 7th of the others yellow, every 9th of the rest unrated."""
    i = np.arange(count)
    colour = np.select([i % 14 == 3, i % 7 == 1, i % 9 == 2], ["red", "yellow", "unrated"], "green")
    risk = np.select([colour == "red", colour == "yellow"], [2.4, 1.2], 0.7) + (i % 5) / 20
    return _frame(
        {
            **compounds(count),
            "colour": colour.astype(object),
            "rated_colour": np.full(count, None),
            "previous_colour": np.where(i % 11 == 0, "yellow", colour).astype(object),
            "peer_group": np.where(i % 3 == 0, "old", "commodity").astype(object),
            "observed": (risk * 9).astype(int),
            "expected": np.full(count, 9.25),
            "relative_risk": np.where(colour == "unrated", np.nan, risk),
            "p_red": np.where(colour == "red", 0.913, 0.04),
            "quality": ["A" if k % 4 else "B" for k in range(count)],
            "households": 200.0 + 13 * i,
            "rule": ["SAF-1"] * count,
            "reason_zh": [
                f"近24个月 {int(r * 9)} 起，同类期望 9.3 起，相对风险 {r:.2f}。" for r in risk
            ],
            "reason_en": [
                f"{int(r * 9)} incidents in 24 months, 9.3 expected: relative risk {r:.2f}."
                for r in risk
            ],
        },
        _cells(count),
    )


def coverage() -> gpd.GeoDataFrame:
    """Sixteen communities that tile the ground; verdicts by turns."""
    verdicts = ["met", "below", "met", "none", "met", "below", "met", "unknown"]
    side = SIDE * STEP / 4
    boxes = [
        shapely.MultiPolygon(
            [
                shapely.box(
                    WEST + c * side, SOUTH + r * side, WEST + (c + 1) * side, SOUTH + (r + 1) * side
                )
            ]
        )
        for r in range(4)
        for c in range(4)
    ]
    rows = []
    for i in range(16):
        verdict = verdicts[i % 8]
        households = None if verdict == "unknown" else 3000.0 + 125 * i
        area = {"met": 1600.0, "below": 520.5, "none": 0.0, "unknown": 300.0}[verdict]
        required = None if households is None else 0.3 * households
        gap = None if required is None else max(0.0, required - area)
        rows.append(
            {
                "code": f"530102{1 + i // 4:03d}{1 + i % 4:03d}",
                "name": f"{'华山护国大观龙翔'[i // 4 * 2 :][:2]}第{i % 4 + 1}社区",
                "households": households,
                "facilities": 0 if verdict == "none" else 2 + i % 3,
                "floor_area_m2": area,
                "estimated_m2": 0.0,
                "m2_per_100_households": None if households is None else 100 * area / households,
                "required_m2": required,
                "gap_m2": gap,
                "verdict": verdict,
                "rule": "FAC-1",
                "reason_zh": "户数不详，无法判定。"
                if households is None
                else f"每百户 {100 * area / households:.1f} m²，要求 30 m²，缺 {gap:.0f} m²。",
                "reason_en": "Households unknown."
                if households is None
                else f"{100 * area / households:.1f} m² per 100 households, short {gap:.0f}.",
            }
        )
    return _frame({k: [r[k] for r in rows] for k in rows[0]}, boxes)


def facilities() -> gpd.GeoDataFrame:
    """Forty points, the first a polygon; closed, suspended and planned ones among them."""
    rng = np.random.default_rng(3)
    n = 40
    xy = np.column_stack(
        [WEST + rng.uniform(0, SIDE * STEP, n), SOUTH + rng.uniform(0, SIDE * STEP, n)]
    )
    shapes = [shapely.Point(p) for p in xy]
    shapes[0] = shapely.MultiPolygon([shapely.box(*xy[0], *(xy[0] + 0.001))])
    return _frame(
        {
            "code": [f"FAC{i:04d}" for i in range(n)],
            "name": [
                f"{['党群服务中心', '卫生服务站', '养老服务站', '文化活动室'][i % 4]}{i + 1}"
                for i in range(n)
            ],
            "area_code": ["530102001001"] * n,
            "function": [
                ["party_service", "health_station", "elderly_care", "culture"][i % 4]
                for i in range(n)
            ],
            "provision": [["new_build", "rented", None][i % 3] for i in range(n)],
            "ownership": ["国有"] * n,
            "status": [
                {0: "closed", 1: "planned", 2: "suspended"}.get(i % 10, "open") for i in range(n)
            ],
            "floor_area_m2": [120.5 + 10 * i for i in range(n)],
            "opened_on": [date(2015, 1, 1)] * n,
            "closed_on": [date(2024, 5, 1) if i % 10 == 0 else None for i in range(n)],
        },
        shapes,
    )


def grids() -> gpd.GeoDataFrame:
    """Sixty-four square grids."""
    side = SIDE * STEP / 8
    n = 64
    households = [None if i % 16 == 5 else 250.0 + 6 * i for i in range(n)]
    sizes = [
        "unknown" if h is None else "low" if h < 300 else "high" if h > 500 else "within"
        for h in households
    ]
    return _frame(
        {
            "code": [
                f"530102{1 + i // 16:03d}{1 + i // 4 % 4:03d}{1 + i % 4:03d}" for i in range(n)
            ],
            "name": [f"第{i + 1}网格" for i in range(n)],
            "area_code": [f"530102{1 + i // 16:03d}{1 + i // 4 % 4:03d}" for i in range(n)],
            "network": ["unified"] * n,
            "households": households,
            "posts": [i % 3 for i in range(n)],
            "size_class": sizes,
        },
        [
            shapely.MultiPolygon(
                [
                    shapely.box(
                        WEST + i % 8 * side,
                        SOUTH + i // 8 * side,
                        WEST + (i % 8 + 1) * side,
                        SOUTH + (i // 8 + 1) * side,
                    )
                ]
            )
            for i in range(n)
        ],
    )


def grid_audit() -> gpd.GeoDataFrame:
    """Ten findings of all kinds; one has no shape."""
    kinds = [
        "gap",
        "overlap",
        "sliver",
        "outside_community",
        "no_worker",
        "households_low",
        "households_high",
        "gap",
        "overlap",
        "households_unknown",
    ]
    shapes: list[shapely.Geometry | None] = [
        shapely.MultiPolygon(
            [
                shapely.box(
                    WEST + 0.005 * i,
                    SOUTH + 0.005 * i,
                    WEST + 0.005 * i + 0.004,
                    SOUTH + 0.005 * i + (0.00001 if k == "sliver" else 0.003),
                )
            ]
        )
        for i, k in enumerate(kinds)
    ]
    shapes[9] = None
    n = len(kinds)
    return _frame(
        {
            "code": [str(i + 1) for i in range(n)],
            "area_code": ["530102001001"] * n,
            "kind": kinds,
            "grid_codes": [f"530102001001{i + 1:03d}" for i in range(n)],
            "area_m2": [120.0 * (i + 1) for i in range(n)],
            "figure": [float(i) for i in range(n)],
            "threshold": [1.0] * n,
            "rule": ["GRD-1" if i < 5 else "GRD-2" for i in range(n)],
            "reason_zh": [f"第 {i + 1} 项发现" for i in range(n)],
            "reason_en": [f"Finding {i + 1}" for i in range(n)],
        },
        shapes,
    )


def rental(count: int = 196) -> gpd.GeoDataFrame:
    """Densities that run through all classes; every 17th is withheld."""
    i = np.arange(count)
    hidden = i % 17 == 0
    per_100 = np.where(hidden, np.nan, (i * 7) % 62)
    rented = np.where(hidden, np.nan, per_100 * 4)
    return _frame(
        {
            **compounds(count),
            "rented_dwellings": rented,
            "dwellings": np.full(count, 400.0),
            "rented_per_100": per_100,
            "rented_per_km2": rented * 9.5,
            "occupants_per_dwelling": np.where(hidden, np.nan, 2.4),
            "floating_share": np.where(hidden, np.nan, 0.413),
            "suspected_group": np.where(hidden, np.nan, 6.0),
            "suppressed": hidden,
            "mainly_rental": per_100 >= 50,
            "rule": ["REN-2"] * count,
            "reason_zh": ["出租占比低于 50%，不属于以出租为主。"] * count,
            "reason_en": ["Less than half of the dwellings are let."] * count,
        },
        _cells(count),
    )


def rental_h3() -> gpd.GeoDataFrame:
    """H3 cells of resolution 9 over the ground."""
    import h3

    ground = shapely.box(WEST, SOUTH, WEST + SIDE * STEP, SOUTH + SIDE * STEP)
    cells = sorted(h3.geo_to_cells(ground, 9))
    n = len(cells)
    shapes = [shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(c)]) for c in cells]
    per_km2 = np.array([np.nan if i % 13 == 0 else (i * 97) % 6100 for i in range(n)], dtype=float)
    return _frame(
        {
            "code": cells,
            "area_code": ["530102001001"] * n,
            "resolution": [9] * n,
            "rented_dwellings": per_km2 // 10,
            "dwellings": np.full(n, 700.0),
            "rented_per_100": per_km2 / 80,
            "rented_per_km2": per_km2,
            "occupants_per_dwelling": np.full(n, 2.1),
            "floating_share": np.full(n, 0.4),
            "suspected_group": np.full(n, 3.0),
            "suppressed": np.isnan(per_km2),
            "mainly_rental": per_km2 >= 4000,
            "rule": ["REN-1"] * n,
            "reason_zh": ["出租占比低于 50%，不属于以出租为主。"] * n,
            "reason_en": ["Less than half of the dwellings are let."] * n,
        },
        shapes,
    )


def cameras(count: int = 300) -> gpd.GeoDataFrame:
    """Points with all five states."""
    rng = np.random.default_rng(5)
    xy = np.column_stack(
        [WEST + rng.uniform(0, SIDE * STEP, count), SOUTH + rng.uniform(0, SIDE * STEP, count)]
    )
    state = [["working"] * 12 + ["down", "repair", "planned", "unknown"]][0]
    return _frame(
        {
            "code": [f"CAM{i:06d}" for i in range(count)],
            "name": [f"翠湖路{i + 1}号杆" for i in range(count)],
            "area_code": ["530102001001"] * count,
            "gb28181_id": [f"530102000013200{i:05d}" for i in range(count)],
            "point_class": [["class_1", "class_2", "class_3"][i % 3] for i in range(count)],
            "kind": [["fixed", "dome", "dome_ptz"][i % 3] for i in range(count)],
            "state": [state[i % 16] for i in range(count)],
            "owner_unit": ["五华分局"] * count,
            "direction_deg": [float(i * 7 % 360) if i % 9 else None for i in range(count)],
            "grid_code": ["530102001001001"] * count,
            "compound_name": ["翠湖花园1号"] * count,
            "compound_colour": [["green", "yellow", "red"][i % 3] for i in range(count)],
            "incidents_50m": [i % 6 for i in range(count)],
            "rented_per_100": [float(i % 40) for i in range(count)],
            "rental_of": ["C1"] * count,
        },
        [shapely.Point(p) for p in xy],
    )


def incidents(count: int = 196) -> gpd.GeoDataFrame:
    """Counts by compound, zero among them."""
    i = np.arange(count)
    return _frame(
        {**compounds(count), "incidents": (i * 5) % 43, "per_100_households": ((i * 5) % 43) / 4.0},
        _cells(count),
    )


def compound_records(count: int = 196) -> gpd.GeoDataFrame:
    """Compounds as records."""
    i = np.arange(count)
    return _frame(
        {
            **compounds(count),
            "kind": np.where(i % 3 == 0, "old", "commodity").astype(object),
            "households": 200.0 + i,
            "buildings": 3 + i % 9,
            "dwellings": 220.0 + i,
            "built_year": [1995.0 + k % 28 if k % 8 else None for k in range(count)],
            "gated": (i % 2 == 0),
            "property_managed": (i % 4 == 0),
            "grid_code": ["530102001001001"] * count,
        },
        _cells(count),
    )


def risk(count: int = 196) -> gpd.GeoDataFrame:
    """Ratings with rental figures beside them."""
    frame = rating(count)
    let = rental(count)
    for column in ("rented_dwellings", "dwellings", "rented_per_100", "rented_per_km2"):
        frame[column] = let[column]
    frame["kind"] = frame["peer_group"]
    return frame


def background() -> dict[str, gpd.GeoDataFrame]:
    """Outlines and streets."""
    communities = coverage()[["code", "name", "geom"]]
    west, south, east, north = communities.total_bounds
    lines, kinds = [], []
    for k in range(1, 12):
        at = k / 12
        lines.append(
            shapely.LineString(
                [(west + at * (east - west), south), (west + at * (east - west) + 0.002, north)]
            )
        )
        lines.append(
            shapely.LineString(
                [(west, south + at * (north - south)), (east, south + at * (north - south) - 0.001)]
            )
        )
        kinds += ["primary" if k % 4 == 0 else "residential"] * 2
    whole = shapely.union_all(communities.geometry.to_numpy())
    return {
        "community_outlines": communities,
        "district_outline": _frame({"code": ["530102"], "name": ["五华区"]}, [whole]),
        "street_outlines": _frame(
            {"code": ["530102001", "530102002"], "name": ["华山街道", "护国街道"]},
            [
                shapely.box(west, south, east, (south + north) / 2),
                shapely.box(west, (south + north) / 2, east, north),
            ],
        ),
        "street_lines": _frame({"code": [str(i) for i in range(len(lines))], "kind": kinds}, lines),
    }


def video_coverage() -> gpd.GeoDataFrame:
    """Covered shares from 0 to 99 %; every eighth compound has no answer."""
    made = rating().drop(columns=["colour", "quality"])
    share = np.arange(len(made)) * 7.0 % 100
    share[::8] = np.nan
    return made.assign(covered_percent=share, met=share > 95, rule="VID-2")


def view_fields() -> gpd.GeoDataFrame:
    """Five nested fields round each of 40 places."""
    shows = ["potential", "detect", "observe", "recognise", "identify"]
    homes = rating().geometry.to_numpy()[:40]
    shapes = [shapely.affinity.scale(home, f, f) for home in homes for f in (1, 0.8, 0.6, 0.4, 0.2)]
    keys = [f"SP{i:06d}" for i in range(40) for _ in shows]
    return _frame(
        {
            "code": [f"{key}:{one}" for key, one in zip(keys, shows * 40, strict=True)],
            "camera_key": keys, "area_code": ["530102001001"] * 200, "shows": shows * 40,
            "area_m2": [100.0 * k for k in range(200)], "assumed": [True] * 200,
        },
        shapes,
    )  # fmt: skip


def blind_areas() -> gpd.GeoDataFrame:
    """Thirty blind courts of four sizes."""
    homes = rating().iloc[:30]
    shapes = [shapely.affinity.scale(home, 0.3, 0.3) for home in homes.geometry]
    return _frame(
        {
            "code": [str(i) for i in range(30)], "name": list(homes["name"] + "1幢"),
            "area_code": list(homes["area_code"]), "compound_code": list(homes["code"]),
            "compound_name": list(homes["name"]),
            "area_m2": [12.0 * 2 ** (i % 9) for i in range(30)],
        },
        shapes,
    )  # fmt: skip


def video_places() -> gpd.GeoDataFrame:
    """Gates, streets and the fronts of key places, twelve of each, in four classes."""
    homes = rating().iloc[:12]
    corners = [shape.bounds for shape in homes.geometry]
    gates = [shapely.Point(west, south) for west, south, _, _ in corners]
    streets = [
        shapely.MultiLineString([[(west, south), ((west + east) / 2, south), (east, south)]])
        for west, south, east, _ in corners
    ]
    fronts = [shapely.affinity.scale(home, 0.2, 0.2) for home in homes.geometry]
    seen = ["seen", "dark", "partly", "unknown"] * 9
    share = {"seen": 100.0, "dark": 0.0, "partly": 40.0, "unknown": None}
    kinds = [one for one in ("entrance", "street", "key_place") for _ in gates]
    n = len(seen)
    return _frame(
        {
            "code": [str(i) for i in range(n)], "name": [f"部位{i}" for i in range(n)],
            "area_code": list(homes["area_code"]) * 3, "kind": kinds, "seen": seen,
            "seen_percent": [share[one] for one in seen], "points": [1] * n,
            "length_m": [100.0 if kind == "street" else None for kind in kinds],
            "area_m2": [40.0 if kind == "key_place" else None for kind in kinds],
            "compound_code": list(homes["code"]) * 3, "grid_code": [None] * n,
        },
        [*gates, *streets, *fronts],
    )  # fmt: skip


def video_findings() -> gpd.GeoDataFrame:
    """Findings at points, and two compounds without any."""
    made = cameras().iloc[:20]
    topics = ["law", "working", "id", "field"]
    kinds = ["sign_missing", "camera_down", "id_form", "field_missing"]
    bare = rating().iloc[:2]
    n = len(made)
    return _frame(
        {
            "code": [str(i) for i in range(n + 2)], "name": [*made["name"], *bare["name"]],
            "area_code": ["530102001001"] * (n + 2),
            "topic": [*(topics[i % 4] for i in range(n)), "bare", "bare"],
            "kind": [*(kinds[i % 4] for i in range(n)), *["compound_without_camera"] * 2],
            "camera_key": [*made["code"], None, None],
            "compound_code": [None] * n + list(bare["code"]),
            "since": [None] * (n + 2), "rule": ["VID-1"] * (n + 2),
            "reason_zh": ["缺少。"] * (n + 2), "reason_en": ["Missing."] * (n + 2),
        },
        [*made.geometry, *bare.geometry],
    )  # fmt: skip


def planned() -> dict[str, gpd.GeoDataFrame]:
    """Three proposed points and the ground they would show."""
    at = cameras(3)
    gains = [420.0, 260.5, 80.25]
    rows = {
        "code": ["1", "2", "3"], "name": [f"新增 {gain:.0f} m²" for gain in gains],
        "compound": ["XQ00001"] * 3, "direction_deg": [0.0, 90.0, None], "gain_m2": gains,
        "cumulative_m2": [420.0, 680.5, 760.75], "cumulative_yuan": [8000, 16000, 24000],
    }  # fmt: skip
    fields = [shapely.buffer(point, 0.0002) for point in at.geometry]
    return {
        "video_plan": _frame(rows, list(at.geometry)),
        "video_plan_fields": _frame(rows, fields),
    }


MAKERS = {
    "grids": grids,
    "compounds": compound_records,
    "facilities": facilities,
    "incidents": incidents,
    "coverage": coverage,
    "rating": rating,
    "rental": rental,
    "rental_h3": rental_h3,
    "cameras": cameras,
    "video_coverage": video_coverage,
    "view_fields": view_fields,
    "blind_areas": blind_areas,
    "video_places": video_places,
    "video_findings": video_findings,
    "grid_audit": grid_audit,
    "risk": risk,
}


def frames() -> dict[str, gpd.GeoDataFrame]:
    """A frame for every layer of the registry, and the background."""
    made = {name: maker() for name, maker in MAKERS.items()}
    assert set(made) == {one.name for one in REGISTRY}
    for name, frame in made.items():
        assert {c.name for c in layer(name).columns} <= set(frame), name
    return {**made, **planned(), **background()}


def inside() -> MapContext:
    """The context of an internal page, with the rules of the real policy file."""
    policy = policies.load(Path(str(files("data.reference") / "policy.toml")))
    return replace(CONTEXT, internal=True, rules=rule_texts(policy), policy_version=policy.version)
