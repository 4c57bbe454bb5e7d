"""The three-colour rating of SAF-1 and SAF-2: counts and households in, colours with reasons out.

The method and its sources are in docs/methods/safety.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from gis.arrays import Flags, Floats, Ints, Words
from gis.safety import colours, exposure, quality, reasons, shrinkage, units
from gis.safety.inputs import Inputs
from gis.safety.reference import Reference, expected
from gis.safety.rules import UNRATED, RatingRules
from gis.safety.shrinkage import Prior
from gis.safety.units import Units

POOLED = "*"  # prior of all peer groups together, for groups too small for their own


@dataclass(frozen=True)
class Ratings:
    """``frame`` has one row per compound, in the order of the input, indexed 0 to n - 1."""

    frame: pd.DataFrame
    priors: Mapping[str, Prior]
    reference: Reference


@dataclass(frozen=True)
class _Figures:
    """Figures of each unit, or of each compound by its unit; NaN where nothing is rated."""

    observed: Ints
    expected: Floats
    relative_risk: Floats
    p_red: Floats
    p_amber: Floats
    tail: Floats
    full_shrinkage: Flags

    def at_compounds(self, rated: Units, own: Ints) -> "_Figures":
        """Each compound with the figures of its unit; an unrated one with its ``own`` count."""

        def spread(values: Floats) -> Floats:
            return np.append(values, np.nan)[rated.row]

        return _Figures(
            np.where(rated.row < 0, own, np.append(self.observed, 0)[rated.row]),
            spread(self.expected),
            spread(self.relative_risk),
            spread(self.p_red),
            spread(self.p_amber),
            spread(self.tail),
            np.append(self.full_shrinkage, np.False_)[rated.row],
        )


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
    rated = units.form(inputs, by_month, rules)
    own = inputs.counted_counts(rules).sum(axis=1)
    o = rated.sums(own).astype(np.int64)
    e = rated.sums(by_month.sum(axis=1))
    unit_group = group[rated.first]
    fitted = dict(priors) if priors else fit_priors(o, e, unit_group, rules=rules)
    figures = _figures(o, e, unit_group, fitted, rules).at_compounds(rated, own)
    base, colour = _colours(figures, inputs, rated, rules)
    frame = pd.DataFrame(
        {
            "colour": colour,
            "observed": figures.observed,
            "expected": figures.expected,
            "relative_risk": figures.relative_risk,
            "p_red": figures.p_red,
            "p_amber": figures.p_amber,
            **_grade(figures, inputs, by_month, fitted, rules),
            **_explain(figures, base, colour, inputs, rated, rules),
        },
        index=inputs.compounds.index,
        copy=False,
    )
    return Ratings(frame, fitted, reference)


def fit_priors(
    observed: Ints, expected_: Floats, peer_group: Words, *, rules: RatingRules
) -> dict[str, Prior]:
    """One prior per peer group, and ``*`` for groups with too few units for one of their own."""
    priors = {POOLED: shrinkage.fit(observed, expected_)}
    for group in np.unique(peer_group).tolist():
        own = peer_group == group
        enough = int(own.sum()) >= rules.peer_min_compounds
        priors[group] = shrinkage.fit(observed[own], expected_[own]) if enough else priors[POOLED]
    return priors


def _figures(
    observed: Ints,
    expected_: Floats,
    peer_group: Words,
    priors: Mapping[str, Prior],
    rules: RatingRules,
) -> _Figures:
    """Shrunk ratio, both probabilities and the lower tail of each unit."""
    ratio, p_red, p_amber, tail = (np.full(len(observed), np.nan) for _ in range(4))
    full = np.zeros(len(observed), dtype=np.bool_)
    for group in np.unique(peer_group).tolist():
        own = peer_group == group
        o, e, prior = observed[own], expected_[own], priors.get(group, priors[POOLED])
        shape, per = shrinkage.posterior(o, e, prior)
        ratio[own] = shape / per
        p_red[own] = shrinkage.exceedance(shape, per, cut=rules.red_relative_risk)
        p_amber[own] = shrinkage.exceedance(shape, per, cut=rules.amber_relative_risk)
        tail[own] = shrinkage.lower_tail(o, e, prior)
        full[own] = prior.full_shrinkage
    return _Figures(observed, expected_, ratio, p_red, p_amber, tail, full)


def _colours(
    figures: _Figures, inputs: Inputs, rated: Units, rules: RatingRules
) -> tuple[Words, Words]:
    """Colours by figures and hysteresis, and the same after severe events."""
    previous = [colour or "" for colour in inputs.compounds["previous_colour"].tolist()]
    judged = colours.colours(
        figures.p_red,
        figures.p_amber,
        observed=figures.observed,
        together=rated.members_at > 1,
        previous=np.array(previous, dtype=np.str_),
        rules=rules,
    )
    base = np.where(np.isnan(figures.expected), UNRATED, judged)
    severe = inputs.compounds["severe"].tolist()
    events = [len(text.split(",")) if text else 0 for text in severe]
    return base, colours.lifted(base, np.array(events, dtype=np.int64), rules=rules)


def _grade(
    figures: _Figures,
    inputs: Inputs,
    by_month: Floats,
    priors: Mapping[str, Prior],
    rules: RatingRules,
) -> dict[str, object]:
    """Columns low_count, quality and quality_notes."""
    compounds = inputs.compounds
    low = figures.tail < rules.low_count_tail
    known = np.isnan(inputs.households) | (inputs.households > 0)
    notes = {
        quality.FEW_HOUSEHOLDS: ~(compounds["households"].to_numpy() >= rules.min_households),
        quality.STALE_HOUSEHOLDS: exposure.out_of_date(
            compounds["households_as_of"].to_numpy(dtype="datetime64[D]"),
            as_of=inputs.as_of,
            months=rules.stale_households_months,
        ),
        quality.REPORTING_GAP: _gaps(inputs, by_month, priors, rules),
        quality.SHORT_WINDOW: known.sum(axis=1) < rules.window_months,
        quality.LOW_COUNT: low,
    }
    return {
        "low_count": low,
        "quality": quality.grades(notes),
        "quality_notes": quality.noted(notes),
    }


def _gaps(
    inputs: Inputs, by_month: Floats, priors: Mapping[str, Prior], rules: RatingRules
) -> Flags:
    """Compounds that, or whose community, or whose whole district fell silent implausibly."""
    frame, everybody = inputs.compounds, priors[POOLED]
    own = [priors.get(group, everybody) for group in frame["peer_group"].tolist()]
    nu, alpha = np.array([p.nu for p in own]), np.array([p.alpha for p in own])
    fell_silent = partial(
        quality.implausible_silence,
        min_months=rules.reporting_gap_months,
        tail=rules.low_count_tail,
    )
    silent = fell_silent(inputs.monthly, by_month, nu=nu, alpha=alpha)
    for label in (frame["area_code"].to_numpy(dtype=np.str_), np.zeros(len(frame))):
        counts, row = quality.summed(inputs.monthly, label)
        awaited, _ = quality.summed(by_month, label)
        nu, alpha = np.array([everybody.nu]), np.array([everybody.alpha])
        silent |= fell_silent(counts, awaited, nu=nu, alpha=alpha)[row]
    return silent


def _explain(
    figures: _Figures,
    base: Words,
    colour: Words,
    inputs: Inputs,
    rated: Units,
    rules: RatingRules,
) -> dict[str, object]:
    """Columns lifted_by, rated_with and the two reasons."""
    compounds = inputs.compounds
    codes, severe = compounds["code"].tolist(), compounds["severe"].tolist()
    members = rated.members_at.tolist()
    columns = (
        colour.tolist(),
        base.tolist(),
        compounds["previous_colour"].tolist(),
        compounds["peer_group"].tolist(),
        compounds["households"].tolist(),
        [len(inputs.months)] * len(codes),
        figures.observed.tolist(),
        figures.expected.tolist(),
        figures.relative_risk.tolist(),
        figures.p_red.tolist(),
        figures.p_amber.tolist(),
        members,
        figures.full_shrinkage.tolist(),
        rated.unrated.tolist(),
    )
    verdicts = [reasons.Verdict(*values) for values in zip(*columns, strict=True)]
    heads = zip(rated.head_at.tolist(), members, strict=True)
    lifted = (colour != base).tolist()
    window = inputs.window
    return {
        "rated_with": _objects(codes[head] if among > 1 else None for head, among in heads),
        "lifted_by": _objects(
            text if up else None for text, up in zip(severe, lifted, strict=True)
        ),
        "reason_zh": [reasons.chinese(one, window=window, rules=rules) for one in verdicts],
        "reason_en": [reasons.english(one, window=window, rules=rules) for one in verdicts],
    }


def _objects(values: Iterable[str | None]) -> "pd.Series[Any]":
    """Text or None, kept as it is: pandas would make None a NaN."""
    return pd.Series(list(values), dtype=object)
