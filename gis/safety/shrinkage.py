"""Empirical-Bayes shrinkage of counts: Poisson counts, Gamma relative risks, nothing else.

O ~ Poisson(theta E), theta ~ Gamma(shape nu, rate alpha); so O is negative binomial and the
posterior of theta is Gamma(nu + O, alpha + E). Clayton & Kaldor (1987), Biometrics 43, 671-681;
moment start: Marshall (1991), Applied Statistics 40, 283-294.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import optimize, special

from gis.arrays import Floats, Ints

# Above this shape the prior's coefficient of variation is below 1 %: the units do not differ.
LARGEST_SHAPE = 1e4


@dataclass(frozen=True)
class Prior:
    """Gamma distribution of the relative risk in one peer group.

    ``full_shrinkage`` means that the units show no difference beyond chance: every unit then has
    the pooled rate, whose posterior is Gamma(nu, alpha) with nu = sum O and alpha = sum E.
    """

    nu: float
    alpha: float
    full_shrinkage: bool = False
    units: int = 0


@dataclass(frozen=True)
class Moments:
    """Marshall's global estimator: ``mean`` b and ``variance`` a of the rate (a may be <= 0)."""

    mean: float
    variance: float


def moments(observed: Ints, expected: Floats) -> Moments:
    """Mean and between-unit variance of ``observed / expected``, weighted by ``expected`` (> 0)."""
    total = expected.sum()
    mean = observed.sum() / total
    spread = (expected * (observed / expected - mean) ** 2).sum() / total
    return Moments(float(mean), float(spread - mean / expected.mean()))


def fit(observed: Ints, expected: Floats) -> Prior:
    """Maximum-likelihood prior of one peer group.

    Parameters
    ----------
    observed : (n,) int
        Incidents per unit.
    expected : (n,) float
        Expected incidents per unit; units with 0 carry no information and are left out.

    Returns
    -------
    Prior
        Full shrinkage when Marshall's moment variance is <= 0, when the likelihood has its
        maximum at no variation, or when nothing was observed.
    """
    known = expected > 0
    observed, expected = observed[known], expected[known]
    units = len(observed)
    if units == 0:
        return Prior(0.0, 0.0, full_shrinkage=True)
    start = moments(observed, expected)
    pooled = Prior(float(observed.sum()), float(expected.sum()), True, units)
    if start.variance <= 0 or start.mean <= 0:
        return pooled
    nu, alpha = _maximise(observed, expected, start)
    if nu >= LARGEST_SHAPE:
        return pooled
    return Prior(nu, alpha, False, units)


def _maximise(observed: Ints, expected: Floats, start: Moments) -> tuple[float, float]:
    """Newton's method in a trust region over (log nu, log mean); the moments where it fails.

    Mean and shape are nearly orthogonal, and logarithms make the path independent of units.
    """
    first = np.log([start.mean**2 / start.variance, start.mean])
    likelihood = _Likelihood.of(observed, expected)
    with np.errstate(over="ignore", invalid="ignore"):
        found = optimize.minimize(
            lambda at: -likelihood.value(*_natural(at)),
            first,
            jac=lambda at: -likelihood.slope(*_natural(at)),
            hess=lambda at: -likelihood.curvature(*_natural(at)),
            method="trust-exact",
            options={"gtol": 1e-7},
        )
    nu, alpha = _natural(found.x)
    steepest = np.abs(likelihood.slope(nu, alpha)).max()
    reached = steepest <= 1e-6 * max(1.0, float(observed.sum()))
    return (nu, alpha) if reached or nu >= LARGEST_SHAPE else _natural(first)


def _natural(at: Floats) -> tuple[float, float]:
    """(nu, alpha) of (log nu, log mean); the shape is held inside what doubles can tell."""
    log_nu = float(np.clip(at[0], -20.0, np.log(10 * LARGEST_SHAPE)))
    return float(np.exp(log_nu)), float(np.exp(log_nu - at[1]))


@dataclass(frozen=True)
class _Likelihood:
    """The log-likelihood without its constant, and its derivatives by (log nu, log mean).

    Equal counts share their digamma values: a few hundred terms instead of tens of thousands.
    """

    observed: Ints
    expected: Floats
    values: Ints
    times: Ints

    @classmethod
    def of(cls, observed: Ints, expected: Floats) -> Self:
        return cls(observed, expected, *np.unique(observed, return_counts=True))

    def value(self, nu: float, alpha: float) -> float:
        shape = self.times * (special.gammaln(self.values + nu) - special.gammaln(nu))
        rest = nu * np.log1p(self.expected / alpha) + self.observed * np.log(alpha + self.expected)
        return float(shape.sum() - rest.sum())

    def slope(self, nu: float, alpha: float) -> Floats:
        along_nu, along_alpha = self._first(nu, alpha)
        return np.array([along_nu + along_alpha, -along_alpha])

    def curvature(self, nu: float, alpha: float) -> Floats:
        along_nu, along_alpha = self._first(nu, alpha)
        nn = self.times * (special.polygamma(1, self.values + nu) - special.polygamma(1, nu))
        na = self.expected / (alpha + self.expected)
        aa = (nu + self.observed) * (alpha / (alpha + self.expected)) ** 2 - nu
        both = along_alpha + aa.sum()
        cross = nu * na.sum()
        shape = nu**2 * nn.sum() + along_nu + 2 * cross + both
        return np.array([[shape, -cross - both], [-cross - both, both]])

    def _first(self, nu: float, alpha: float) -> tuple[float, float]:
        """Derivatives by log nu (alpha held) and by log alpha (nu held)."""
        d_nu = (self.times * (special.digamma(self.values + nu) - special.digamma(nu))).sum()
        d_nu -= np.log1p(self.expected / alpha).sum()
        d_alpha = nu - (nu + self.observed) * alpha / (alpha + self.expected)
        return float(nu * d_nu), float(d_alpha.sum())


def posterior(observed: Ints, expected: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Shape and rate (n,) of each unit's relative risk given its count; equal if fully shrunk."""
    own = np.float64(0.0 if prior.full_shrinkage else 1.0)
    return np.asarray(prior.nu + own * observed, dtype=np.float64), prior.alpha + own * expected


def exceedance(shape: Floats, rate: Floats, *, cut: float) -> Floats:
    """P(theta > cut) for theta ~ Gamma(shape, rate); the regularised upper incomplete gamma."""
    upper = special.gammaincc(shape, cut * rate)
    return np.asarray(np.where(shape > 0, upper, 0.0), dtype=np.float64)


def lower_tail(observed: Ints, expected: Floats, prior: Prior) -> Floats:
    """P(count <= observed) before the count is known: the negative binomial's lower tail.

    NaN where nothing is expected. A small value says that the reporting should be checked.
    """
    if prior.nu <= 0:
        return np.full(len(observed), np.nan)
    stays = prior.alpha / (prior.alpha + expected)
    tail = special.betainc(prior.nu, observed + 1.0, stays)
    return np.asarray(np.where(expected > 0, tail, np.nan), dtype=np.float64)


def priors_as_json(priors: Mapping[str, Prior]) -> dict[str, dict[str, Any]]:
    """Plain values for the run record."""
    return {group: dataclasses.asdict(prior) for group, prior in sorted(priors.items())}


def priors_from_json(values: Mapping[str, Mapping[str, Any]]) -> dict[str, Prior]:
    """What `priors_as_json` wrote."""
    return {group: Prior(**prior) for group, prior in values.items()}
