"""What a plan of video points is asked for, and how finely it is then looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A place where a point could hang (a pole); without ``direction_deg`` it may look anywhere."""

    lon: float
    lat: float
    name: str = ""
    direction_deg: float | None = None


@dataclass(frozen=True)
class Footfall:
    """A place where passers-by were counted: so many a day."""

    lon: float
    lat: float
    per_day: float


@dataclass(frozen=True)
class Ask:
    """One ``compound``, or the compounds of an area; a ``budget`` of points, or a ``target`` share
    of the public ground, which goes before it. ``every_deg``: between the directions looked at.
    """

    compound: str | None = None
    area_prefix: str = ""
    budget: int = 5
    target: float | None = None
    every_deg: float | None = None
    candidates: tuple[Candidate, ...] = ()
    footfall: tuple[Footfall, ...] = ()


@dataclass(frozen=True)
class Grain:
    """``spacing_m`` of the samples of ground, ``every_m`` of places along walls beside corners and
    entrances, ``every_deg`` of directions.
    """

    spacing_m: float
    every_m: float
    every_deg: float


FEW = 30  # compounds: a community
_COMPOUND, _COMMUNITY, _DISTRICT = (
    Grain(2.0, 8.0, 45.0), Grain(4.0, 16.0, 45.0), Grain(6.0, 1e6, 90.0)
)  # fmt: skip


def grain(ask: Ask, compounds: int) -> Grain:
    """The more compounds, the coarser, so that a district can be planned in minutes."""
    found = _COMPOUND if compounds == 1 else _COMMUNITY if compounds <= FEW else _DISTRICT
    return Grain(found.spacing_m, found.every_m, ask.every_deg or found.every_deg)
