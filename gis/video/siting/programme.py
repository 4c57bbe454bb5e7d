"""A mixed integer programme for HiGHS (in scipy); as a command it answers one from its input."""

import sys
from dataclasses import dataclass, fields
from io import BytesIO
from typing import Any, Self

import numpy as np
from scipy import sparse

from gis.arrays import Floats, Ints


@dataclass(frozen=True)
class _Sent:
    """Arrays that another process is given as bytes."""

    def sent(self) -> bytes:
        """The arrays, by name."""
        whole = BytesIO()
        np.savez(whole, **{one.name: getattr(self, one.name) for one in fields(self)})
        return whole.getvalue()

    @classmethod
    def received(cls, content: bytes) -> Self:
        """What was `sent`; numbers come as arrays without an axis."""
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            return cls(**{one.name: arrays[one.name] for one in fields(cls)})


@dataclass(frozen=True)
class Programme(_Sent):
    """Minimise ``cost`` · x with ``lower`` <= rows x <= ``upper`` and 0 <= x <= 1.

    The first ``whole`` entries of x are 0 or 1. The rows are the parts of a sparse matrix by
    columns. ``time_limit_s``: then the best x so far is taken.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    data: Floats
    indices: Ints
    indptr: Ints
    whole: int
    time_limit_s: float

    @classmethod
    def of(
        cls, rows: sparse.csr_array, cost: Floats, lower: Floats, upper: Floats, *, whole: int,
        time_limit_s: float,
    ) -> Self:  # fmt: skip
        """With the rows as a sparse matrix."""
        by_column = rows.tocsc()
        parts = by_column.data, by_column.indices, by_column.indptr
        return cls(cost, lower, upper, *parts, whole, time_limit_s)


@dataclass(frozen=True)
class Answer(_Sent):
    """``x`` is empty where none was found in time; the bound holds all the same."""

    x: Floats
    value: float
    bound: float
    optimal: bool


def answer(asked: Programme) -> Answer:
    """Solve it here; nothing ends it before its time limit."""
    from scipy.optimize import (  # noqa: PLC0415  a tenth of a second that other commands save
        Bounds,
        LinearConstraint,
        milp,
    )

    shape = (len(asked.lower), len(asked.cost))
    rows = sparse.csc_array((asked.data, asked.indices, asked.indptr), shape=shape)
    found: Any = milp(
        asked.cost, integrality=np.arange(len(asked.cost)) < asked.whole,
        bounds=Bounds(0.0, 1.0), constraints=LinearConstraint(rows, asked.lower, asked.upper),
        options={"time_limit": float(asked.time_limit_s), "mip_rel_gap": 0.0},
    )  # fmt: skip
    bound = -np.inf if found.mip_dual_bound is None else float(found.mip_dual_bound)
    if found.x is None:
        return Answer(np.empty(0), np.inf, bound, found.status == 0)
    return Answer(found.x, float(found.fun), bound, found.status == 0)


if __name__ == "__main__":
    sys.stdout.buffer.write(answer(Programme.received(sys.stdin.buffer.read())).sent())
