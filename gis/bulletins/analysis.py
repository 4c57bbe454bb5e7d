"""Counts as they may be published: small ones are not, nor is what would give them away; pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """Counts by kind, largest first, the rest together (None: withheld), and the total likewise."""

    kinds: dict[str, int]
    rest: int | None
    total: int | None


def published_counts(counts: Mapping[str, int], *, listed: int, below: int) -> Shown:
    """Which of ``counts`` may stand on an open page.

    A count under ``below`` is never shown by itself: such kinds are summed into ``rest``, which is
    shown only when no single count follows from it, that is when it reaches ``below`` and is not
    the most that so many small kinds can have. ``listed`` is the length of the closed list of
    kinds, which every reader knows. Without the rest the total is withheld too, for the difference
    would be the rest. Kinds that did not occur are not told apart from rare ones. Equal counts go
    by name.
    """
    large = {kind: times for kind, times in counts.items() if times >= below}
    kinds = dict(sorted(large.items(), key=lambda one: (-one[1], one[0])))
    small = sum(times for times in counts.values() if times < below)
    most = (listed - len(large)) * (below - 1)
    if small and (small < below or small == most):
        return Shown(kinds, None, None)
    return Shown(kinds, small, sum(kinds.values()) + small)
