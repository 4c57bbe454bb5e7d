"""Plans for new cameras: against all combinations, with bounds that hold and honest gaps."""

import os
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from shapely import box

from gis.errors import Stopped
from gis.video.siting.placement import for_budget, for_target
from gis.video.siting.sites import (
    Samples,
    along_walls,
    poses,
    samples,
    sight,
    uncovered,
    weighted,
)


def shapes(*some):
    return np.array(some, dtype=object)


def instance(seed, rows=10, columns=25, density=0.2):
    rng = np.random.default_rng(seed)
    seen = rng.random((rows, columns)) < density
    return seen, sparse.csr_array(seen.astype(float)), rng.integers(0, 9, columns).astype(float)


def weight_of(seen, weight, some):
    return float(weight[seen[list(some)].any(axis=0)].sum())


laws = settings(max_examples=25, deadline=None)


@laws
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_the_exact_plan_is_the_best_of_all_combinations(seed, budget):
    seen, matrix, weight = instance(seed)
    best = max(weight_of(seen, weight, some) for some in combinations(range(10), budget))
    found = for_budget(matrix, weight, budget=budget)
    assert found.status == "optimal"
    assert found.value == pytest.approx(best)
    assert found.gap == pytest.approx(0, abs=1e-6)
    assert len(found.chosen) <= budget
    assert weight_of(seen, weight, found.chosen) == pytest.approx(best)
    greedy = for_budget(matrix, weight, budget=budget, exact=False)
    assert greedy.value <= best + 1e-9 <= greedy.bound + 2e-9
    assert greedy.value >= (1 - 1 / np.e) * best - 1e-9


@laws
@given(st.integers(0, 10**6), st.floats(0.1, 1.0))
def test_the_fewest_cameras_for_a_share(seed, target_share):
    seen, matrix, weight = instance(seed, rows=9)
    found = for_target(matrix, weight, target_share=target_share)
    needed = target_share * weight.sum()
    enough = [k for k in range(10) for some in combinations(range(9), k)
              if weight_of(seen, weight, some) >= needed * (1 - 1e-9)]  # fmt: skip
    if not enough:
        assert found.status == "unreachable"
        return
    assert (found.value, found.status) == (enough[0], "optimal")
    greedy = for_target(matrix, weight, target_share=target_share, exact=False)
    assert greedy.bound <= enough[0] <= greedy.value


def test_out_of_time_the_gap_is_reported_and_the_plan_is_no_worse_than_greedy():
    _, matrix, weight = instance(1, rows=400, columns=2_000, density=0.02)
    greedy = for_budget(matrix, weight, budget=40, exact=False)
    found = for_budget(matrix, weight, budget=40, time_limit_s=0.05)
    assert found.status == "time_limit"
    assert found.value >= greedy.value
    assert found.bound > found.value
    assert 0 < found.gap <= greedy.gap


def test_a_plan_that_somebody_waits_for_is_the_same_and_says_how_long_it_is_solved():
    _, matrix, weight = instance(0)
    said = []
    found = for_budget(matrix, weight, budget=3, say=lambda *one: said.append(one))
    alone = for_budget(matrix, weight, budget=3)
    assert (found.status, found.value) == ("optimal", pytest.approx(alone.value))
    assert found.chosen.tolist() == alone.chosen.tolist()
    assert said[0][1:] == ("求解，最多 10 秒", "solving, at most 10 s")


def test_the_solver_ends_at_once_when_nobody_waits_any_more():
    _, matrix, weight = instance(1, rows=400, columns=2_000, density=0.02)
    stopped_s = []

    def say(share, *_):
        if share > 0.01:
            stopped_s.append(time.monotonic())
            raise Stopped

    with pytest.raises(Stopped):
        for_budget(matrix, weight, budget=40, time_limit_s=60, say=say)
    assert time.monotonic() - stopped_s[0] < 10
    own = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    assert not any(_solves(child) for one in own for child in one.read_text().split())


def _solves(process):
    command = Path(f"/proc/{process}/cmdline")
    return command.exists() and b"gis.video.siting.programme" in command.read_bytes()


