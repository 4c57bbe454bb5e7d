"""The two covering programmes: arrays in; choice, bound and status out."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from gis.arrays import Floats, Ints
from gis.progress import Say, unheard
from gis.video.siting import apart, programme
from gis.video.siting.programme import Programme


@dataclass(frozen=True)
class Solved:
    """``status`` "optimal" or "time_limit"; no pose chosen where no plan was found in time."""

    chosen: Ints
    value: float
    bound: float
    status: str


def most_weight(
    sight: sparse.csr_array, weight: Floats, *, budget: int, time_limit_s: float, say: Say
) -> Solved:
    """Largest weight that ``budget`` poses see: max Σ w·z, z <= Σ y of those that see it."""
    seen, sums = _grouped(sight, weight)
    poses, groups = seen.shape
    rows = sparse.vstack(
        [
            sparse.hstack([seen.T, -sparse.eye_array(groups)]),
            sparse.hstack([sparse.csr_array(np.ones((1, poses))), sparse.csr_array((1, groups))]),
        ]
    )
    lower = np.concatenate([np.zeros(groups), [0.0]])
    upper = np.concatenate([np.full(groups, np.inf), [float(budget)]])
    cost = np.concatenate([np.zeros(poses), -sums])
    found = _solve(rows, cost, lower, upper, poses, time_limit_s, say)
    return Solved(found.chosen, -found.value, -found.bound, found.status)


def fewest_poses(
    sight: sparse.csr_array, weight: Floats, *, needed: float, time_limit_s: float, say: Say
) -> Solved:
    """Fewest poses that see the weight ``needed``: min Σ y with Σ w·z >= needed."""
    seen, sums = _grouped(sight, weight)
    poses, groups = seen.shape
    rows = sparse.vstack(
        [
            sparse.hstack([seen.T, -sparse.eye_array(groups)]),
            sparse.hstack([sparse.csr_array((1, poses)), sparse.csr_array(sums[None, :])]),
        ]
    )
    lower = np.concatenate([np.zeros(groups), [needed * (1 - 1e-9)]])
    cost = np.concatenate([np.ones(poses), np.zeros(groups)])
    return _solve(rows, cost, lower, np.full(groups + 1, np.inf), poses, time_limit_s, say)


def _grouped(sight: sparse.csr_array, weight: Floats) -> tuple[sparse.csr_array, Floats]:
    """Samples that the same poses see become one; those that count for nothing are left out."""
    columns = sight[:, np.flatnonzero(weight > 0)].tocsc()
    columns.sort_indices()
    names = [
        columns.indices[a:b].tobytes()
        for a, b in zip(columns.indptr[:-1], columns.indptr[1:], strict=True)
    ]
    first: dict[bytes, int] = {}
    group = np.array([first.setdefault(name, len(first)) for name in names], np.int64)
    sums = np.bincount(group, weight[weight > 0], minlength=len(first)).astype(np.float64)
    keep = np.zeros(len(first), np.int64)
    keep[group[::-1]] = np.arange(len(group))[::-1]
    return columns[:, keep].tocsr(), sums


def _solve(
    rows: sparse.csr_array, cost: Floats, lower: Floats, upper: Floats, poses: int,
    time_limit_s: float, say: Say,
) -> Solved:  # fmt: skip
    """Minimise; the first ``poses`` columns are 0 or 1, the rest between 0 and 1.

    A run out of time has a plan or none; its bound holds all the same.
    """
    asked = Programme.of(rows, cost, lower, upper, whole=poses, time_limit_s=time_limit_s)
    found = programme.answer(asked) if say is unheard else apart.answer(asked, say)
    chosen = np.flatnonzero(found.x[:poses] > 0.5)
    status = "optimal" if found.optimal else "time_limit"
    return Solved(chosen, float(found.value), float(found.bound), status)
