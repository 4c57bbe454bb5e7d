"""The three-colour rating of SAF-1 and SAF-2: counts and households in, colours with reasons out.

The method and its sources are in docs/methods/safety.md.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.safety import colours, exposure, quality, reasons, shrinkage, small
from gis.safety.inputs import Inputs, input_digest
from gis.safety.reference import Reference, expected
from gis.safety.rules import UNRATED, RatingRules
from gis.safety.shrinkage import Prior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
POOLED = "*"  # prior of all peer groups together, for groups too small for their own
_FROM_FRAME = (
    "colour", "base_colour", "observed", "expected", "relative_risk", "p_red", "p_amber",
    "full_shrinkage",
)  # fmt: skip


@dataclass(frozen=True)
class Ratings:
    """``frame`` has one row per compound, in the order of the input, indexed 0 to n - 1."""

    frame: pd.DataFrame
    priors: Mapping[str, Prior]
    reference: Reference
    digest: str


@dataclass(frozen=True)
class _Units:
    """What is rated as one: a compound, or a group of small ones.

    ``row`` (n,) is each compound's unit, -1 if unrated, and ``unrated`` (n,) says why;
    ``members`` and ``first`` are the size and the first compound of each unit.
    """

    row: Ints
    unrated: NDArray[np.object_]
    members: Ints
    first: Ints

    @property
    def members_at(self) -> Ints:
        """(n,) how many compounds each compound is rated with, itself included."""
        return np.append(self.members, 1)[self.row]

    @property
    def head_at(self) -> Ints:
        """(n,) first compound of each compound's unit."""
        return np.where(self.row < 0, np.arange(len(self.row)), np.append(self.first, 0)[self.row])


def rate(
    inputs: Inputs,
    *,
    rules: RatingRules,
    reference: Reference,
    priors: Mapping[str, Prior] | None = None,
) -> Ratings:
    """Rate every compound.

    Given ``priors`` (those of a stored run) nothing is fitted, so a single compound, or a group of
    small ones with all its members, is rated as the whole run would have rated it.
    """
    group = inputs.compounds["peer_group"].to_numpy(dtype=np.str_)
    by_month = expected(
        np.nan_to_num(inputs.households),
        group,
        reference=reference,
        categories=inputs.counted(rules),
    )
    units = _units(inputs, by_month, rules)
    own = inputs.counted_counts(rules).sum(axis=1)
    o = _per_unit(own, units).astype(np.int64)
    e = _per_unit(by_month.sum(axis=1), units)
    unit_group = group[units.first]
    fitted = dict(priors) if priors else fit_priors(o, e, unit_group, rules=rules)
    figures = _figures(o, e, unit_group, fitted, rules)
    frame = _at_compounds(figures, units, own)
    _colour(frame, inputs, rules)
    _grade(frame, inputs, by_month, fitted, rules)
    _explain(frame, inputs, units, rules)
    return Ratings(frame, fitted, reference, input_digest(inputs, rules, reference))


def fit_priors(
    observed: Ints, expected_: Floats, peer_group: NDArray[np.str_], *, rules: RatingRules
) -> dict[str, Prior]:
    """One prior per peer group, and ``*`` for groups with too few units for one of their own."""
    priors = {POOLED: shrinkage.fit(observed, expected_)}
    for group in np.unique(peer_group).tolist():
        own = peer_group == group
        enough = int(own.sum()) >= rules.peer_min_compounds
        priors[group] = shrinkage.fit(observed[own], expected_[own]) if enough else priors[POOLED]
    return priors


