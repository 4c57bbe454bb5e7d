"""What one rating reads, and the fingerprint of it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import pandas as pd

from gis.arrays import Floats, Ints
from gis.runs import digest
from gis.safety.reference import Reference
from gis.safety.rules import RatingRules


@dataclass(frozen=True)
class Inputs:
    """What one rating reads; rows of all parts are the same compounds, sorted by code.

    ``compounds`` has the columns code, area_code, peer_group, households (latest, NaN unknown),
    households_as_of (datetime64, NaT unknown), buildings (NaN unknown), previous_colour (text or
    None), severe (events of the period as words joined by ``,``; empty for none).
    ``counts`` (n, c) are incidents of the window by category, ``monthly`` (n, m) the counted ones
    by month, ``households`` (n, m) per month (0 before a compound existed, NaN unknown),
    ``neighbours`` (k, 2) pairs of rows. ``months`` may be fewer than the window's when the data
    begin later.
    """

    compounds: pd.DataFrame
    categories: tuple[str, ...]
    months: tuple[date, ...]
    counts: Ints
    monthly: Ints
    households: Floats
    neighbours: Ints
    as_of: date

    @property
    def window(self) -> tuple[str, str]:
        """First and last month, ``2024-10``."""
        return f"{self.months[0]:%Y-%m}", f"{self.months[-1]:%Y-%m}"

    def counted(self, rules: RatingRules) -> list[str]:
        """Categories that enter O: all but those counted apart."""
        return [category for category in self.categories if category not in rules.counted_apart]

    def counted_counts(self, rules: RatingRules) -> Ints:
        """(n, counted) incidents of the categories that enter O."""
        keep = [category not in rules.counted_apart for category in self.categories]
        return self.counts[:, keep]

    def __post_init__(self) -> None:
        n, m, c = len(self.compounds), len(self.months), len(self.categories)
        wanted = {"counts": (n, c), "monthly": (n, m), "households": (n, m)}
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, wanted {shape}")
        if not self.compounds["code"].is_monotonic_increasing:
            raise ValueError("compounds must be sorted by code")


def input_digest(inputs: Inputs, rules: RatingRules, reference: Reference) -> str:
    """SHA-256 over everything a rating depends on; equal digests mean equal bits."""
    parts = {
        "compounds": inputs.compounds,
        "counts": pd.DataFrame(inputs.counts, columns=list(inputs.categories)),
        "monthly": pd.DataFrame(inputs.monthly, columns=[f"{m:%Y-%m}" for m in inputs.months]),
        "households": pd.DataFrame(inputs.households).rename(columns=str),
        "neighbours": pd.DataFrame(inputs.neighbours).rename(columns=str),
    }
    whole = hashlib.sha256(digest.of_frames(parts).encode())
    whole.update(rules.canonical())
    whole.update(json.dumps(reference.as_json(), sort_keys=True).encode())
    whole.update(inputs.as_of.isoformat().encode())
    return whole.hexdigest()
