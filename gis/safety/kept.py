"""The inputs of one rating as an open file, so that it can be computed again; counts, no incident.

A Parquet file with one row per compound. ``incidents_by_category``, ``incidents_by_month`` and
``households_by_month`` are lists in the order of the categories and months that the file's metadata
``wangge`` names; ``beside`` lists the rows of the later compounds that lie next to this one.
"""

import io
import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy
from numpy.typing import NDArray

from gis.arrays import Ints
from gis.errors import BadPolicy
from gis.safety.inputs import Inputs, input_digest
from gis.safety.reference import Reference
from gis.safety.rules import RatingRules

_ABOUT = b"wangge"
_WORDS = ("code", "area_code", "peer_group", "previous_colour", "severe")
_FIGURES = ("households", "buildings")
_DAY = "households_as_of"
_LISTS = {
    "counts": "incidents_by_category",
    "monthly": "incidents_by_month",
    "households": "households_by_month",
}
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, OSError, pa.ArrowException, BadPolicy)


class Unreadable(ValueError):
    """What was kept is not what `Basis.packed` wrote; says where it breaks off."""


@dataclass(frozen=True)
class Packed:
    """A basis as it is stored: the inputs as a Parquet file, the others as canonical JSON."""

    payload: bytes
    rules: str
    reference: str


@dataclass(frozen=True)
class Basis:
    """Everything a rating depends on."""

    inputs: Inputs
    rules: RatingRules
    reference: Reference

    @property
    def digest(self) -> str:
        """SHA-256 over all of it; equal digests mean equal bits."""
        return input_digest(self.inputs, self.rules, self.reference)

    def packed(self) -> Packed:
        """As it is stored."""
        reference = json.dumps(self.reference.as_json(), sort_keys=True, ensure_ascii=False)
        return Packed(written(self.inputs), self.rules.canonical().decode(), reference)

    @classmethod
    def of(cls, packed: Packed) -> Self:
        """What `packed` wrote; raises Unreadable for anything else."""
        try:
            return cls(
                read(packed.payload),
                RatingRules.from_canonical(packed.rules),
                Reference.from_json(json.loads(packed.reference)),
            )
        except _BROKEN as exc:
            raise Unreadable(f"{type(exc).__name__}: {exc}") from exc


def libraries() -> str:
    """The libraries whose arithmetic decides the last bits of a figure."""
    return f"numpy {np.__version__}, scipy {scipy.__version__}"


def written(inputs: Inputs) -> bytes:
    """The Parquet file of ``inputs``; raises ValueError for neighbours out of order."""
    frame = inputs.compounds
    columns = {
        **{name: pa.array(frame[name], pa.string(), from_pandas=True) for name in _WORDS},
        **{name: pa.array(frame[name], pa.float64(), from_pandas=True) for name in _FIGURES},
        _DAY: pa.array(frame[_DAY].to_numpy(dtype="datetime64[D]"), pa.date32()),
        **{column: _lists(getattr(inputs, name)) for name, column in _LISTS.items()},
        "beside": _beside(inputs.neighbours, len(frame)),
    }
    about = {
        "as_of": inputs.as_of.isoformat(),
        "categories": inputs.categories,
        "months": [month.isoformat() for month in inputs.months],
    }
    body = io.BytesIO()
    table = pa.table(columns, metadata={_ABOUT: json.dumps(about)})
    pq.write_table(table, body, compression="zstd")
    return body.getvalue()


def read(payload: bytes) -> Inputs:
    """The inputs that `written` wrote; another file raises what the reader of it raises."""
    table = pq.read_table(io.BytesIO(payload))
    about = json.loads(table.schema.metadata[_ABOUT])
    frame = {
        **{name: pd.Series(table[name].to_pylist(), dtype=object) for name in _WORDS},
        **{name: table[name].to_numpy() for name in _FIGURES},
        _DAY: table[_DAY].to_numpy().astype("datetime64[s]"),
    }
    return Inputs(
        compounds=pd.DataFrame(frame),
        categories=tuple(about["categories"]),
        months=tuple(date.fromisoformat(month) for month in about["months"]),
        **{name: _matrix(table[column]) for name, column in _LISTS.items()},
        neighbours=_pairs(table["beside"]),
        as_of=date.fromisoformat(about["as_of"]),
    )


def _lists(values: NDArray[np.generic]) -> pa.Array:
    """A row's figures as one list: what repeats from month to month then lies side by side."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _matrix(column: pa.ChunkedArray) -> NDArray[Any]:
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.array(flat).reshape(len(column), -1)  # its own, to be written into


def _beside(neighbours: Ints, compounds: int) -> pa.Array:
    left, right = neighbours[:, 0], neighbours[:, 1]
    if (np.diff(left) < 0).any():
        raise ValueError("neighbours must be sorted by their first compound")
    offsets = np.searchsorted(left, np.arange(compounds + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(right))


def _pairs(column: pa.ChunkedArray) -> Ints:
    lists = column.combine_chunks()
    left = np.repeat(np.arange(len(lists)), lists.value_lengths().to_numpy())
    return np.column_stack([left, lists.flatten().to_numpy()]).astype(np.int64)