def _units(inputs: Inputs, by_month: Floats, rules: RatingRules) -> _Units:
    """Which compounds are rated alone, together, or not at all (and why)."""
    frame = inputs.compounds
    households = frame["households"].to_numpy(dtype=np.float64)
    unknown = np.isnan(households) | ~(np.nan_to_num(inputs.households).sum(axis=1) > 0)
    few_buildings = np.nan_to_num(frame["buildings"].to_numpy(np.float64)) < rules.min_buildings
    tiny = ~unknown & (households < rules.min_households) & few_buildings
    group = small.rated_together(
        small=tiny,
        households=households,
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
    return _Units(unit_of, why, members.astype(np.int64), first.astype(np.int64))


def _per_unit(values: NDArray[np.generic], units: _Units) -> Floats:
    rated = units.row >= 0
    sums = np.bincount(units.row[rated], weights=values[rated], minlength=len(units.first))
    return sums.astype(np.float64)


def _figures(
    observed: Ints,
    expected_: Floats,
    peer_group: NDArray[np.str_],
    priors: Mapping[str, Prior],
    rules: RatingRules,
) -> pd.DataFrame:
    """Observed, expected, shrunk ratio and the two probabilities of each unit."""
    out = pd.DataFrame({"observed": observed, "expected": expected_})
    names = ("relative_risk", "p_red", "p_amber", "tail", "full_shrinkage")
    found = {name: np.full(len(out), np.nan) for name in names}
    for group in np.unique(peer_group).tolist():
        own = peer_group == group
        prior = priors.get(group, priors[POOLED])
        shape, per = shrinkage.posterior(observed[own], expected_[own], prior)
        shape, per = np.broadcast_to(shape, own.sum()), np.broadcast_to(per, own.sum())
        found["relative_risk"][own] = shape / per
        found["p_red"][own] = shrinkage.exceedance(shape, per, cut=rules.red_relative_risk)
        found["p_amber"][own] = shrinkage.exceedance(shape, per, cut=rules.amber_relative_risk)
        found["tail"][own] = shrinkage.lower_tail(observed[own], expected_[own], prior)
        found["full_shrinkage"][own] = prior.full_shrinkage
    return out.assign(**found)


def _at_compounds(figures: pd.DataFrame, units: _Units, own: Ints) -> pd.DataFrame:
    """Each compound with the figures of its unit; unrated ones with their own count and NaN."""
    frame = figures.reindex(units.row).reset_index(drop=True)
    frame["observed"] = np.where(units.row < 0, own, frame["observed"]).astype(np.int64)
    frame["full_shrinkage"] = frame["full_shrinkage"].fillna(0.0) > 0
    return frame


def _colour(frame: pd.DataFrame, inputs: Inputs, rules: RatingRules) -> None:
    """Add base_colour (figures and hysteresis) and colour (after severe events)."""
    given = inputs.compounds["previous_colour"]
    previous = given.where(given.notna(), "").to_numpy(dtype=np.str_)
    rated = frame["expected"].notna().to_numpy()
    base = colours.colours(
        frame["p_red"].to_numpy(),
        frame["p_amber"].to_numpy(),
        observed=frame["observed"].to_numpy(),
        previous=previous,
        rules=rules,
    )
    base = np.where(rated, base, UNRATED)
    severe = np.array([len(_words(text)) for text in inputs.compounds["severe"]], dtype=np.int64)
    frame["base_colour"] = base
    frame["colour"] = colours.lifted(base, severe, rules=rules)


def _grade(
    frame: pd.DataFrame,
    inputs: Inputs,
    by_month: Floats,
    priors: Mapping[str, Prior],
    rules: RatingRules,
) -> None:
    """Add low_count, quality and quality_notes."""
    compounds = inputs.compounds
    counted_on = compounds["households_as_of"].to_numpy(dtype="datetime64[D]")
    stale = exposure.out_of_date(
        counted_on, as_of=inputs.as_of, months=rules.stale_households_months
    )
    low = frame.pop("tail").to_numpy() < rules.low_count_tail
    notes = {
        quality.FEW_HOUSEHOLDS: ~(compounds["households"].to_numpy() >= rules.min_households),
        quality.STALE_HOUSEHOLDS: stale,
        quality.REPORTING_GAP: _gaps(inputs, by_month, priors, rules),
        quality.SHORT_WINDOW: np.full(len(frame), len(inputs.months) < rules.window_months),
        quality.LOW_COUNT: low,
    }
    frame["low_count"] = low
    frame["quality"] = quality.grades(notes)
    frame["quality_notes"] = quality.noted(notes)


def _gaps(
    inputs: Inputs, by_month: Floats, priors: Mapping[str, Prior], rules: RatingRules
) -> NDArray[np.bool_]:
    """Compounds that, or whose community, or whose whole district fell silent implausibly."""
    frame = inputs.compounds
    group = frame["peer_group"].tolist()
    own = [priors.get(name, priors[POOLED]) for name in group]
    everybody = priors[POOLED]
    levels: list[tuple[NDArray[np.generic], Floats, Floats]] = [
        (np.arange(len(frame)), *_shape_and_rate(own)),
        (frame["area_code"].to_numpy(dtype=np.str_), *_shape_and_rate([everybody])),
        (np.zeros(len(frame)), *_shape_and_rate([everybody])),
    ]
    silent = np.zeros(len(frame), dtype=np.bool_)
    for label, nu, alpha in levels:
        counts, row = quality.summed(inputs.monthly, label)
        awaited, _ = quality.summed(by_month, label)
        silent |= quality.implausible_silence(
            counts.astype(np.int64), awaited, nu=nu, alpha=alpha,
            min_months=rules.reporting_gap_months, tail=rules.low_count_tail,
        )[row]  # fmt: skip
    return silent


def _shape_and_rate(priors: Sequence[Prior]) -> tuple[Floats, Floats]:
    """(nu, alpha) of each prior; a group without variation counts as a certain rate."""
    return np.array([p.nu for p in priors]), np.array([p.alpha for p in priors])


def _explain(frame: pd.DataFrame, inputs: Inputs, units: _Units, rules: RatingRules) -> None:
    """Add lifted_by, rated_with and the two reasons."""
    compounds = inputs.compounds
    heads = compounds["code"].astype(object).iloc[units.head_at].reset_index(drop=True)
    frame["rated_with"] = heads.where(units.members_at > 1, None)
    severe = compounds["severe"].astype(object).reset_index(drop=True)
    frame["lifted_by"] = severe.where(frame["colour"] != frame["base_colour"], None)
    facts = frame[list(_FROM_FRAME)].assign(
        previous=compounds["previous_colour"].to_list(),
        peer_group=compounds["peer_group"].to_list(),
        households=compounds["households"].to_list(),
        severe=pd.Series([tuple(_words(text)) for text in severe], dtype=object),
        members=units.members_at,
        unrated=units.unrated,
        months=len(inputs.months),
    )
    columns = [facts[field.name].tolist() for field in dataclasses.fields(reasons.Verdict)]
    verdicts = [reasons.Verdict(*values) for values in zip(*columns, strict=True)]
    window = inputs.window
    frame["reason_zh"] = [reasons.chinese(one, window=window, rules=rules) for one in verdicts]
    frame["reason_en"] = [reasons.english(one, window=window, rules=rules) for one in verdicts]


def _words(text: str | None) -> list[str]:
    return text.split(",") if text else []
