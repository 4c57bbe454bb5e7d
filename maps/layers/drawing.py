"""How one layer of the registry is drawn and what its details show first."""

from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True)
class Drawing:
    """Drawing of one layer.

    ``opacity`` of the fill; ``weight`` of outlines, pixels; ``marks``: areas carry the shape of
    their class from zoom ``marks_from``; ``names_from``: zoom from which names are written;
    ``lead``: columns shown large in the details; ``caption``: column written beside the mark where
    it is above zero, with the words before it; ``size_by``: column whose value sets the area of a
    circle; ``note``: a line under the legend.
    """

    name: str
    group: Pair
    opacity: float = 0.62
    weight: float = 1.0
    marks: bool = True
    marks_from: int = 0
    names_from: int = 16
    lead: tuple[str, ...] = ()
    caption: tuple[str, str, str] | None = None
    size_by: str | None = None
    note: Pair | None = None


@dataclass(frozen=True)
class Sheet:
    """One page: its layers from bottom to top with whether each is shown at first.

    ``planning``: points can be drawn on it; ``buildings``: footprints lie below its layers.
    """

    name: str
    layers: tuple[tuple[str, bool], ...]
    planning: bool = False
    buildings: bool = False
