"""Shrinkage against published and hand-worked values, a second optimiser and plain simulation."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from gis.safety.shrinkage import (
    Prior,
    exceedance,
    fit,
    lower_tail,
    moments,
    posterior,
    priors_as_json,
    priors_from_json,
)

SAMPLES = Path(__file__).parents[1] / "samples"
TABLE_PRIOR = Prior(2.943, 2.896)  # docs/methods/safety.md, "The table to check by hand"


def drawn(seed: int, n: int, *, nu: float, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    expected = np.exp(rng.normal(1.0, 0.8, n))
    return rng.poisson(expected * rng.gamma(nu, 1 / alpha, n)), expected


def likelihood(observed, expected, nu, alpha):
    """Logarithm for all units together, by scipy's negative binomial; ``nu`` may be many."""
    nu, alpha = np.asarray(nu)[..., None], np.asarray(alpha)[..., None]
    return stats.nbinom.logpmf(observed, nu, alpha / (alpha + expected)).sum(axis=-1)


@pytest.mark.parametrize(
    ("households", "fewest_for_red", "most_for_green"),
    [
        (50, 5, 0), (100, 6, 1), (200, 8, 2), (300, 10, 3),
        (600, 16, 7), (1200, 28, 14), (2500, 53, 30), (5000, 101, 60),
    ],
)  # fmt: skip
def test_the_table_people_can_check_by_hand(households, fewest_for_red, most_for_green):
    observed = np.arange(150)
    expected = np.full(150, households * 2 * 6 / 1000)  # 24 months, 6 per 1,000 household-years
    shape, rate = posterior(observed, expected, TABLE_PRIOR)
    p_red, p_amber = exceedance(shape, rate, cut=1.5), exceedance(shape, rate, cut=1.0)
    assert observed[p_red >= 0.8].min() == fewest_for_red
    assert observed[(p_amber < 0.5) & (p_red < 0.2)].max() == most_for_green


def test_marshall_by_hand():
    # rates 2/1, 0/1, 4/2: m = 6/4, s2 = (0.25 + 2.25 + 2*0.25)/4 = 0.75, A = 0.75 - 1.5/(4/3)
    found = moments(np.array([2, 0, 4]), np.array([1.0, 1.0, 2.0]))
    assert found.mean == 1.5
    assert found.variance == pytest.approx(0.75 - 1.125)


def test_negative_moment_variance_is_full_shrinkage_to_the_pooled_rate():
    observed, expected = np.array([2, 0, 4]), np.array([1.0, 1.0, 2.0])
    prior = fit(observed, expected)
    assert prior == Prior(6.0, 4.0, full_shrinkage=True, units=3)
    shape, rate = posterior(observed, expected, prior)
    assert (shape / rate).tolist() == [1.5, 1.5, 1.5]


@pytest.mark.parametrize(("seed", "n"), [(8, 30), (2, 300), (3, 5_000)])
def test_the_maximum_agrees_with_a_derivative_free_search_on_scipys_likelihood(seed, n):
    observed, expected = drawn(seed, n, nu=2.943, alpha=2.896)

    def minus(at):
        return -likelihood(observed, expected, *np.exp(at))

    second = optimize.minimize(
        minus, [0, 0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9}
    )
    first = fit(observed, expected)
    assert [first.nu, first.alpha] == pytest.approx(np.exp(second.x), rel=1e-4)
    assert likelihood(observed, expected, first.nu, first.alpha) >= -second.fun - 1e-9