def test_the_list_is_ranked_and_its_lines_add_up():
    matrix = sparse.csr_array(np.array([[1.0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1]]))
    found = for_budget(matrix, np.array([1.0, 2, 3, 4]), budget=3, unit_cost=5_000.0)
    assert found.chosen.tolist() == [1, 2]  # the first would add nothing
    assert found.gain.tolist() == [6, 4]
    assert found.cumulative_cost.tolist() == [5_000, 10_000]


def test_nothing_to_choose_from():
    found = for_budget(sparse.csr_array((0, 3)), np.ones(3), budget=2)
    assert (found.chosen.tolist(), found.value, found.gap) == ([], 0.0, 0.0)


def test_poses_stand_at_every_place_in_every_direction():
    found = poses(np.array([1.0, 2.0]), np.array([3.0, 4.0]), every_deg=90)
    assert found.direction_deg.tolist() == [0, 90, 180, 270] * 2
    assert found.site.tolist() == [0] * 4 + [1] * 4
    assert found.x_m.tolist() == [1] * 4 + [2] * 4


def test_places_along_walls_keep_clear_of_all_buildings():
    row = shapes(box(0, 0, 10, 10), box(10, 0, 20, 10))
    x_m, y_m = along_walls(row, every_m=5, offset_m=0.3)
    away = shapely.distance(shapely.union_all(row), shapely.points(x_m, y_m))
    assert away.min() == pytest.approx(0.3, abs=1e-3)
    assert {(-0.3, -0.3), (20.3, 10.3)} <= set(zip(x_m, y_m, strict=True))
    assert len(x_m) == 2 * (5 + 3)  # 20.6 m in five parts, 10.6 m in three


def test_samples_stand_for_the_public_ground_and_weigh_more_near_incidents():
    ground = samples(shapes(box(0, 0, 20, 10), box(30, 0, 40, 10)), spacing_m=1)
    assert ground.weight.sum() == 300
    near = weighted(ground, np.array([5.5]), np.array([5.5]), radius_m=0.5, factor=3)
    assert near.weight.sum() == 303
    assert near.weight.max() == 4
    left = uncovered(near, shapes(box(0, 0, 20, 10)))
    assert left.weight.sum() == 100


def test_a_field_sees_the_samples_in_it():
    ground = Samples(np.array([1.0, 5.0, 9.0]), np.zeros(3), np.ones(3))
    fields = shapes(box(0, -1, 6, 1), box(8, -1, 10, 1), shapely.MultiPolygon())
    assert sight(fields, ground).toarray().tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_a_candidate_with_a_direction_looks_nowhere_else():
    found = poses(
        np.array([1.0, 2.0]), np.zeros(2), every_deg=180, direction_deg=np.array([np.nan, 450.0])
    )
    assert found.direction_deg.tolist() == [0, 180, 90]
    assert found.site.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("weights", "chosen"),
    [([], 0),  # the larger court
     ([{"x_m": [25.0], "y_m": [4.5], "radius_m": 2.0, "factor": 2.0}], 1),  # 12 samples thrice
     ([{"x_m": [25.0], "y_m": [4.5], "radius_m": 2.0, "factor": 0.1, "count": [20.0]}], 1),
     ([{"x_m": [25.0], "y_m": [4.5], "radius_m": 2.0, "factor": 2.0, "most": 1.5}], 0)],
)  # fmt: skip
def test_weights_decide_between_two_courts(weights, chosen):
    """Courts of 110 and 90 m², a camera sees one of them; 12 lattice points lie within 2 m of the
    spot in the smaller one: thrice their weight makes 114, half as much more only 96.
    """
    courts = shapes(box(0, 0, 11, 10), box(20, 0, 29, 10))
    ground = samples(courts, spacing_m=1)
    for one in weights:
        arrays = {k: np.array(v) if isinstance(v, list) else v for k, v in one.items()}
        ground = weighted(ground, arrays.pop("x_m"), arrays.pop("y_m"), **arrays)
    for exact in (True, False):
        plan = for_budget(sight(courts, ground), ground.weight, budget=1, exact=exact)
        assert plan.chosen.tolist() == [chosen]
