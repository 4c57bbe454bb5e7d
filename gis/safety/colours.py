"""From probabilities to colours: thresholds, hysteresis, the lift by severe events."""

import numpy as np

from gis.arrays import Flags, Floats, Ints, Words
from gis.safety.rules import GREEN, RED, UNRATED, YELLOW, RatingRules


def colours(
    p_red: Floats, p_amber: Floats, *,
    observed: Ints, together: Flags, previous: Words, rules: RatingRules,
) -> Words:  # fmt: skip
    """Colour of each compound, given last quarter's.

    Parameters
    ----------
    p_red, p_amber : (n,) float
        Probability that the relative risk exceeds the red and the amber multiple.
    observed : (n,) int
        Counted incidents; below ``red_min_incidents`` nothing is red.
    together : (n,) bool
        Too small to be rated alone: below ``red_min_incidents`` not even yellow.
    previous : (n,) str
        Rated colour of the quarter before; anything else than a colour means none.

    Notes
    -----
    Red leads to green only through yellow: a compound that was red is never green. What was green
    or yellow must cross a wider band to change than a compound that is rated for the first time.
    """
    enough = observed >= rules.red_min_incidents
    enters_red = (p_red >= rules.red_enter) & enough
    stays_red = (p_red >= rules.red_leave) & enough
    clear = (p_amber < rules.green_max_amber) & (p_red < rules.green_max_red)
    leaves_green = (p_red >= rules.green_to_yellow_red) | (p_amber >= rules.green_to_yellow_amber)
    cleared = (p_red < rules.yellow_to_green_red) & (p_amber < rules.yellow_to_green_amber)
    was_green, was_yellow, was_red = (previous == colour for colour in (GREEN, YELLOW, RED))
    is_red = enters_red | (was_red & stays_red)
    is_green = np.select([was_green, was_yellow, was_red], [~leaves_green, cleared, False], clear)
    is_green |= together & ~enough & ~was_red
    return np.select([is_red, is_green], [RED, GREEN], YELLOW)


def lifted(colour: Words, severe_events: Ints, *, rules: RatingRules) -> Words:
    """Colours after the published severe events of the period; never lowered, unrated stays.

    One event lifts to at least ``severe_lift_colour``, ``severe_lift_red_count`` events to red.
    """
    rated = colour != UNRATED
    one = rated & (severe_events >= 1)
    to_red = rated & (severe_events >= rules.severe_lift_red_count)
    if rules.severe_lift_colour == RED:
        to_red = one
    return np.select([to_red, one & (colour == GREEN)], [RED, YELLOW], colour)
