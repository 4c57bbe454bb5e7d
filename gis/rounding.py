"""Figures in words that never contradict the threshold they were held against."""

import math

_NOISE = 1e-6  # of the last digit shown: 100 * 0.29 is a little below 29 in binary


def floored(value: float, digits: int) -> float:
    """``value`` rounded down; NaN stays.

    97.96 held against 98 reads as 97.9, never as 98.0: below the limit before and after. What
    reaches a limit of no more than ``digits`` decimals still reaches it.
    """
    step = 10**digits
    return value if math.isnan(value) else math.floor(value * step + _NOISE) / step


def raised(value: float, digits: int) -> float:
    """``value`` rounded up; NaN stays. What is missing never reads as nothing."""
    return -floored(-value, digits)
