"""How far a rating's data can be trusted: grade A, B or C, and the reasons for it."""

from itertools import compress

import numpy as np
from numpy.typing import NDArray

from gis.arrays import Flags, Floats, Ints, Words

FEW_HOUSEHOLDS = "few_households"
STALE_HOUSEHOLDS = "stale_households"
REPORTING_GAP = "reporting_gap"
SHORT_WINDOW = "short_window"
LOW_COUNT = "low_count"
NOTES = (FEW_HOUSEHOLDS, STALE_HOUSEHOLDS, REPORTING_GAP, SHORT_WINDOW, LOW_COUNT)


def grades(notes: dict[str, Flags]) -> Words:
    """A without a note, B with one, C with two or more; a reporting gap alone is a C.

    A gap says that incidents are missing from the count itself, and no statistics repairs that.
    """
    how_many = np.sum([notes[note] for note in NOTES], axis=0)
    poor = (how_many >= 2) | notes[REPORTING_GAP]
    return np.select([poor, how_many == 1], ["C", "B"], "A")


def noted(notes: dict[str, Flags]) -> list[str]:
    """The notes of each compound, joined by ``, `` in a fixed order."""
    held = zip(*(notes[note].tolist() for note in NOTES), strict=True)
    return [", ".join(compress(NOTES, row)) for row in held]


def silent_run(monthly: Ints | Floats, expected: Floats) -> tuple[Ints, Floats]:
    """Longest silence of each row: months without an incident, and what was expected in them.

    Parameters
    ----------
    monthly, expected : (n, m)
        Counted and expected incidents per month, in the order of time. Of several silences
        the one in which most was expected is returned.
    """
    months = np.zeros(len(monthly), dtype=np.int64)
    mass = np.zeros(len(monthly))
    most_months, most_mass = months.copy(), mass.copy()
    for column in range(monthly.shape[1]):
        quiet = monthly[:, column] == 0
        months = np.where(quiet, months + 1, 0)
        mass = np.where(quiet, mass + expected[:, column], 0.0)
        longer = mass > most_mass
        most_months = np.where(longer, months, most_months)
        most_mass = np.where(longer, mass, most_mass)
    return most_months, most_mass


def implausible_silence(
    monthly: Ints | Floats,
    expected: Floats,
    *,
    nu: Floats,
    alpha: Floats,
    min_months: int,
    tail: float,
) -> Flags:
    """Rows silent for ``min_months`` or longer, although their own incidence speaks against it.

    The other months give the relative risk, Gamma(nu + O, alpha + E outside the silence); the
    chance of no incident where e was expected is then (b / (b + e)) ** a. It is multiplied by the
    number of months in which such a silence could have begun (Bonferroni) and held against
    ``tail``.
    """
    months, mass = silent_run(monthly, expected)
    shape = nu + monthly.sum(axis=1)
    rate = alpha + expected.sum(axis=1) - mass
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = monthly.shape[1] * np.exp(-shape * np.log1p(mass / rate))
    return np.asarray((months >= min_months) & (rate > 0) & (chance < tail), dtype=np.bool_)


def summed(table: NDArray[np.generic], label: NDArray[np.generic]) -> tuple[Floats, Ints]:
    """Rows of ``table`` (n, m) added up by label; also the row of the sum that each row went to."""
    names, row = np.unique(label, return_inverse=True)
    columns = [np.bincount(row, weights=column, minlength=len(names)) for column in table.T]
    return np.column_stack(columns).astype(np.float64), row.astype(np.int64)
