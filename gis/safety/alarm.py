"""Change alarm of a compound (SAF-ALARM): a Poisson CUSUM over its incidents by month.

It says that a place has more incidents than are usual *there*, beside the colour, which it never
feeds. Lucas (1985), Technometrics 27, 129-144; run lengths by the Markov chain of Brook & Evans
(1972), Biometrika 59, 539-549.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

import numpy as np
from scipy import sparse, special
from scipy.sparse.linalg import spsolve

from gis.arrays import Floats, Ints
from gis.safety.rules import AlarmRules
from gis.safety.shrinkage import Prior, posterior

_CLOSE = 5e-3  # how far the reference value may be rounded, as a share of it
_NEVER = 1e-12  # a chance of one month that is taken for none


@dataclass(frozen=True)
class Chart:
    """Reference value k and threshold h, both in ``steps`` to the incident: sums are whole numbers.

    Every month adds its incidents less k; a sum below 0 is 0, one of h or more is an alarm.
    """

    steps: int
    k_steps: int
    h_steps: int

    @property
    def k(self) -> float:
        """Incidents a month that leave the sum as it is."""
        return self.k_steps / self.steps

    @property
    def h(self) -> float:
        """Incidents above k that are an alarm."""
        return self.h_steps / self.steps


@dataclass(frozen=True)
class Alarm:
    """More incidents than usual from the month ``since`` to the month ``last``, both included.

    ``usual`` incidents are due in those months; ``above`` is the sum that reached ``chart.h``.
    """

    since: date
    last: date
    months: int
    observed: int
    usual: float
    above: float
    chart: Chart


def reference_value(usual: float, *, shift: float) -> float:
    """k = (λ1 - λ0) / ln(λ1 / λ0) for the usual rate λ0 a month and λ1, ``shift`` times as high."""
    return usual * (shift - 1.0) / math.log(shift)


def months_to_alarm(usual: float, chart: Chart) -> float:
    """Average run length: months to the first alarm where ``usual`` incidents happen a month.

    The sum is a Markov chain on 0 to h - 1 steps, and the mean times of absorption t from each of
    them solve (I - P) t = 1. Infinite where an alarm is out of the question.
    """
    k, h, steps = chart.k_steps, chart.h_steps, chart.steps
    if special.pdtrc(k // steps, usual) < _NEVER:  # more than k: without it no sum ever rises
        return math.inf
    incidents = np.arange((h + k) // steps + 1)
    reached = np.maximum(np.arange(h)[:, None] + incidents * steps - k, 0)
    state, times = np.nonzero(reached < h)
    chance = _poisson(incidents, usual)[times]
    moves = sparse.coo_array((chance, (state, reached[state, times])), shape=(h, h))
    left = (sparse.eye_array(h) - moves).tocsc()
    return float(spsolve(left, np.ones(h))[0])


def _poisson(incidents: Ints, usual: float) -> Floats:
    """Chance of each count; `scipy.stats` says the same, and takes a second to load."""
    logarithm = special.xlogy(incidents, usual) - special.gammaln(incidents + 1) - usual
    return np.asarray(np.exp(logarithm))


def chart_for(usual: float, rules: AlarmRules) -> Chart:
    """The chart with the lowest threshold that gives no more false alarms than the rules allow."""
    rate = max(usual, rules.least_usual)
    k = reference_value(rate, shift=rules.shift)
    steps = next(steps for steps in count(1) if abs(round(k * steps) / steps - k) <= _CLOSE * k)

    def lasts(h_steps: int) -> float:
        return months_to_alarm(rate, Chart(steps, round(k * steps), h_steps))

    low, high = 1, steps
    while lasts(high) < rules.false_alarm_months:
        low, high = high, 2 * high
    lowest = low + bisect_left(range(low, high), rules.false_alarm_months, key=lasts)
    return Chart(steps, round(k * steps), lowest)


def sums(monthly: Ints, chart: Chart) -> Ints:
    """Sum of every row (n, m) after each month, in steps of ``chart``, beginning at 0."""
    above = np.zeros((monthly.shape[0], monthly.shape[1] + 1), dtype=np.int64)
    for month in range(monthly.shape[1]):
        added = monthly[:, month] * chart.steps - chart.k_steps
        above[:, month + 1] = np.maximum(above[:, month] + added, 0)
    return above[:, 1:]


def watch(
    monthly: Ints,
    expected: Floats,
    *,
    months: Sequence[date],
    prior: Prior,
    rules: AlarmRules,
) -> Alarm | None:
    """Whether the newest months hold more incidents than the place's months before them.

    Parameters
    ----------
    monthly : (m,) int
        Counted incidents of the place by month.
    expected : (m,) float
        Incidents that the reference rates lead to expect; 0 where the place has no households.
    months : (m,) date
        First day of each month.
    prior : Prior
        Of the relative risk in the place's peer group.

    Returns
    -------
    Alarm or None
        None without an alarm that stands in the last month, and where too few months are known.
        What is usual is the expected number times the relative risk of the months before, shrunken
        as in the rating; under full shrinkage the place's own risk where that is higher.
    """
    before = len(months) - rules.watch_months
    known = expected > 0
    if known[: max(before, 0)].sum() < rules.baseline_months or not known[before:].all():
        return None
    shape, rate = posterior(
        monthly[:before].sum(keepdims=True), expected[:before].sum(keepdims=True), prior
    )
    risk = float((shape / rate)[0])
    if prior.full_shrinkage:  # the group's level says nothing of a place that is always above it
        risk = max(risk, float(monthly[:before].sum() / expected[:before].sum()))
    usual = expected[before:] * risk
    chart = chart_for(float(usual.mean()), rules)
    above = sums(monthly[None, before:], chart)[0]
    if above[-1] < chart.h_steps:
        return None
    first = int(np.append(np.flatnonzero(above == 0) + 1, 0).max())
    return Alarm(
        since=months[before + first],
        last=months[-1],
        months=rules.watch_months - first,
        observed=int(monthly[before + first :].sum()),
        usual=float(usual[first:].sum()),
        above=float(above[-1] / chart.steps),
        chart=chart,
    )
