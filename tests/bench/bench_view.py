"""View fields and city-wide coverage: against plain means, in memory, and as the city grows.

    python tests/bench/bench_view.py CAMERAS

measures one coverage run in a process of its own and prints it as JSON.
"""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
import shapely
from measure import memory_mib
from plain_view import Seer, clipped, libraries, sweep
from view_city import houses, lattice, scene

from gis import policy
from gis.video.ground.blind import BlindRule
from gis.video.ground.survey import survey
from gis.video.kernels.obstacles import Obstacles
from gis.video.rules import GroundRules
from gis.video.view import Views, fields
from gis.video.view_rules import ViewRules

REACH_M = 56.9  # 1920 px, 4 mm, sensor 5.4 mm, 25 px/m
SAME = 1e-3
FIELDS = {"small": 1_000, "district": 3_000, "city": 10_000}
CITIES = {
    "small": (500, 2_000), "district": (2_000, 10_000), "city": (10_000, 30_000, 100_000),
}  # fmt: skip
PLAIN = 300  # cameras that the slow ones do; their time grows with the cameras alone
POLICY = policy.load(Path(__file__).parents[2] / "data" / "reference" / "policy.toml")
RULES, DEEPEST = ViewRules.of(POLICY), GroundRules.of(POLICY).deepest


def measure(size: str) -> dict[str, dict[str, Any]]:
    """Against the sweep, against the best library, growth, cores kept busy, and peak memory."""
    x_m, y_m, obstacles = _scenes(FIELDS[size])
    found, ours = _ours(x_m, y_m, obstacles)
    near = _near(x_m, y_m, obstacles)
    plain = _rates(sweep, x_m, y_m, near, found)
    others = {name: _rates(one, x_m, y_m, near, found) for name, one in libraries().items()}
    cities = [_in_a_process(cameras) for cameras in CITIES[size]]
    return {
        "view_sweep": _against(ours, {"sweep": plain}, 20, near),
        "view_library": _against(ours, others, 3, near),
        "view_city": _growth(cities),
        "view_cores": _cores(cities),
        "view_memory": {
            "client_peak_mib": round(max(one["peak_mib"] for one in cities)), "limit_mib": 2048,
        },
    }  # fmt: skip


def _scenes(cameras: int) -> tuple[np.ndarray, np.ndarray, Obstacles]:
    """Cameras anywhere between 60,000 houses 16 m apart, some 46 of them within reach."""
    rng = np.random.default_rng(20260101)
    centres = lattice(60_000, 16.0, rng)
    footprints = houses(*centres, rng)
    obstacles = Obstacles.of(footprints, np.full(len(footprints), np.nan))
    x_m, y_m = rng.uniform(200, 3_700, (2, 2 * cameras))
    near = obstacles.tree.query(shapely.points(x_m, y_m), predicate="dwithin", distance=0.5)[0]
    free = np.setdiff1d(np.arange(2 * cameras), near)[:cameras]
    return x_m[free], y_m[free], obstacles


def _ours(
    x_m: np.ndarray, y_m: np.ndarray, obstacles: Obstacles
) -> tuple[np.ndarray, dict[str, float]]:
    """Areas of all fields all round, and cameras per second; the first call loads the kernel."""
    zero = np.zeros(len(x_m))
    views = Views(
        x_m, y_m, zero, zero + 360, zero, np.full((len(x_m), 1), REACH_M), zero + 4.0
    )  # fmt: skip
    rule = {"target_height_m": 1.7, "wall_offset_m": 0.3, "wall_depth_m": 1.0}
    fields(views.take(slice(0, 10)), obstacles, **rule)
    begun = time.perf_counter(), time.process_time()
    found = fields(views, obstacles, **rule)
    return shapely.area(found.polygons[:, 0]), _per_second(len(x_m), begun)


def _per_second(count: int, begun: tuple[float, float]) -> dict[str, float]:
    return {
        "wall": count / (time.perf_counter() - begun[0]),
        "cpu": count / (time.process_time() - begun[1]),
    }


def _near(x_m: np.ndarray, y_m: np.ndarray, obstacles: Obstacles) -> list[np.ndarray]:
    """The footprints within reach of the first cameras: found for the slow ones beforehand."""
    points = shapely.points(x_m[:PLAIN], y_m[:PLAIN])
    camera, building = obstacles.tree.query(points, predicate="dwithin", distance=REACH_M)
    return [obstacles.polygons[building[camera == nth]] for nth in range(len(points))]


