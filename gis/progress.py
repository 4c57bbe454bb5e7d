"""How far a work is: said by whoever does it; whoever hears it may end the work at that moment."""

from typing import Protocol


class Say(Protocol):
    """Takes how far the work is (0 to 1) and what it is at; raises Stopped when it is to end."""

    def __call__(self, share: float, zh: str, en: str) -> None:
        """Say it."""


def unheard(share: float, zh: str, en: str) -> None:
    """For work that nobody follows: it goes on to its end."""


def part(say: Say, begin: float, end: float) -> Say:
    """For a part of the work, whose own 0 to 1 are ``begin`` to ``end`` of the whole.

    >>> part(lambda share, zh, en: print(share, en), 0.5, 0.75)(0.5, "视野", "views")
    0.625 views
    """

    def said(share: float, zh: str, en: str) -> None:
        say(begin + (end - begin) * share, zh, en)

    return said
