"""Four answers from the store against the same four computed with geopandas from GeoParquet.

Coverage by community, incidents by compound and kind, lettings by compound, video points by
compound. Everyday: the data are loaded and assigned, and the store counts (`gis.counts`, what
``wangge counts`` shows). Beside it the four runs
with all that they do more (every level, verdicts, sentences, suppression, digests, storing), and
the first load: imports and runs against reading and joining. Equal or it fails.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import naive
import pandas as pd
from city import City
from measure import Cost, Meter

from api.house import transaction
from gis.counts import store as counts
from gis.period import midnight
from gis.timeline import service as timeline

REPEATS = 5
LIMIT = 10.0
ASKED: Mapping[str, Callable[..., pd.DataFrame]] = {
    "coverage": counts.floor_area_by_community,
    "incidents": counts.incidents_by_compound,
    "rental": counts.lettings_by_compound,
    "video": counts.cameras_by_compound,
}
RUNS = {"coverage": "coverage", "incidents": "rating", "rental": "rental", "video": "video"}
NEEDED = ("areas", "compounds", "facilities", "households", "dwellings", "incidents", "cameras",
          "camera_status")  # fmt: skip


def measure(city: City, runs: Mapping[str, Any]) -> dict[str, Any]:
    """``runs`` is what `bench_run` measured for each analysis."""
    questions = _questions(city)
    folder = city.folder / "geoparquet"
    if not folder.exists():
        with transaction(city.engine) as session:
            naive.write(session, folder)
    parts = {name: _one(city, name, asked) for name, asked in questions.items()}
    store = sum((part["store"] for part in parts.values()), Cost())
    geopandas = sum((part["geopandas"] for part in parts.values()), Cost())
    run = sum((_cost(runs[name]["run"]) for name in RUNS.values()), Cost())
    imports = [one for one in city.imports if one["kind"] in NEEDED]
    loaded = sum((_cost(one) for one in imports), Cost())
    return {
        "ratio": round(geopandas.wall_s / store.wall_s, 2),
        "cpu_ratio": round(geopandas.cpu_s / store.cpu_s, 2),
        "limit_at_least": LIMIT,
        "geopandas": geopandas.as_json(),
        "store": store.as_json(),
        "answers": {name: _ratios(**part) for name, part in parts.items()},
        "runs_with_verdicts": {**run.as_json(), "ratio": round(geopandas.wall_s / run.wall_s, 2)},
        "first_load": {
            "import_and_run": (loaded + run).as_json(),
            "read_and_join": geopandas.as_json(),
            "ratio": round(geopandas.wall_s / (loaded + run).wall_s, 3),
        },
    }


def _questions(city: City) -> dict[str, dict[str, Any]]:
    district = city.house.district
    with transaction(city.engine) as session:
        day = timeline.default_period(session, district).last_day
    until = midnight(day + timedelta(days=1), district.zone)
    since = until.replace(year=until.year - 2)
    functions = city.house.policy["FAC-1", "functions"]
    return {
        "coverage": {"as_of": day, "srid": district.srid, "functions": functions},
        "incidents": {"start": since, "end": until},
        "rental": {"as_of": day, "srid": district.srid},
        "video": {"as_of": day, "until": until},
    }


def _one(city: City, name: str, asked: Mapping[str, Any]) -> dict[str, Cost]:
    """Both ways, turn by turn; the best of each."""
    meter = Meter(city.postmaster)
    ask = ASKED[name]
    join: Callable[..., pd.DataFrame] = getattr(naive, name)
    costs: dict[str, list[Cost]] = {"store": [], "geopandas": []}
    for _ in range(REPEATS):
        with transaction(city.engine) as session, meter.measure() as cost:
            counted = ask(session, **asked)
        costs["store"] += cost
        with meter.measure() as cost:
            joined = join(city.folder / "geoparquet", **asked)
        costs["geopandas"] += cost
    _equal(counted, joined)
    return {way: min(of, key=lambda cost: cost.wall_s) for way, of in costs.items()}


def _equal(counted: pd.DataFrame, joined: pd.DataFrame) -> None:
    """Raises AssertionError where any figure differs by more than a millionth."""
    pd.testing.assert_frame_equal(
        counted[sorted(counted)].sort_index(), joined[sorted(joined)].sort_index(), rtol=1e-6,
        check_dtype=False, check_names=False, check_index_type=False, check_column_type=False,
    )  # fmt: skip


def _ratios(*, store: Cost, geopandas: Cost) -> dict[str, Any]:
    return {
        "ratio": round(geopandas.wall_s / store.wall_s, 2),
        "cpu_ratio": round(geopandas.cpu_s / store.cpu_s, 2),
        "store": store.as_json(),
        "geopandas": geopandas.as_json(),
    }


def _cost(of: Mapping[str, float]) -> Cost:
    return Cost(of["wall_s"], of["client_cpu_s"], of["server_cpu_s"])
