"""From the store's frames to the arrays of one rating; pure, so that a replay needs no store."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from gis.arrays import Floats, Ints
from gis.safety import exposure
from gis.safety.inputs import Inputs
from gis.safety.rules import EVENT_CATEGORY, RatingRules


def inputs_of(
    *,
    compounds: pd.DataFrame,
    history: pd.DataFrame,
    incidents: pd.DataFrame,
    severe: pd.DataFrame,
    previous: pd.DataFrame,
    categories: Sequence[str],
    months: Sequence[date],
    as_of: date,
    rules: RatingRules,
) -> Inputs:
    """Bring the frames of `gis.safety.store` into the order of the compounds; no neighbours yet.

    Incidents outside these compounds, or before a compound began, do not count.
    """
    codes = pd.Index(compounds["code"])
    counts = {
        "row": codes.get_indexer(pd.Index(history["code"])),
        "counted_on": np.array(history["as_of"].tolist(), dtype="datetime64[D]"),
        "households": history["households"].to_numpy(dtype=np.float64),
    }
    known = counts["row"] >= 0
    counts = {name: values[known] for name, values in counts.items()}
    households = exposure.households_by_month(**counts, months=months, compounds=len(codes))
    began = np.array(compounds["began"].tolist(), dtype="datetime64[D]")
    ends = (np.array(months, dtype="datetime64[M]") + 1).astype("datetime64[D]")
    households[began[:, None] >= ends[None, :]] = 0.0
    by_category, by_month = _counts(codes, incidents, categories, households, rules)
    latest, day = exposure.latest_households(**counts, as_of=as_of, compounds=len(codes))
    frame = pd.DataFrame(
        {
            **{name: compounds[name] for name in ("code", "area_code", "peer_group", "buildings")},
            "households": latest,
            "households_as_of": day.astype("datetime64[s]"),
            "previous_colour": pd.Series(_matched(codes, previous), dtype=object),
            "severe": _events(codes, severe, rules),
        },
        index=compounds.index,
        copy=False,
    )
    return Inputs(
        compounds=frame,
        categories=tuple(categories),
        months=tuple(months),
        counts=by_category,
        monthly=by_month,
        households=households,
        neighbours=np.zeros((0, 2), dtype=np.int64),
        as_of=as_of,
    )


def _counts(
    codes: pd.Index,
    incidents: pd.DataFrame,
    categories: Sequence[str],
    households: Floats,
    rules: RatingRules,
) -> tuple[Ints, Ints]:
    """Incidents (n, c) by category, and (n, m) counted ones by month."""
    row = codes.get_indexer(pd.Index(incidents["code"]))
    category = pd.Index(categories).get_indexer(pd.Index(incidents["category"]))
    month = incidents["month"].to_numpy(dtype=np.int64) - 1
    times = incidents["incidents"].to_numpy(dtype=np.int64)
    kept = row >= 0
    kept[kept] = households[row[kept], month[kept]] != 0  # NaN counts: unrated, and shown
    row, category, month, times = row[kept], category[kept], month[kept], times[kept]
    rated = np.array([name not in rules.counted_apart for name in categories])[category]
    n, m = households.shape
    return (
        _table(row, category, times, (n, len(categories))),
        _table(row[rated], month[rated], times[rated], (n, m)),
    )


def _table(
    row: Ints,
    column: Ints,
    times: Ints,
    shape: tuple[int, int],
) -> Ints:
    flat = np.bincount(row * shape[1] + column, weights=times, minlength=shape[0] * shape[1])
    return flat.astype(np.int64).reshape(shape)


def _matched(codes: pd.Index, previous: pd.DataFrame) -> list[str | None]:
    colour = dict(zip(previous["code"], previous["colour"], strict=True))
    return [colour.get(code) for code in codes]


def _events(codes: pd.Index, severe: pd.DataFrame, rules: RatingRules) -> list[str]:
    """Severe events of each compound as words in the order of time, joined by a comma."""
    word = {EVENT_CATEGORY.get(event, event): event for event in rules.severe_lift}
    events: dict[str, list[str]] = {}
    for code, category in zip(severe["code"], severe["category"], strict=True):
        if category in word:
            events.setdefault(code, []).append(word[category])
    return [",".join(events.get(code, [])) for code in codes]
