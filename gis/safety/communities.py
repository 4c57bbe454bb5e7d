"""SAF-3: which communities count as safe, and whether enough of them do."""

from dataclasses import dataclass

import pandas as pd

from gis.arrays import Words
from gis.safety.rules import GREEN, RED, UNRATED, RatingRules


@dataclass(frozen=True)
class SafeCommunities:
    """Shares are of the communities with a rated compound; None when there is none."""

    communities: int
    safe: int
    demonstration: int
    safe_share: float | None
    demonstration_share: float | None
    met: bool | None


def safe_communities(colour: Words, area_code: Words, *, rules: RatingRules) -> SafeCommunities:
    """Count safe and demonstration communities from the colours of their compounds.

    Parameters
    ----------
    colour, area_code : (n,) str
        Colour and community of each compound; unrated compounds do not speak.

    Notes
    -----
    The rule names the two shares and no test for a single community. Our reading: safe is a
    community without a red compound, demonstration one whose rated compounds are all green.
    """
    rated = pd.DataFrame({"colour": colour, "area": area_code})[colour != UNRATED]
    safe = ~(rated["colour"] == RED).groupby(rated["area"]).any()
    shown = (rated["colour"] == GREEN).groupby(rated["area"]).all()
    total = len(safe)
    if total == 0:
        return SafeCommunities(0, 0, 0, None, None, None)
    safe_share, shown_share = float(safe.mean()), float(shown.mean())
    met = safe_share >= rules.safe_share and shown_share >= rules.demonstration_share
    return SafeCommunities(total, int(safe.sum()), int(shown.sum()), safe_share, shown_share, met)