def test_true_parameters_come_back_from_many_units():
    observed, expected = drawn(4, 200_000, nu=2.943, alpha=2.896)
    prior = fit(observed, expected)
    assert prior.nu == pytest.approx(2.943, rel=0.03)
    assert prior.alpha == pytest.approx(2.896, rel=0.03)


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 12),
    shape=st.floats(0.05, 20),
    size=st.floats(1e-3, 1e3),
)
def test_no_parameters_on_a_grid_beat_the_maximum(seed, n, shape, size):
    rng = np.random.default_rng(seed)
    expected = size * rng.uniform(0.01, 5, n)
    observed = rng.poisson(expected * rng.gamma(shape, 1 / shape, n))
    prior = fit(observed, expected)
    if prior.full_shrinkage:
        return
    best = likelihood(observed, expected, prior.nu, prior.alpha)
    nu, mean = np.meshgrid(np.geomspace(1e-3, 1e3, 13), np.geomspace(0.02, 50, 13))
    others = likelihood(observed, expected, nu, nu / mean)
    assert others.max() <= best + 1e-6 * max(1.0, abs(best))


def test_a_likelihood_that_rises_without_end_is_full_shrinkage():
    # Positive moment variance, and yet the likelihood has its maximum at no variation at all.
    rng = np.random.default_rng(43)
    n = int(rng.integers(2, 12))
    expected = rng.uniform(0.01, 5, n)
    observed = rng.poisson(expected * rng.gamma(rng.uniform(0.05, 5), 1, n))
    assert moments(observed, expected).variance > 0
    shapes = np.array([10, 1e3, 1e6])
    assert (np.diff(likelihood(observed, expected, shapes, shapes / 1.39)) > 0).all()
    assert fit(observed, expected).full_shrinkage


def test_the_unit_of_exposure_does_not_matter():
    observed, expected = drawn(5, 400, nu=1.2, alpha=0.9)
    one, other = fit(observed, expected), fit(observed, expected * 12_000)
    assert other.nu == pytest.approx(one.nu, rel=1e-6)
    assert other.alpha == pytest.approx(one.alpha * 12_000, rel=1e-6)


def test_nothing_observed_and_nothing_expected():
    for expected in (np.ones(3), np.zeros(3)):
        nothing = fit(np.zeros(3, dtype=np.int64), expected)
        assert nothing.full_shrinkage
        shape, rate = posterior(np.zeros(3, dtype=np.int64), expected, nothing)
        assert exceedance(shape, rate, cut=1.0).tolist() == [0, 0, 0]
    assert fit(np.array([], dtype=np.int64), np.array([])).units == 0


def test_probabilities_agree_with_draws():
    rng = np.random.default_rng(6)
    theta = rng.gamma(2.943, 1 / 2.896, 4_000_000)
    kept = theta[rng.poisson(theta * 3.6) == 7]  # Bayes by rejection: only the draws that gave 7
    shape, rate = posterior(np.array([7]), np.array([3.6]), TABLE_PRIOR)
    for cut in (1.0, 1.5):
        error = 4 * 0.5 / np.sqrt(len(kept))
        assert exceedance(shape, rate, cut=cut)[0] == pytest.approx((kept > cut).mean(), abs=error)
    assert shape[0] / rate[0] == pytest.approx(kept.mean(), rel=0.01)


def test_lower_tail_is_the_negative_binomial():
    observed, expected = drawn(7, 50, nu=2.0, alpha=2.0)
    wanted = stats.nbinom.cdf(observed, 2.943, 2.896 / (2.896 + expected))
    assert lower_tail(observed, expected, TABLE_PRIOR) == pytest.approx(wanted, rel=1e-12)
    assert np.isnan(lower_tail(np.array([0]), np.array([0.0]), TABLE_PRIOR)).all()


def test_priors_survive_json():
    priors = {"old": Prior(1.1, 0.9, False, 7), "*": Prior(3.0, 4.0, True, 9)}
    assert priors_from_json(priors_as_json(priors)) == priors


def test_marshalls_estimator_of_auckland():
    """As spdep's help for EBest prints it: a = 7.284173e-07, b = 0.002633436."""
    found = moments(*auckland())
    assert found.variance == pytest.approx(7.284173e-07, abs=5e-14)
    assert found.mean == pytest.approx(0.002633436, abs=5e-10)


def test_the_maximum_of_auckland():
    """Bailey & Gatrell (1995) print 11.55 and 4336; two digits more are known by now."""
    prior = fit(*auckland())
    assert prior.nu == pytest.approx(11.5525, abs=5e-5)
    assert prior.alpha == pytest.approx(4335.71, abs=5e-3)
    assert prior.units == 167


