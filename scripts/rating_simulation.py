"""Simulation of the rating rule against simpler ones: the truth is drawn, so errors can be counted.

``python scripts/rating_simulation.py`` prints the table of docs/methods/safety.md; the
rules are those of the built-in policy, the store is not read.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gis import policy
from gis.arrays import Flags, Floats, Ints, Words
from gis.safety import colours, shrinkage
from gis.safety.rules import GREEN, RED, YELLOW, RatingRules

Rule = Callable[[Ints, Floats, Words], Words]

QUARTERS_PER_YEAR = 4
POLICY = Path(__file__).parents[1] / "data" / "reference" / "policy.toml"


@dataclass(frozen=True)
class World:
    """The district that is drawn.

    ``nu`` and ``alpha`` shape the true relative risks, ``moves_per_year`` is the share of
    compounds whose risk is drawn anew each year, ``rate`` the incidents per household and year;
    households are log-normal with ``households_log_sd``, cut to 50 to 5,000.
    """

    compounds: int = 5_000
    years: int = 6
    nu: float = 2.943
    alpha: float = 2.896
    moves_per_year: float = 0.05
    rate: float = 0.006
    households_median: float = 300.0
    households_log_sd: float = 0.8


def compare(
    rules: RatingRules, *, rng: np.random.Generator, world: World | None = None
) -> pd.DataFrame:
    """Rate one drawn district quarter by quarter under several rules.

    Returns
    -------
    DataFrame
        One row per rule. ``flips_per_year``: share of compounds whose colour differs from that of a
        year before. ``changes_per_year``: colour changes from quarter to quarter per compound and
        year. ``red_right``: share of reds whose true relative risk over the window exceeds the red
        multiple. ``red_found``: share of those that are red, ``missed``: that are green.
        ``green_wrong``: share of greens that exceed it. ``red``, ``yellow``, ``green``: mean share
        of compounds.
    """
    drawn = _draw(rng, world or World())
    return pd.DataFrame(
        {name: _score(rule, *drawn, rules=rules) for name, rule in _rules(rules).items()}
    ).T.rename_axis("rule")


def _draw(rng: np.random.Generator, world: World) -> tuple[Ints, Floats, Floats]:
    """Counts (n, q), expected (n, q) and true relative risk (n, q) per quarter."""
    n, quarters = world.compounds, world.years * QUARTERS_PER_YEAR
    size = rng.lognormal(np.log(world.households_median), world.households_log_sd, n)
    households = np.clip(np.round(size), 50, 5_000)
    theta = np.empty((n, quarters))
    now = rng.gamma(world.nu, 1 / world.alpha, n)
    for quarter in range(quarters):
        moves = rng.random(n) < 1 - (1 - world.moves_per_year) ** (1 / QUARTERS_PER_YEAR)
        now = np.where(moves, rng.gamma(world.nu, 1 / world.alpha, n), now)
        theta[:, quarter] = now
    per_quarter = households[:, None] * world.rate / QUARTERS_PER_YEAR
    expected = np.repeat(per_quarter, quarters, axis=1)
    return rng.poisson(theta * expected), expected, theta


def _rules(rules: RatingRules) -> dict[str, Rule]:
    """The rules that are compared: counts, expected counts and last colours to colours."""

    def raw_rate(observed: Ints, expected: Floats, previous: Words) -> Words:
        ratio = observed / expected
        limits = [ratio > rules.red_relative_risk, ratio > rules.amber_relative_risk]
        return np.select(limits, [RED, YELLOW], GREEN)

    def percentile(observed: Ints, expected: Floats, previous: Words) -> Words:
        place = pd.Series(observed / expected).rank(method="average", pct=True).to_numpy()
        return np.select([place > 0.85, place > 0.5], [RED, YELLOW], GREEN)

    def shrunk(observed: Ints, expected: Floats, previous: Words) -> Words:
        shape, rate = shrinkage.posterior(observed, expected, shrinkage.fit(observed, expected))
        return colours.colours(
            shrinkage.exceedance(shape, rate, cut=rules.red_relative_risk),
            shrinkage.exceedance(shape, rate, cut=rules.amber_relative_risk),
            observed=observed,
            together=np.zeros(len(observed), dtype=np.bool_),  # none is small
            previous=previous,
            rules=rules,
        )

    def without_memory(observed: Ints, expected: Floats, previous: Words) -> Words:
        return shrunk(observed, expected, np.full_like(previous, ""))

    return {
        "raw rate": raw_rate,
        "percentile": percentile,
        "SAF-1 without hysteresis": without_memory,
        "SAF-1": shrunk,
    }


def _score(
    rule: Rule, counts: Ints, expected: Floats, theta: Floats, *, rules: RatingRules
) -> dict[str, float]:
    """Run one rule over all quarters that have a full window and count its errors."""
    window = rules.window_months // 3
    quarters = counts.shape[1]
    shown: list[Words] = []
    high: list[Flags] = []
    previous: Words = np.full(len(counts), "", dtype="<U6")
    for end in range(window, quarters + 1):
        part = slice(end - window, end)
        previous = rule(counts[:, part].sum(axis=1), expected[:, part].sum(axis=1), previous)
        shown.append(previous)
        high.append(theta[:, part].mean(axis=1) > rules.red_relative_risk)
    return _errors(np.stack(shown, axis=1), np.stack(high, axis=1))


def _errors(shown: Words, high: Flags) -> dict[str, float]:
    """Figures of `compare` from colours and truth, both (n, quarters rated)."""
    red, green = shown == RED, shown == GREEN
    year = QUARTERS_PER_YEAR
    return {
        "flips_per_year": float((shown[:, year:] != shown[:, :-year]).mean()),
        "changes_per_year": float((shown[:, 1:] != shown[:, :-1]).mean() * year),
        "red_right": float(high[red].mean()),
        "red_found": float(red[high].mean()),
        "missed": float(green[high].mean()),
        "green_wrong": float(high[green].mean()),
        "red": float(red.mean()),
        "yellow": float((shown == YELLOW).mean()),
        "green": float(green.mean()),
    }


def built_in_rules() -> RatingRules:
    """The rules of the built-in policy."""
    terms = policy.load(POLICY)
    return RatingRules.of(terms)


if __name__ == "__main__":
    found = compare(built_in_rules(), rng=np.random.default_rng(1))
    sys.stdout.write(found.round(2).to_string() + "\n")
