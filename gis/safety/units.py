"""What is rated as one: a compound, a group of small ones, or nothing, with the reason."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis.arrays import Flags, Floats, Ints
from gis.safety import reasons, small
from gis.safety.inputs import Inputs
from gis.safety.rules import RatingRules


@dataclass(frozen=True)
class Units:
    """What is rated as one: a compound, or a group of small ones.

    ``row`` (n,) is each compound's unit, -1 if unrated, and ``unrated`` (n,) says why;
    ``members`` and ``first`` are the size and the first compound of each unit.
    """

    row: Ints
    unrated: NDArray[np.object_]
    members: Ints
    first: Ints

    def sums(self, values: NDArray[np.generic]) -> Floats:
        """(units,) sums of ``values`` (n,) over the members of each unit."""
        rated = self.row >= 0
        sums = np.bincount(self.row[rated], values[rated], minlength=len(self.first))
        return sums.astype(np.float64)

    @property
    def members_at(self) -> Ints:
        """(n,) how many compounds each compound is rated with, itself included."""
        return np.append(self.members, 1)[self.row]

    @property
    def head_at(self) -> Ints:
        """(n,) first compound of each compound's unit."""
        return np.where(self.row < 0, np.arange(len(self.row)), np.append(self.first, 0)[self.row])


def is_small(inputs: Inputs, rules: RatingRules) -> Flags:
    """(n,) compounds below both the household and the building threshold; households are known."""
    frame = inputs.compounds
    few = frame["households"].to_numpy(dtype=np.float64) < rules.min_households  # NaN: not small
    buildings = np.nan_to_num(frame["buildings"].to_numpy(dtype=np.float64))
    return np.asarray(few & (buildings < rules.min_buildings) & ~_unknown(inputs), dtype=np.bool_)


def _unknown(inputs: Inputs) -> Flags:
    """(n,) compounds whose households nobody counted, or counted as none."""
    never = ~(np.nan_to_num(inputs.households).sum(axis=1) > 0)
    return np.asarray(never | inputs.compounds["households"].isna().to_numpy(), dtype=np.bool_)


def form(inputs: Inputs, by_month: Floats, rules: RatingRules) -> Units:
    """Which compounds are rated alone, together, or not at all (and why)."""
    frame = inputs.compounds
    unknown, tiny = _unknown(inputs), is_small(inputs, rules)
    group = small.rated_together(
        small=tiny,
        households=frame["households"].to_numpy(dtype=np.float64),
        peer_group=frame["peer_group"].to_numpy(dtype=np.str_),
        neighbours=inputs.neighbours,
        min_households=rules.min_households,
    )
    no_rate = ~unknown & ~(by_month.sum(axis=1) > 0)
    why = np.select(
        [unknown, tiny & (group == small.ALONE), no_rate],
        [reasons.NO_HOUSEHOLDS, reasons.TOO_SMALL, reasons.NO_REFERENCE],
        "",
    ).astype(object)
    head = np.where(group == small.ALONE, np.arange(len(frame)), group)
    first, row, members = np.unique(head[why == ""], return_inverse=True, return_counts=True)
    unit_of = np.full(len(frame), -1, dtype=np.int64)
    unit_of[why == ""] = row
    return Units(unit_of, why, members.astype(np.int64), first.astype(np.int64))