def auckland() -> tuple[np.ndarray, np.ndarray]:
    """Deaths in nine years and child-years at risk of 167 census areas."""
    deaths, children = np.loadtxt(
        SAMPLES / "auckland.csv", dtype=np.int64, delimiter=",", skiprows=1, unpack=True
    )
    assert deaths.sum() == 1_403
    return deaths, 9.0 * children


@pytest.fixture(scope="module")
def sids() -> tuple[np.ndarray, np.ndarray, list[str], Path]:
    """Deaths and births of North Carolina's counties 1974-78; libpysal's wheel carries them."""
    import libpysal

    folder = Path(libpysal.__file__).parent / "examples" / "sids2"
    counties = pyogrio.read_dataframe(folder / "sids2.dbf", read_geometry=False)
    births = counties["BIR74"].to_numpy(np.float64)
    return counties["SID74"].to_numpy(np.int64), births, list(counties["FIPS"]), folder


@pytest.mark.filterwarnings("ignore")  # esda's and libpysal's own deprecations
def test_marshall_agrees_with_esda_on_sids(sids):
    from esda import smoothing

    deaths, births, _, _ = sids
    found = moments(deaths, births)
    weight = found.variance / (found.variance + found.mean / births)
    ours = found.mean + weight * (deaths / births - found.mean)
    theirs = np.asarray(smoothing.Empirical_Bayes(deaths, births).r).ravel()
    assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_eb_moran_of_sids_agrees_with_esda(sids):
    """Our moments and the bare neighbour list against esda's own way (weights style B)."""
    import esda
    import libpysal

    deaths, births, _, folder = sids
    path = folder / "sids2.gal"
    lines = [line.split() for line in path.read_text().splitlines()][1:]
    ours = eb_moran(deaths, births, neighbour_pairs(path, [head[0] for head in lines[::2]]))
    with closing(libpysal.io.open(str(path))) as file:
        weights = file.read()
    theirs = esda.Moran_Rate(deaths, births, weights, transformation="B", permutations=0)
    assert ours == pytest.approx(theirs.I, rel=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_eb_moran_of_sids_is_the_one_that_spdep_prints(sids):
    """spdep's help for EBImoran.mc: 0.25789, Cressie & Chan's neighbours, style B, zero.policy.

    Two counties have no neighbour; they count among the 100, as spdep's zero.policy does.
    """
    import esda
    import libpysal

    deaths, births, fips, _ = sids
    pairs = neighbour_pairs(SAMPLES / "ncCC89.gal", fips)
    assert eb_moran(deaths, births, pairs) == pytest.approx(0.25789, abs=5e-6)
    others = {row: [j for i, j in pairs if i == row] for row in range(len(fips))}
    weights = libpysal.weights.W(others, silence_warnings=True)
    theirs = esda.Moran_Rate(deaths, births, weights, transformation="B", permutations=0).I
    assert theirs == pytest.approx(0.25789, abs=5e-6)


def eb_moran(deaths: np.ndarray, births: np.ndarray, pairs: list[tuple[int, int]]) -> float:
    """Assunção & Reis (1999): Moran's I of rates standardised by Marshall's moments."""
    found = moments(deaths, births)
    z = (deaths / births - found.mean) / np.sqrt(found.variance + found.mean / births)
    z -= z.mean()
    return float(len(z) / len(pairs) * sum(z[i] * z[j] for i, j in pairs) / (z @ z))


def neighbour_pairs(path: Path, names: list[str]) -> list[tuple[int, int]]:
    """Directed pairs of a GAL file: a line 'id count', then a line with the neighbours' ids."""
    lines = [line.split() for line in path.read_text().splitlines()][1:]
    row = {name: at for at, name in enumerate(names)}
    return [
        (row[head[0]], row[other])
        for head, others in zip(lines[::2], lines[1::2], strict=True)
        for other in others
    ]
