"""Frozen reference rates: what a household of a peer group meets in a month, for all later runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gis.arrays import Floats, Ints, Words

EVERYBODY = "*"


@dataclass(frozen=True)
class Reference:
    """Incidents per household and month by peer group and category, from one window.

    ``first_month`` and ``last_month`` (``2024-10``) name the window, both inclusive. The group
    ``*`` holds the rates of all compounds; a group that is not listed takes them.
    """

    first_month: str
    last_month: str
    rates: Mapping[str, Mapping[str, float]]

    def per_household_month(self, group: str, categories: Sequence[str]) -> Floats:
        """(c,) rates of one peer group in the order of ``categories``; unknown ones are 0."""
        rates = self.rates.get(group, self.rates[EVERYBODY])
        return np.array([rates.get(category, 0.0) for category in categories], dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        """Plain values; floats survive JSON unchanged, so a replay has the same bits."""
        rates = {group: dict(values) for group, values in self.rates.items()}
        return {"first_month": self.first_month, "last_month": self.last_month, "rates": rates}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` wrote."""
        return cls(values["first_month"], values["last_month"], values["rates"])


def derive(
    counts: Ints,
    household_months: Floats,
    peer_group: Words,
    *,
    categories: Sequence[str],
    window: tuple[str, str],
    min_incidents: int,
) -> Reference:
    """Reference rates of one window: incidents of a group over its household-months.

    Parameters
    ----------
    counts : (n, c) int
        Incidents per compound and counted category in the window.
    household_months : (n,) float
        Households summed over the window's months; rows with 0 or NaN are left out.
    peer_group : (n,) str
        Peer group of each compound (SAF-2).
    categories : (c,) str
        Counted categories, in the order of the columns.
    window : (str, str)
        First and last month, ``2024-10``.
    min_incidents : int
        A group with fewer incidents is not listed and takes the rates of all compounds.
    """
    known = np.nan_to_num(household_months) > 0
    counts, months, groups = counts[known], household_months[known], peer_group[known]
    rates = {EVERYBODY: _rates(counts, months, categories)}
    for group in np.unique(groups).tolist():
        own = groups == group
        if counts[own].sum() >= min_incidents:
            rates[group] = _rates(counts[own], months[own], categories)
    return Reference(window[0], window[1], rates)


def _rates(counts: Ints, months: Floats, categories: Sequence[str]) -> dict[str, float]:
    total = float(months.sum())
    sums = counts.sum(axis=0)
    rates = sums / total if total > 0 else np.zeros(len(categories))
    return dict(zip(categories, rates.tolist(), strict=True))


def expected(
    household_months: Floats,
    peer_group: Words,
    *,
    reference: Reference,
    categories: Sequence[str],
) -> Floats:
    """Incidents that the reference rates lead to expect, all counted categories together.

    ``household_months`` is (n,) or (n, m); the answer has its shape.
    """
    groups, row = np.unique(peer_group, return_inverse=True)
    rate = [reference.per_household_month(group, categories).sum() for group in groups.tolist()]
    per_row = np.array(rate, dtype=np.float64)[row]
    return household_months * (per_row if household_months.ndim == 1 else per_row[:, None])