def _rates(
    seer: Seer, x_m: np.ndarray, y_m: np.ndarray, near: list[np.ndarray], found: np.ndarray
) -> dict[str, float]:
    """Cameras per second of one of the slow ones, and how far its areas are from ours."""
    begun = time.perf_counter(), time.process_time()
    areas = [
        clipped(seer(x_m[i], y_m[i], near[i], REACH_M), x_m[i], y_m[i], REACH_M).area
        for i in range(len(near))
    ]
    rates = _per_second(len(near), begun)
    return {**rates, "worst_area": float(np.abs(found[: len(near)] / np.array(areas) - 1).max())}


def _against(
    ours: dict[str, float], others: dict[str, dict[str, float]], least: float,
    near: list[np.ndarray],
) -> dict[str, Any]:  # fmt: skip
    """Our rate over the best of the others' that finds the same areas; 0 where there is none."""
    same = [one for one in others.values() if one["worst_area"] < SAME]
    best = {kind: max((one[kind] for one in same), default=np.inf) for kind in ("wall", "cpu")}
    return {
        "ratio": ours["wall"] / best["wall"],
        "cpu_ratio": ours["cpu"] / best["cpu"],
        "limit_at_least": least,
        "fields_per_second": ours,
        "others_per_second": others,
        "buildings_within_reach": float(np.mean([len(one) for one in near])),
    }


def _growth(cities: list[dict[str, float]]) -> dict[str, Any]:
    """Exponents of a power law of time over cameras."""
    cameras = np.log([one["cameras"] for one in cities])
    slopes = {
        kind: float(np.polyfit(cameras, np.log([one[kind] for one in cities]), 1)[0])
        for kind in ("wall_s", "cpu_s")
    }
    return {"ratio": slopes["wall_s"], "cpu_ratio": slopes["cpu_s"], "limit": 1.1, "runs": cities}


def _cores(cities: list[dict[str, float]]) -> dict[str, Any]:
    """The share of the machine's cores that the largest run used or waited for."""
    share = cities[-1]["wanted_cores"] / (os.cpu_count() or 1)
    return {"ratio": share, "cpu_ratio": share, "limit_at_least": 0.9}


def _in_a_process(cameras: int) -> dict[str, float]:
    command = [sys.executable, __file__, str(cameras)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _coverage_run(cameras: int) -> dict[str, float]:
    """One run over a whole city, and the cores it kept busy."""
    survey(scene(50, RULES, np.random.default_rng(2)), RULES, BlindRule(), deepest=DEEPEST)
    city = scene(cameras, RULES, np.random.default_rng(1))
    begun = time.perf_counter(), _tree_cpu_s()
    with Wanted() as wanted:
        found = survey(city, RULES, BlindRule(), deepest=DEEPEST).coverage
    wall_s, cpu_s = time.perf_counter() - begun[0], _tree_cpu_s() - begun[1]
    return {
        "cameras": cameras, "buildings": len(city.obstacles.polygons),
        "compounds": len(city.outlines), "wall_s": round(wall_s, 2), "cpu_s": round(cpu_s, 2),
        "busy_cores": round(cpu_s / wall_s, 2), "wanted_cores": round(wanted.seconds / wall_s, 2),
        "peak_mib": round(memory_mib("self", "VmHWM")),
        "mean_share_detect": round(float(np.mean(found.share("seen")[:, 0])), 4),
    }  # fmt: skip


def _tree_cpu_s() -> float:
    """Processor seconds of this process and of the children that have ended."""
    return sum(os.times()[:4])


class Wanted:
    """Seconds that the threads ran or waited for a core while inside: what they would have used of
    a machine without others. Read twice a second from schedstat, because threads end.
    """

    def __enter__(self) -> Self:
        self._last: dict[str, float] = {}
        self._before = self._read()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._go)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()
        self._read()
        gone = {thread: seconds - self._before.get(thread, 0.0)
                for thread, seconds in self._last.items()}  # fmt: skip
        self.seconds = sum(gone.values())

    def _go(self) -> None:
        while not self._done.wait(0.5):
            self._read()

    def _read(self) -> dict[str, float]:
        for path in Path("/proc/self/task").glob("*/schedstat"):
            with suppress(OSError):  # a thread that has just ended
                ran_ns, waited_ns, _ = path.read_text().split()
                self._last[path.parent.name] = (int(ran_ns) + int(waited_ns)) / 1e9
        return dict(self._last)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_coverage_run(int(sys.argv[1]))))
